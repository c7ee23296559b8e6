"""Leads for the demo: believable, endless, and now and then awkward on purpose.

Every number lies in a range that its country keeps for films and examples, so that none of
them belongs to anybody.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

OPENING = 12
"""Leads posted at once, so that there is something to look at."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One request to send."""

    body: bytes
    story: str
    """What it plays, for the line that the demo prints: `new`, `again`, `retry` or `refused`."""
    pause: float
    """How long to wait before it, as a share of the usual time between two leads."""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Country:
    weight: int
    given: str
    family: str
    mobile: Callable[[random.Random], str]
    landline: Callable[[random.Random], str] | None = None


def _range(*starts: str, digits: int) -> Callable[[random.Random], str]:
    """Numbers that begin with one of `starts` and go on with so many digits."""

    def pick(dice: random.Random) -> str:
        return dice.choice(starts) + f"{dice.randrange(10**digits):0{digits}}"

    return pick


_US = (
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 239 240 "
    "248 251 252 253 254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 "
    "313 314 315 316 317 318 319 320 321 323 325 330 334 336 337 347 351 352 360 361 386 401 402 "
    "404 405 406 407 408 409 410 412 413 414 415 417 419 423 424 425 432 434 435 440 443 469 478 "
    "479 480 484 501 502 503 504 505 507 508 509 510 512 513 515 516 517 518 520 530 540 541 551"
)
_CA = "204 236 306 403 416 438 506 514 604 613 647 780 902"
_AU_MOBILES = (
    "570006 570156 570157 570158 570159 570110 570313 570737 571266 571491 571804 572549 572665 "
    "572983 573770 573087 574118 574632 575254 575789 576398 576801 577426 577644 578957 578148"
)

_COUNTRIES = (
    _Country(
        10,
        "Ava Mia Noah Liam Olivia Ethan Maya Jack Ruby Owen Grace Leo Zoe Eli Nora Sam Jada Hugo",
        "Carter Brooks Nguyen Ramirez Bennett Price Howard Kim Foster Diaz Reed Okafor Lopez Ward",
        _range(*(f"+1{area}55501" for area in _US.split()), digits=2),
    ),
    _Country(
        3,
        "Chloé Émile Liam Ava Noémie Lucas Priya Thomas Maëlle Jacob",
        "Tremblay Gagnon Singh Roy Côté MacDonald Bouchard Wong Lévesque Martin",
        _range(*(f"+1{area}55501" for area in _CA.split()), digits=2),
    ),
    _Country(
        3,
        "Oliver Amelia Isla George Freya Arthur Poppy Mohammed Niamh Rhys",
        "Smith Jones Patel O'Brien Davies Evans Khan Thompson Wright Llewellyn",
        _range("+447700900", digits=3),
        _range("+442079460", "+441134960", "+441214960", digits=3),
    ),
    _Country(
        3,
        "Anneliese Jürgen Lena Björn Greta Matthias Jana Özlem Felix Käthe",
        "Müller Schmidt Weiß Yılmaz Schröder Krüger Hoffmann Großmann Bauer Jäger",
        _range("+4917139200", digits=2),
        _range("+493023125", "+494066969", digits=3),
    ),
    _Country(
        2,
        "Camille Théo Léa Jules Inès Gaël Manon Zoé",
        "Lefèvre Moreau Garçon Dubois Benoît Rousseau Hébert Faure",
        _range("+3319900", "+3326191", digits=4),
        _range("+3353649", digits=4),
    ),
    _Country(
        2,
        "Matilda Jack Isla Cooper Willow Lachlan Tahlia Angus",
        "Nguyen Kelly Wilson Papadopoulos Taylor Chen Murphy Rossi",
        lambda dice: "+61491" + dice.choice(_AU_MOBILES.split()),
        _range("+61255501", "+61370101", digits=3),
    ),
    _Country(
        2,
        "Astrid Åke Elsa Björn Linnéa Örjan Maja Nils",
        "Lindström Åkesson Öberg Sjöström Nyström Björk Håkansson",
        lambda dice: f"+46701740{dice.randrange(605, 700)}",
        _range("+468465004", digits=2),
    ),
)

_AWKWARD = (
    ("李", "小龍"),
    ("Нина", "Щербакова"),
    ("محمد", "العربي"),
    ("さくら", "田中"),
    ("ศิริพร", "จันทร์แก้ว"),
    ("Nguyễn Thị", "Ánh Tuyết"),
    ("X Æ", "A-12"),
    ("Jean-Baptiste Emmanuel", "de la Rochefoucauld-Montbazon"),
    ("👩🏽‍🚀 Rosa", "🌹🌹🌹"),
    ("Null", "None"),
    ("D'Arcy", 'O"Neil'),
    ("Test", "; DROP TABLE contacts; --"),
    ("[/bold]", "[@click=app.quit]press me[/]"),
    ("[red]Red", "Herring[/red]"),
    ("=HYPERLINK(1)", "+cmd|' /C calc'!A0"),
    ("\u202eorro", "txet desreveR"),
    ("Zalgo", "h̸̡̪̯ͨ͊̽̅̾̎e̵̬̓̿͑̀ ̴c̶o̷m̸e̵s̶"),
    ("Zero\u200b\u200bWidth", "\ufeffSpace"),
    ("Very" + "y" * 120, "Long"),
    ("100%", "_wild\\card%"),
)
"""Names that break what is careless: scripts, widths, markup, formulas, direction, patterns."""

