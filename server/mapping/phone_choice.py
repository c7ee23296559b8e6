"""Which of a body's values is the phone, and of which country it is."""

from __future__ import annotations

import re

from server.mapping.aliases import folded, meaning_of, mentions_phone
from server.mapping.candidates import Candidates, Fault
from server.mapping.countries import region_of
from server.mapping.flatten import Leaf
from server.mapping.numbers import NANP, Unreadable, is_strict, read_phone
from server.mapping.phone_parts import boxed_phone
from server.mapping.vocabulary import STRANGERS
from storage.phones import Phone, national
from storage.words import Kind

_NOTHING = frozenset(
    (
        *("n/a", "na", "none", "null", "nil", "-", "--", ".", "undefined", "unknown", "(none)"),
        *("true", "false", "yes", "no", "on", "off", "y", "n", "ja", "nein", "oui", "non", "si"),
        *("sim", "0", "1"),
    )
)
"""Values of a phone's field that are no attempt at a number: blanks, and marks of a box."""

_NO_COUNTRY = frozenset(("n/a", "na", "none", "null", "-", "--", "undefined", "unknown", "other"))
_LONGEST_UNNAMED = 24
_FEWEST_DIGITS = 7
_MOST_OF_A_BOX = 7
_EXTENSIONS = frozenset(("extension", "ext", "phoneext", "phoneextension", "telextension"))
_CALLERS = frozenset(
    ("from", "fromnumber", "sender", "originator", "caller", "callerid", "callernumber")
)
"""What gateways and assistants call whoever wrote or called, folded."""
_COMES_IN = frozenset(("received", "inbound", "incoming"))
_GOES_TO = frozenset(("to", "tonumber", "recipient", "destination"))
_ADDRESSES = frozenset(
    (
        *("address", "addresses", "defaultaddress", "homeaddress", "mailingaddress"),
        *("billing", "billingaddress", "primaryaddress", "mainaddress", "postaladdress"),
    )
)
"""Branches that tell where a person lives, folded."""
_MOST_NUMBERS = 50
"""Values that are looked at where many could be a phone."""
_INTERNATIONAL = re.compile(r"\s*(?:whatsapp:|tel:|sms:)?\+\d")
_NO_DIGIT = re.compile(r"\D")
NUMBERED = re.compile(r"(?:input_)?(\d{1,4})(?:[._](\d{1,2}))?")
"""Names of fields that are numbers, such as `input_1.3`."""
_NAMELESS = re.compile(r"(?:No Label )?[Ff]ield_*(?:\d+|[0-9a-f]{7})")
"""Names that builders give to fields without one, such as `Field12` and `field_7f3a2b1`."""


