"""The compliance text that answers an opt-in. Nothing that a sender wrote is ever in it.

Each messaging number has its own: brand, program, how often, and if wanted a template. What the
law asks for is checked before the integration may be on.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from storage.changes import record
from storage.errors import NotFound, Refused
from storage.tables import Integration, MessagingNumber
from storage.times import now
from storage.words import Actor, NumberStatus

BRAND = "Optdesk"
PROGRAM = "our text alerts"
"""What texts say until staff name a brand and a program."""

_FREQUENCY = "Msg frequency varies"
_LONGEST = 60
"""Characters kept of a brand or program, so that what the law asks for is never cut off."""

LONGEST_TEMPLATE = 1200

TEMPLATE = (
    "{brand}: You are subscribed to {program}. {frequency}. Msg & data rates may apply."
    " Reply HELP for help, STOP to cancel."
)
CONFIRM_TEMPLATE = (
    "{brand}: Reply YES to subscribe to {program}. {frequency}. Msg & data rates may apply."
    " Reply HELP for help, STOP to cancel."
)
"""The text while double opt-in is on."""

HELP_TEMPLATE = "{brand}: {program}. {frequency}. Msg & data rates may apply. Reply STOP to cancel."

_NOT_TEXT = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+"
)
_PLACE = re.compile(r"\{(\w*)\}")

_numbers: Any = MessagingNumber.__table__  # type: ignore[attr-defined]
_integrations: Any = Integration.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Texts:
    """What staff entered for a number; blank means the usual."""

    brand: str = ""
    program: str = ""
    frequency: str = ""
    template: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """How long a text is on the air."""

    characters: int
    encoding: str
    """`GSM-7` or `UCS-2`."""
    segments: int


@dataclass(frozen=True, slots=True)
class NumberTexts:
    """A number's texts, ready to read."""

    number_id: str
    phone: str
    entered: Texts
    text: str
    help: str
    measured: Measured
    missing: tuple[str, ...]
    """What the law asks for and the text does not say."""


def compose(brand: str, program: str, texts: Texts | None = None, *, confirm: bool = False) -> str:
    """The text: who writes, which program, how often, what it costs, HELP and STOP.

    Args:
        brand: Who writes, as staff entered it; a neutral word where it is blank.
        program: What people opted in to, likewise.
        texts: What staff entered for the number; it goes before brand and program.
        confirm: Whether it asks for a YES first.
    """
    usual = CONFIRM_TEMPLATE if confirm else TEMPLATE
    return _filled((texts and texts.template) or usual, brand, program, texts or Texts())


def _filled(template: str, brand: str, program: str, texts: Texts) -> str:
    values = {
        "brand": _plain(texts.brand) or _plain(brand) or BRAND,
        "program": _plain(texts.program) or _plain(program) or PROGRAM,
        "frequency": (_plain(texts.frequency) or _FREQUENCY).rstrip("."),
    }
    # Not str.format: what staff wrote may hold braces of its own.
    text = _PLACE.sub(lambda found: values.get(found[1], found[0]), template)
    return " ".join(_NOT_TEXT.sub(" ", text).split())


def _plain(words: str) -> str:
    """One line of visible characters."""
    return " ".join(_NOT_TEXT.sub(" ", words).split())[:_LONGEST].rstrip()


# What the law asks for.

ELEMENTS = ("brand", "program", "frequency", "Msg & data rates may apply", "HELP", "STOP")

_FREQUENT = re.compile(
    r"\b(msgs?|messages?|texts?|alerts?)\b.{0,20}\b(frequency|varies|vary|per|a|/)\b"
    r"|\bfrequency\b|\b\d+\s*(msgs?|messages?|texts?)\b|\brecurring\b|\bone[- ]time\b",
    re.IGNORECASE,
)
_RATES = re.compile(r"\b(msg|message)s?\s*(&|and)\s*data\s+rates\s+may\s+apply\b", re.IGNORECASE)


