"""Labels: shared marks on contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import exists, func, insert, select, update
from sqlalchemy.engine import Connection

from storage.changes import ChangeRow, by_whom_since, record
from storage.dialects import among
from storage.errors import NotFound, Refused
from storage.groups import check_name
from storage.ids import new_id, parse, public
from storage.reversals import Reversal
from storage.search import fold
from storage.tables import Contact, ContactLabel, Label
from storage.tallies import label_tally, read_tallies
from storage.times import from_micros, now, to_micros
from storage.windows import condition_of, ids_below
from storage.words import Actor, Target

COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "violet", "pink")
"""What labels are shown in; names, so that each theme may give its own shade."""

MOST_COUNTED = 20_000
"""Contacts of which it is counted how many wear a label."""

_AT_ONCE = 5_000

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_labels: Any = Label.__table__  # type: ignore[attr-defined]
_worn: Any = ContactLabel.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A label as lists show it. `name` is untrusted."""

    id: int
    name: str
    colour: str
    count: int
    letter: str = ""
    """The key that sets it in the picker; empty for the next free one."""

    @property
    def public_id(self) -> str:
        """`lbl_` and 16 hex digits."""
        return public("lbl", self.id)


class Worn(StrEnum):
    """How many of some contacts wear a label."""

    NONE = "none"
    SOME = "some"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Marked:
    """Which of some contacts wear a label."""

    worn: Worn
    count: int | None
    """How many; None where there are too many contacts to count."""


def create(conn: Connection, who: Actor, name: str, colour: str = "", letter: str = "") -> LabelRow:
    """Makes a label.

    Raises:
        Refused: The name is blank, too long or taken, the colour unknown, or the letter taken.
    """
    name, folded = free_name(conn, name)
    if letter:
        letter = _free_letter(conn, letter)
    if colour:
        _check_colour(colour)
    else:
        count = conn.execute(select(func.count()).select_from(_labels)).scalar_one()
        colour = COLOURS[count % len(COLOURS)]
    ident = new_id()
    row = {"id": ident, "name": name, "folded": folded, "colour": colour, "letter": letter}
    conn.execute(insert(_labels), row | {"created_at": now()})
    record(conn, who, "label.create", subject=name, details=kept(conn, ident), undoable=True)
    return LabelRow(ident, name, colour, 0, letter)


def kept(conn: Connection, label_id: int) -> dict[str, Any]:
    """A label's row as `bring_back` takes it from the details of a change."""
    row = conn.execute(select(_labels).where(_labels.c.id == label_id)).one()
    return {
        "label_id": row.id,
        "name": row.name,
        "folded": row.folded,
        "colour": row.colour,
        "letter": row.letter,
        "created_at": to_micros(row.created_at),
    }


def bring_back(conn: Connection, change: ChangeRow) -> None:
    """Makes a label again that a change took away, unless that was done already.

    Raises:
        Refused: Its name was given to another one meanwhile.
    """
    row = change.details
    if conn.execute(select(_labels.c.id).where(_labels.c.id == row["label_id"])).first():
        return
    free_name(conn, row["name"])
    letter_taken = select(_labels.c.id).where(_labels.c.letter == row["letter"]).limit(1)
    conn.execute(
        insert(_labels),
        {
            "id": row["label_id"],
            **{column: row[column] for column in ("name", "folded", "colour")},
            "letter": "" if conn.execute(letter_taken).first() else row["letter"],
            "created_at": from_micros(row["created_at"]),
        },
    )


def free_name(conn: Connection, name: str, but: int = 0) -> tuple[str, str]:
    """A label's name as it is kept and as it is compared.

    Args:
        conn: The store.
        name: As it was written.
        but: The label that may have that name already.

    Raises:
        Refused: It is blank, too long or another label's.
    """
    name, folded = check_name(name, "label")
    taken = select(_labels.c.id).where(_labels.c.folded == folded, _labels.c.id != but)
    if conn.execute(taken).first() is not None:
        raise Refused(f"There is a label “{name}” already.", "Choose it, or another name.")
    return name, folded


def folded_name(name: str) -> str:
    """A stored name as it is compared."""
    return check_name(name, "label")[1]