_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
)
_PAGES = ("spring-offer", "call-me-back", "newsletter", "checkout", "webinar", "store-finder")


class Leads:
    """An endless stream of leads.

    Args:
        number_id: The messaging number that they opt in to.
        seed: The same seed gives the same stream.
    """

    def __init__(self, number_id: str, seed: int | None = None) -> None:
        self._number_id = number_id
        self._dice = random.Random(seed)  # noqa: S311 - a play, not a secret
        self._sent: list[dict[str, object]] = []
        self._known: set[str] = set()
        self._retry: Posting | None = None

    def __iter__(self) -> Iterator[Posting]:
        for _ in range(OPENING):
            yield self._new(0.0)
        while True:
            if self._dice.random() < 0.03:
                # A newsletter went out: several answer within a moment.
                for _ in range(self._dice.randint(4, 9)):
                    yield self._new(self._dice.uniform(0.02, 0.15))
            yield self._any(self._dice.expovariate(1.0))

    def _any(self, pause: float) -> Posting:
        roll = self._dice.random()
        if roll < 0.06:
            return self._again(pause)
        if roll < 0.12:
            return self._refused(pause)
        if roll < 0.16:
            return self._with_key(pause)
        return self._new(pause)

    def _new(self, pause: float) -> Posting:
        body = self._person()
        self._sent.append(body)
        del self._sent[:-500]
        return _posting(body, "new", pause)

    def _again(self, pause: float) -> Posting:
        """Somebody fills the form in a second time."""
        return _posting(self._dice.choice(self._sent), "again", pause)

    def _with_key(self, pause: float) -> Posting:
        """A sender that lost the answer: the same request, under one idempotency key, twice."""
        if self._retry is not None:
            again, self._retry = self._retry, None
            return Posting(again.body, "retry", pause, again.headers)
        key = f"demo-{self._dice.getrandbits(64):016x}"
        made = _posting(self._person(), "new", pause, {"Idempotency-Key": key})
        self._retry = made
        return made

    def _refused(self, pause: float) -> Posting:
        """A form that was set up carelessly."""
        body = self._person()
        flaw = self._dice.randrange(5)
        if flaw == 0:
            body["mobile_phone"] = "(415) 555-0134"
        elif flaw == 1:
            del body["user_agent"]
        elif flaw == 2:
            body["opt_in_number_id"] = "num_00000000000000ff"
        elif flaw == 3:
            body["ip_address"] = "not recorded"
        else:
            body["first_name"] = "\x1b[31mRed\x07 Alert\x1b[0m"
        return _posting(body, "refused", pause)

    def _person(self) -> dict[str, object]:
        country = self._dice.choices(_COUNTRIES, [each.weight for each in _COUNTRIES])[0]
        first = self._dice.choice(country.given.split())
        last = self._dice.choice(country.family.split())
        if self._dice.random() < 0.06:
            first, last = self._dice.choice(_AWKWARD)
        page = self._dice.choice(_PAGES)
        return {
            "mobile_phone": self._phone(country),
            "ip_address": self._address(),
            "user_agent": self._dice.choice(_BROWSERS),
            "opt_in_number_id": self._number_id,
            "first_name": first,
            "last_name": last,
            "source_url": f"https://shop.example/{page}",
            "consent_text": "I agree to receive SMS notifications. Text STOP to unsubscribe.",
        }

    def _phone(self, country: _Country) -> str:
        """A number not used yet, as long as the country has some left."""
        pick = country.mobile
        if country.landline is not None and self._dice.random() < 0.2:
            pick = country.landline
        for attempt in range(40):
            # A country's examples are soon used up; the first one has ten thousand.
            phone = (pick if attempt < 20 else _COUNTRIES[0].mobile)(self._dice)
            if phone not in self._known:
                break
        self._known.add(phone)
        return phone

    def _address(self) -> str:
        """An address of a documentation network; rarely a private one, as bad forms send."""
        if self._dice.random() < 0.05:
            return f"192.168.1.{self._dice.randrange(1, 255)}"
        network = self._dice.choice(("192.0.2", "198.51.100", "203.0.113"))
        return f"{network}.{self._dice.randrange(1, 255)}"


def _posting(
    body: dict[str, object], story: str, pause: float, headers: dict[str, str] | None = None
) -> Posting:
    return Posting(json.dumps(body).encode(), story, pause, headers or {})