def missing_elements(text: str, brand: str, program: str) -> tuple[str, ...]:
    """What a finished text lacks of `ELEMENTS`.

    Args:
        text: As it is sent.
        brand: What stands for the brand in it.
        program: What stands for the program in it.
    """
    low = text.casefold()
    there = {
        "brand": bool(brand) and brand.casefold() in low,
        "program": bool(program) and program.casefold() in low,
        "frequency": bool(_FREQUENT.search(text)),
        "Msg & data rates may apply": bool(_RATES.search(text)),
        "HELP": bool(re.search(r"\bHELP\b", text)),
        "STOP": bool(re.search(r"\bSTOP\b", text)),
    }
    return tuple(name for name in ELEMENTS if not there[name])


_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_LONG = frozenset("^{}\\[~]|€\f")
"""Characters that take two places."""


def measure(text: str) -> Measured:
    """How many characters and segments a text takes."""
    if all(char in _GSM or char in _GSM_LONG for char in text):
        places = sum(2 if char in _GSM_LONG else 1 for char in text)
        return Measured(len(text), "GSM-7", 1 if places <= 160 else _gsm_segments(text))
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return Measured(len(text), "UCS-2", 1 if units <= 70 else math.ceil(units / 67))


def _gsm_segments(text: str) -> int:
    segments, used = 1, 0
    for char in text:
        size = 2 if char in _GSM_LONG else 1
        # A character that takes two places is not parted.
        if used + size > 153:
            segments, used = segments + 1, 0
        used += size
    return segments


# A number's texts.


def read_texts(options: str) -> Texts:
    """What a number's options hold for its texts."""
    said = json.loads(options or "{}")
    known = {name: str(said[name]) for name in asdict(Texts()) if said.get(name)}
    return Texts(**known)


def show(conn: Connection, number_id: str) -> NumberTexts:
    """A number's texts as they are sent now.

    Raises:
        NotFound: There is no such number.
    """
    row = conn.execute(
        select(_numbers).where(
            (_numbers.c.id == number_id) | (_numbers.c.phone == number_id),
            _numbers.c.status != NumberStatus.REMOVED,
        )
    ).first()
    if row is None:
        raise NotFound(f"There is no messaging number “{number_id}”.", "See: optdesk numbers list")
    return _shown(conn, row.id, row.phone, read_texts(row.options))


def _shown(conn: Connection, number_id: str, phone: str, texts: Texts) -> NumberTexts:
    return preview(texts, usual(conn), number_id, phone)


@dataclass(frozen=True, slots=True)
class Usual:
    """What the integration says where a number says nothing of its own."""

    brand: str = ""
    program: str = ""
    confirm: bool = False
    """Whether who opts in is asked for a YES."""


def preview(texts: Texts, usual: Usual, number_id: str = "", phone: str = "") -> NumberTexts:
    """What a number would send with these texts, and what that lacks."""
    brand, program = usual.brand, usual.program
    text = compose(brand, program, texts, confirm=usual.confirm)
    lacking = missing_elements(
        text,
        _plain(texts.brand) or _plain(brand) or BRAND,
        _plain(texts.program) or _plain(program) or PROGRAM,
    )
    if usual.confirm and not re.search(r"\bYES\b", text):
        lacking += ("YES",)
    return NumberTexts(
        number_id,
        phone,
        texts,
        text,
        _filled(texts.help or HELP_TEMPLATE, brand, program, texts),
        measure(text),
        lacking,
    )


