"""The conditions of a query as SQL, and the index that finds the fewest contacts by them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
)

from storage.dialects import is_postgresql
from storage.folding import Clause, fold, phone_readings
from storage.ids import id_at
from storage.query import Term
from storage.tables import BADGED, RARE_KIND, RARE_SOURCE, Contact, ContactLabel, Group, Label
from storage.tallies import group_tally, label_tally, read_tallies, stage_tally
from storage.times import now
from storage.words import BADGE_BITS, Badge, Kind, Stage

FEW = 20_000
"""Contacts that are looked up one by one sooner than a large place is read."""

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_labels: Any = Label.__table__  # type: ignore[attr-defined]
_groups: Any = Group.__table__  # type: ignore[attr-defined]
_worn: Any = ContactLabel.__table__  # type: ignore[attr-defined]

_BADGE_OF = {
    "test": Badge.TEST,
    "unconfirmed": Badge.UNCONFIRMED,
    "unassigned": Badge.UNASSIGNED,
    "landline": Badge.LANDLINE,
    "private": Badge.PRIVATE_IP,
}
_COMMON_KINDS = {Kind.MOBILE.value, Kind.EITHER.value}


@dataclass(frozen=True)
class Driver:
    """An index that holds the contacts of one condition in the order of their ids."""

    ids: Select[Any]
    key: Any
    """Its column of ids."""
    count: Callable[[], int]

    @cached_property
    def size(self) -> int:
        """How many; at most one more than `FEW` where they had to be counted."""
        return self.count()


class Narrowing:
    """The conditions of a query on one connection.

    Args:
        conn: Where to ask.
        terms: The conditions, all of which must hold.
    """

    def __init__(self, conn: Connection, terms: Sequence[Term]) -> None:
        self._conn = conn
        self._terms = terms
        self._moment = now()

    def __bool__(self) -> bool:
        return bool(self._terms)

    @cached_property
    def condition(self) -> ColumnElement[bool]:
        """What a contact must meet."""
        return and_(true(), *map(self._condition, self._terms))

    def _condition(self, term: Term) -> ColumnElement[bool]:
        met = self._met(term)
        return ~met if term.negated else met

    def _met(self, term: Term) -> ColumnElement[bool]:
        make: Any = {
            "label": self._labelled,
            "is": _marked,
            "kind": _of_kind,
            "age": self._aged,
            "group": self._grouped,
            "from": _from,
            "stage": _at_stage,
            "phone": self._numbered,
        }[term.key]
        return make(term)  # type: ignore[no-any-return]

    def _labelled(self, term: Term) -> ColumnElement[bool]:
        ident = self._label_id(term.value)
        if ident is None:
            return false()
        return exists().where(_worn.c.contact_id == _contacts.c.id, _worn.c.label_id == ident)

    def _grouped(self, term: Term) -> ColumnElement[bool]:
        if term.no_group:
            return _contacts.c.group_id.is_(None)  # type: ignore[no-any-return]
        ident = self._group_id(term.value)
        if ident is None:
            return false()
        return and_(_contacts.c.group_id.is_not(None), _contacts.c.group_id == ident)

    @cached_property
    def bounds(self) -> tuple[int | None, int | None]:
        """The smallest id that the conditions allow, and the first that is too large."""
        low: int | None = None
        high: int | None = None
        for term in self._terms:
            if term.key != "age":
                continue
            edge = self._edge(term)
            if term.older is term.negated:
                low = edge if low is None else max(low, edge)
            else:
                high = edge if high is None else min(high, edge)
        return low, high

    def _edge(self, term: Term) -> int:
        return id_at(self._moment - term.age)

    def _aged(self, term: Term) -> ColumnElement[bool]:
        edge = self._edge(term)
        return _contacts.c.id < edge if term.older else _contacts.c.id >= edge  # type: ignore[no-any-return]

    def _numbered(self, term: Term) -> ColumnElement[bool]:
        position = func.strpos if is_postgresql(self._conn) else func.instr
        held = (
            and_(*(position(_contacts.c.phone, needle) > 0 for needle in reading))
            for reading in phone_readings(term.value)
        )
        return or_(false(), *held)

    def _label_id(self, name: str) -> int | None:
        return self._conn.scalar(select(_labels.c.id).where(_labels.c.folded == name))

    def _group_id(self, name: str) -> int | None:
        return self._conn.scalar(select(_groups.c.id).where(_groups.c.folded == name))

    # Finding few contacts fast.

    @cached_property
    def driver(self) -> Driver | None:
        """The index that holds the fewest contacts; None where no condition has one."""
        drivers = [self._driver(term) for term in self._terms if not term.negated]
        known = [driver for driver in drivers if driver is not None]
        # One alone need not be counted.
        return known[0] if len(known) == 1 else min(known, key=lambda it: it.size, default=None)

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """What must stand in the haystack of whoever meets the conditions."""
        numbers = (term for term in self._terms if term.key == "phone" and not term.negated)
        return tuple(phone_readings(term.value) for term in numbers)

    @property
    def favorite(self) -> bool | None:
        """Whether it asks for favorites alone, or for all others; None: for neither."""
        for term in self._terms:
            if (term.key, term.value) == ("is", "favorite"):
                return not term.negated
        return None

    def _driver(self, term: Term) -> Driver | None:
        if term.key == "label":
            return self._label_driver(term)
        key = _contacts.c.id
        if term.key == "group" and not term.no_group:
            name = group_tally(self._group_id(term.value) or 0)
            return Driver(self._by(self._met(term)), key, lambda: self._tally(name))
        if term.key == "stage":
            name = stage_tally(term.value)
            return Driver(self._by(self._met(term)), key, lambda: self._tally(name))
        indexed = self._indexed(term)
        if indexed is None:
            return None
        ids = self._by(indexed)
        return Driver(ids, key, lambda: self._counted(ids))

    def _indexed(self, term: Term) -> ColumnElement[bool] | None:
        """The condition in the words of its partial index."""
        if term.key == "is" and term.value == "favorite":
            return _marked(term)
        if term.key == "is":
            return and_(text(BADGED), _marked(term))
        if term.key == "kind" and term.value not in _COMMON_KINDS:
            return and_(text(RARE_KIND), _of_kind(term))
        if term.key == "from" and term.value != "api":
            return and_(text(RARE_SOURCE), _from(term))
        return None

    def _label_driver(self, term: Term) -> Driver:
        ident = self._label_id(term.value) or 0
        ids = select(_worn.c.contact_id.label("id")).where(_worn.c.label_id == ident)
        return Driver(ids, _worn.c.contact_id, lambda: self._tally(label_tally(ident)))

    def _by(self, condition: ColumnElement[bool]) -> Select[Any]:
        return select(_contacts.c.id).where(condition)

    def _counted(self, ids: Select[Any]) -> int:
        some = ids.limit(FEW + 1).subquery()
        return int(self._conn.scalar(select(func.count()).select_from(some)) or 0)

    def _tally(self, name: str) -> int:
        return max(0, read_tallies(self._conn, [name])[name])


def _spelled(value: str) -> Any:
    """A known word as it is, because a partial index is not used for a parameter."""
    return literal_column(f"'{value}'")


def _at_stage(term: Term) -> ColumnElement[bool]:
    at = _contacts.c.stage == _spelled(term.value)
    # It is always so, and names the index that holds them on PostgreSQL.
    return and_(at, _contacts.c.group_id.is_not(None)) if term.value == Stage.GROUPED else at


def _marked(term: Term) -> ColumnElement[bool]:
    if term.value == "favorite":
        return _contacts.c.favorite == literal_column("1")  # type: ignore[no-any-return]
    bit = BADGE_BITS[_BADGE_OF[term.value]]
    return _contacts.c.badges.op("&")(literal_column(str(bit))) != literal_column("0")  # type: ignore[no-any-return]


def _of_kind(term: Term) -> ColumnElement[bool]:
    kinds = [term.value]
    if term.value == Kind.MOBILE:
        # In many plans nobody can tell mobiles from landlines: who looks for mobiles means both.
        kinds.append(Kind.EITHER.value)
    return _contacts.c.kind.in_([_spelled(kind) for kind in kinds])  # type: ignore[no-any-return]


def _from(term: Term) -> ColumnElement[bool]:
    # Contacts from before senders were noted came by the API door, the only one there was.
    sources = ["api", ""] if term.value == "api" else [fold(term.value)]
    return _contacts.c.source.in_(sources)  # type: ignore[no-any-return]