def recolour(conn: Connection, who: Actor, label_id: int, colour: str) -> LabelRow:
    """Gives a label another colour.

    Raises:
        NotFound: There is no such label.
        Refused: The colour is unknown.
    """
    _check_colour(colour)
    return _set(conn, who, label_id, "colour", colour)


def set_letter(conn: Connection, who: Actor, label_id: int, letter: str) -> LabelRow:
    """Gives a label the letter that sets it in the picker, or, with an empty one, none.

    Raises:
        NotFound: There is no such label.
        Refused: It is no letter or digit, or another label's.
    """
    if letter:
        letter = _free_letter(conn, letter, but=label_id)
    return _set(conn, who, label_id, "letter", letter)


def _set(conn: Connection, who: Actor, label_id: int, field: str, value: str) -> LabelRow:
    found = by_id(conn, label_id)
    before = getattr(found, field)
    if before != value:
        conn.execute(update(_labels).where(_labels.c.id == label_id).values({field: value}))
        details = {"label_id": label_id, "field": field, "before": before, "after": value}
        record(conn, who, f"label.{field}", subject=found.name, details=details, undoable=True)
    return by_id(conn, label_id)


def _check_colour(colour: str) -> None:
    if colour not in COLOURS:
        raise Refused(f"“{colour}” is no colour of a label.", f"One of: {', '.join(COLOURS)}.")


def _free_letter(conn: Connection, letter: str, but: int = 0) -> str:
    letter = letter.lower()
    if len(letter) != 1 or not (letter.isascii() and letter.isalnum()):
        raise Refused(f"“{letter}” is no letter for a label.", "One of a to z, or a digit.")
    taken = select(_labels.c.name).where(_labels.c.letter == letter, _labels.c.id != but)
    name = conn.execute(taken.limit(1)).scalar()
    if name is not None:
        raise Refused(f"“{letter}” is the letter of the label “{name}”.", "Choose another one.")
    return letter


def by_id(conn: Connection, label_id: int) -> LabelRow:
    """A label by its id.

    Raises:
        NotFound: There is none.
    """
    row = conn.execute(select(_labels).where(_labels.c.id == label_id)).one_or_none()
    if row is None:
        raise NotFound("That label does not exist any more.", "Choose another one.")
    return _row(row, read_tallies(conn, [label_tally(row.id)])[label_tally(row.id)])


def _row(row: Any, count: int) -> LabelRow:
    return LabelRow(row.id, row.name, row.colour, count, row.letter)


def ensure(conn: Connection, who: Actor, name: str) -> LabelRow:
    """The label of that name, made where it is missing."""
    try:
        return find(conn, name)
    except NotFound:
        return create(conn, who, name)


def find(conn: Connection, name: str) -> LabelRow:
    """A label by its name, in any spelling of case and accents, or by its id.

    Raises:
        NotFound: There is none.
    """
    row = conn.execute(select(_labels).where(_labels.c.folded == fold(name))).one_or_none()
    ident = parse(name)
    if row is None and ident is not None:
        row = conn.execute(select(_labels).where(_labels.c.id == ident)).one_or_none()
    if row is None:
        raise NotFound(f"There is no label “{name}”.", "See: optdesk labels list")
    tally = label_tally(row.id)
    return _row(row, read_tallies(conn, [tally])[tally])


def listing(conn: Connection) -> list[LabelRow]:
    """All labels by name, with how many contacts wear each."""
    rows = conn.execute(select(_labels).order_by(_labels.c.folded)).all()
    counts = read_tallies(conn, [label_tally(row.id) for row in rows])
    return [_row(row, counts[label_tally(row.id)]) for row in rows]


def worn_by(conn: Connection, contact_ids: Sequence[int]) -> dict[int, int]:
    """How many of some contacts wear each label; labels that none wears are left out."""
    rows = conn.execute(
        select(_worn.c.label_id, func.count())
        .where(among(conn, _worn.c.contact_id, list(contact_ids)))
        .group_by(_worn.c.label_id)
    )
    return {row.label_id: row[1] for row in rows}