def usual(conn: Connection) -> Usual:
    """Brand and program of the integration, and whether it asks for a YES.

    Texts go on naming who they named after it was deleted.
    """
    row = conn.execute(
        select(_integrations.c.brand, _integrations.c.program, _integrations.c.options)
        .order_by(_integrations.c.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return Usual()
    return Usual(row.brand, row.program, asks_for_yes(row.options))


def asks_for_yes(options: str) -> bool:
    """Whether an integration's options ask who opts in for a YES."""
    return bool(json.loads(options or "{}").get("double_opt_in"))


def edit(conn: Connection, who: Actor, number_id: str, **entered: str | None) -> NumberTexts:
    """Changes what is given of a number's texts and leaves the rest; blank brings the usual back.

    Args:
        conn: A transaction that holds the write lock.
        who: By whose hand.
        number_id: The number's id, or the number.
        entered: Any of brand, program, frequency, template and help.

    Raises:
        NotFound: There is no such number.
        Refused: The text would be too long, or lack an element while the integration is on.
    """
    before = show(conn, number_id)
    changed = {name: value.strip() for name, value in entered.items() if value is not None}
    texts = replace(before.entered, **changed)
    for name in ("template", "help"):
        if len(getattr(texts, name)) > LONGEST_TEMPLATE:
            raise Refused(f"The {name} is longer than {LONGEST_TEMPLATE} characters.")
    after = _shown(conn, before.number_id, before.phone, texts)
    if after.missing and _is_on(conn, before.number_id):
        raise Refused(
            f"The text would lack: {', '.join(after.missing)}.",
            "Switch the Opt-In API off first, or say it in the text.",
        )
    row = conn.execute(select(_numbers.c.options).where(_numbers.c.id == before.number_id)).one()
    options = json.loads(row.options or "{}") | asdict(texts)
    conn.execute(
        update(_numbers)
        .where(_numbers.c.id == before.number_id)
        .values(
            options=json.dumps({name: value for name, value in options.items() if value != ""}),
            changed_at=now(),
        )
    )
    record(conn, who, "number.text", subject=before.phone)
    touch(conn)
    return after


def touch(conn: Connection) -> None:
    """Lets the doors compose anew."""
    from storage.access import touch_access

    touch_access(conn)


def _is_on(conn: Connection, number_id: str) -> bool:
    on = conn.execute(
        select(_integrations.c.id).where(
            _integrations.c.live == 1, _integrations.c.active.is_(True)
        )
    ).first()
    approved = conn.execute(
        select(_numbers.c.id).where(
            _numbers.c.id == number_id, _numbers.c.status == NumberStatus.APPROVED
        )
    ).first()
    return on is not None and approved is not None


def demand_complete(conn: Connection) -> None:
    """Refuses while an approved number's text lacks what the law asks for.

    Raises:
        Refused: The sentence names the number and what is missing.
    """
    rows = conn.execute(
        select(_numbers).where(_numbers.c.status == NumberStatus.APPROVED).order_by(_numbers.c.id)
    ).all()
    for row in rows:
        shown = _shown(conn, row.id, row.phone, read_texts(row.options))
        if shown.missing:
            raise Refused(
                f"The compliance text of {row.phone} lacks: {', '.join(shown.missing)}.",
                f"Complete it first: optdesk numbers text {row.id}",
            )


def text_for(conn: Connection, number_id: str) -> str:
    """The compliance text of a number as it is sent now."""
    return _of(conn, number_id).text


def help_text(conn: Connection, number_id: str) -> str:
    """What a number answers to HELP."""
    return _of(conn, number_id).help


def _of(conn: Connection, number_id: str) -> NumberTexts:
    options = conn.execute(select(_numbers.c.options).where(_numbers.c.id == number_id)).scalar()
    return _shown(conn, number_id, "", read_texts(options or "{}"))


def named(conn: Connection) -> dict[str, str]:
    """Brand and program of every number, as its text says them; under an empty name the usual."""
    said = usual(conn)
    rows = conn.execute(select(_numbers.c.id, _numbers.c.options)).all()
    entered = {row.id: read_texts(row.options) for row in rows} | {"": Texts()}
    return {ident: _named(texts, said) for ident, texts in entered.items()}


def _named(texts: Texts, said: Usual) -> str:
    return _filled("{brand} · {program}", said.brand, said.program, texts)


def composed(conn: Connection) -> dict[str, str]:
    """The compliance text of every number, and under an empty name the usual one."""
    said = usual(conn)
    brand, program, confirm = said.brand, said.program, said.confirm
    rows = conn.execute(select(_numbers.c.id, _numbers.c.options)).all()
    made = {
        row.id: compose(brand, program, read_texts(row.options), confirm=confirm) for row in rows
    }
    return made | {"": compose(brand, program, confirm=confirm)}