class PhoneChoice:
    """The search for a phone.

    Args:
        candidates: The body's values.
        region: The country of phones that name none.
    """

    def __init__(self, candidates: Candidates, region: str) -> None:
        self._body = candidates
        self._region = region

    def find(self) -> tuple[Phone | Unreadable, str, Leaf] | Fault | None:
        """What was read, how it was written, and where it stood."""
        leaves = [leaf for leaf in self._body.best("phone") if not _says_nothing(leaf.text)]
        if len(leaves) == 1 and is_strict(leaves[0].text):
            return self._taken(self._read(leaves[0]), leaves[0])
        if self._region in NANP and not any(_digits(leaf.text) > _MOST_OF_A_BOX for leaf in leaves):
            boxed = boxed_phone(self._body, leaves)
            leaves = [boxed] if boxed is not None else leaves
        if not leaves:
            leaves = self._unnamed_phones() or self._callers()
        if len({leaf.text for leaf in leaves[:_MOST_NUMBERS]}) == _MOST_NUMBERS:
            return Fault("AMBIGUOUS_FIELD", ("phone",), "phone: many numbers that differ")
        read = [(self._read(leaf), leaf) for leaf in leaves[:_MOST_NUMBERS]]
        read = self._agreed(read)
        good = [(phone, leaf) for phone, leaf in read if isinstance(phone, Phone)]
        # Marks and fragments beside a whole number are no second number.
        bad = [
            (phone, leaf)
            for phone, leaf in read
            if isinstance(phone, Unreadable) and (not good or _digits(leaf.text) >= 5)
        ]
        several = any(phone.several for phone, _ in bad)
        if several or len({phone.e164 for phone, _ in good}) > 1 or (good and bad):
            return Fault("AMBIGUOUS_FIELD", ("phone",), "phone: two numbers that differ")
        if len({leaf.text for _, leaf in bad}) > 1:
            return Fault("AMBIGUOUS_FIELD", ("phone",), "phone: two numbers that differ")
        for phone, leaf in good or bad:
            for _, same in read:
                self._body.take(same)
            return self._taken(phone, leaf)
        return None

    def _agreed(
        self, read: list[tuple[Phone | Unreadable, Leaf]]
    ) -> list[tuple[Phone | Unreadable, Leaf]]:
        """With what is the end of the one number that names its country taken for the same."""
        whole = {
            phone.e164: phone
            for phone, leaf in read
            if isinstance(phone, Phone) and _INTERNATIONAL.match(leaf.text)
        }
        if len(read) < 2 or len(whole) != 1:
            return read
        (one,) = whole.values()
        end = national(one.e164)
        return [
            (one if _NO_DIGIT.sub("", leaf.text).lstrip("0") == end else phone, leaf)
            for phone, leaf in read
        ]

    def _taken(self, phone: Phone | Unreadable, leaf: Leaf) -> tuple[Phone | Unreadable, str, Leaf]:
        written = self._body.take(leaf).strip()
        return phone, f"{leaf.country} {written}".lstrip(), leaf

    def _read(self, leaf: Leaf) -> Phone | Unreadable:
        text = leaf.text.strip()
        if text.startswith("+"):
            return read_phone(text, self._region)
        beside = self._beside(leaf)
        if "area" in beside:
            # With an area beside it, a `prefix` is the middle of the number.
            beside.pop("prefix", "")
            if _digits(text) <= 9:
                text = f"{beside['area']} {text}"
        if self._has_extension(leaf):
            return Unreadable("it has an extension, and those cannot be texted")
        said = leaf.country or beside.get("dial") or beside.get("region") or ""
        if not said and _digits(beside.get("prefix", "")):
            said = beside["prefix"]
        if said:
            region = region_of(said)
            if not region:
                return Unreadable("the country beside it is none that is known")
            return read_phone(text, region)
        if "country" in beside:
            return self._read_of_person(text, region_of(beside["country"]))
        return read_phone(text, self._region)

    def _read_of_person(self, text: str, region: str) -> Phone | Unreadable:
        """A number of a person who lives in a country, which need not be the number's."""
        found = read_phone(text, self._region)
        if region == self._region:
            return found
        here = isinstance(found, Phone) and found.kind is not Kind.UNASSIGNED
        if not region:
            return found if here else Unreadable("the country beside it is none that is known")
        there = read_phone(text, region)
        if here and (isinstance(there, Unreadable) or there.kind is Kind.UNASSIGNED):
            return Unreadable(f"it is a number of {self._region}, and the person is in {region}")
        return there

    def _beside(self, leaf: Leaf) -> dict[str, str]:
        """What is said of a phone beside it, or further out."""
        beside: dict[str, str] = {}
        for name in ("area", "dial", "prefix", "region", "country"):
            near = -1
            for one in self._body.found.get(name, ()):
                depth = len(one.leaf.within)
                if depth > near and leaf.within[:depth] == one.leaf.within:
                    text = one.leaf.text.strip()
                    if not _says_no_country(text) and (name != "area" or depth == len(leaf.within)):
                        beside[name], near = text, depth
        if beside.keys() <= {"area"}:
            lives = self._lives_in(leaf)
            if lives:
                beside["country"] = lives
        return beside

    def _lives_in(self, leaf: Leaf) -> str:
        """The country of the addresses beside a phone, where they are all in one."""
        depth = len(leaf.within)
        regions = {
            region_of(one.leaf.text)
            for name in ("country", "dial", "region")
            for one in self._body.found.get(name, ())
            if one.leaf.within[:depth] == leaf.within
            and len(one.leaf.within) > depth
            and _ADDRESSES.issuperset(one.leaf.within[depth:])
            and not _says_no_country(one.leaf.text.strip())
        }
        return regions.pop() if len(regions) == 1 else ""

    def _has_extension(self, leaf: Leaf) -> bool:
        """Whether a field beside a phone has its extension: `ext` where it is the only phone."""
        found = self._body.found.get("extension")
        if not found:
            return False
        phones = self._body.found.get("phone", ())
        only = sum(_digits(one.leaf.text) > 0 for one in phones) < 2
        for one in found:
            name = folded(one.leaf.names[0])
            own = name in _EXTENSIONS if only else name.startswith(folded(leaf.names[0]))
            if own and one.leaf.within == leaf.within and 0 < _digits(one.leaf.text) < 7:
                return True
        return False

    def _callers(self) -> list[Leaf]:
        """Who wrote or called, where the body says that the text or the call came in."""
        found = [
            leaf
            for leaf in self._body.leaves
            if leaf.names
            and folded(leaf.names[0]) in _CALLERS
            and _INTERNATIONAL.match(leaf.text)
            and isinstance(self._read(leaf), Phone)
        ]
        if not found:
            return []
        names = {folded(leaf.names[0]) for leaf in self._body.leaves if leaf.names}
        comes_in = any(leaf.text.strip().lower() in _COMES_IN for leaf in self._body.leaves)
        return found if comes_in or names.isdisjoint(_GOES_TO) else []

    def _unnamed_phones(self) -> list[Leaf]:
        """Answers that are numbers, of fields whose names alone do not say that they ask for one.

        Such a name is a number, or a question such as `Where should we text you?`.
        """
        found: list[Leaf] = []
        for leaf in self._body.leaves:
            if len(found) == _MOST_NUMBERS:
                break
            text = leaf.text.strip()
            if not leaf.names or len(text) > _LONGEST_UNNAMED or _digits(text) < _FEWEST_DIGITS:
                continue
            asked = _asks_for_phone(leaf)
            numbered = not leaf.labelled and _is_numbered(leaf.names[0])
            if not asked and not numbered:
                continue
            read = self._read(leaf)
            if isinstance(read, Phone) and (asked or read.kind is not Kind.UNASSIGNED):
                found.append(leaf)
        return found


def _says_nothing(text: str) -> bool:
    return text.strip().lower() in _NOTHING


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _says_no_country(text: str) -> bool:
    lower = text.lower()
    # Namibia's code is what many a form says for nothing; so it counts in capitals alone.
    return lower in _NO_COUNTRY and text != "NA"


def _asks_for_phone(leaf: Leaf) -> bool:
    """Whether a question whose meaning is not known mentions that somebody may be called."""
    said = [known.field for name in leaf.names if (known := meaning_of(name)) is not None]
    # A question for leave may be answered with the number that is meant.
    if not STRANGERS.isdisjoint(leaf.within) or any(name != "leave" for name in said):
        return False
    return any(map(mentions_phone, leaf.names))


def _is_numbered(name: str) -> bool:
    return NUMBERED.fullmatch(name) is not None or _NAMELESS.fullmatch(name) is not None