def wearers(conn: Connection, label_id: int, above: int, limit: int) -> Sequence[int]:
    """The contacts that wear a label, by id, beyond one of them."""
    query = select(_worn.c.contact_id).where(
        _worn.c.label_id == label_id, _worn.c.contact_id > above
    )
    return conn.execute(query.order_by(_worn.c.contact_id).limit(limit)).scalars().all()


def marked_with(conn: Connection, target: Target) -> dict[int, Marked]:
    """Which of the contacts of a target wear each label, for a picker to show.

    Of more than `MOST_COUNTED` contacts it tells none, some or all, not how many.
    """
    ids = _some_ids(conn, target)
    counts = _counts_of(conn, ids)
    every = conn.execute(select(_labels.c.id)).scalars().all()
    if len(ids) <= MOST_COUNTED:
        return {
            ident: Marked(_worn_by_all(counts.get(ident, 0), len(ids)), counts.get(ident, 0))
            for ident in every
        }
    found = {}
    for ident in every:
        worn = _worn_by_all(counts.get(ident, 0), len(ids))
        if worn is not Worn.SOME and _differs(conn, target, ids, ident, worn):
            worn = Worn.SOME
        found[ident] = Marked(worn, None)
    return found


def _some_ids(conn: Connection, target: Target) -> list[int]:
    """The contacts of a target; of many, the newest and one more than are counted."""
    if target.view is None:
        return list(target.ids)
    below = None if target.top is None else target.top + 1
    wanted = MOST_COUNTED + 1 + len(target.spared)
    ids = ids_below(conn, target.view, below, wanted)
    return [ident for ident in ids if ident not in target.spared]


def _counts_of(conn: Connection, ids: Sequence[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for start in range(0, len(ids), _AT_ONCE):
        for ident, n in worn_by(conn, ids[start : start + _AT_ONCE]).items():
            counts[ident] = counts.get(ident, 0) + n
    return counts


def _worn_by_all(count: int, of: int) -> Worn:
    if count == 0:
        return Worn.NONE
    return Worn.ALL if count == of else Worn.SOME


def _differs(
    conn: Connection, target: Target, ids: Sequence[int], label_id: int, worn: Worn
) -> bool:
    """Whether a contact of a large target is not as all of its newest are."""
    if target.view is None:
        return False
    wears = exists().where(_worn.c.contact_id == _contacts.c.id, _worn.c.label_id == label_id)
    query = select(_contacts.c.id).where(
        condition_of(conn, target.view),
        _contacts.c.id < min(ids),
        ~wears if worn is Worn.ALL else wears,
    )
    if target.spared:
        query = query.where(~among(conn, _contacts.c.id, sorted(target.spared)))
    return conn.execute(query.limit(1)).first() is not None


def _turn(conn: Connection, change: ChangeRow, was: str, becomes: str) -> None:
    details = change.details
    found, field = by_id(conn, details["label_id"]), details["field"]
    if getattr(found, field) != details[was]:
        since = by_whom_since(conn, change, "label_id")
        raise Refused(f"The {field} of “{found.name}” was changed again since{since}.")
    if field == "letter" and details[becomes]:
        _free_letter(conn, details[becomes], but=found.id)
    values = {field: details[becomes]}
    conn.execute(update(_labels).where(_labels.c.id == found.id).values(values))


def _unmake(conn: Connection, change: ChangeRow) -> None:
    found = by_id(conn, change.details["label_id"])
    worn = select(_worn.c.contact_id).where(_worn.c.label_id == found.id).limit(1)
    if conn.execute(worn).first() is not None:
        raise Refused(f"The label “{found.name}” is in use: only one that nobody wears goes.")
    conn.execute(_labels.delete().where(_labels.c.id == found.id))


_SETTING = Reversal(
    lambda conn, change: _turn(conn, change, "after", "before"),
    lambda conn, change: _turn(conn, change, "before", "after"),
)
REVERSALS = {
    "label.create": Reversal(_unmake, bring_back),
    "label.colour": _SETTING,
    "label.letter": _SETTING,
}
"""How acts on labels themselves are taken back; see also `storage.relabelling`."""
