"""Who has a phone number: of those who are not deleted one contact at most, and all who were.

Numbers come in without any order. An index of many of them has a page for each number that comes
in, and that page was half of what a commit of SQLite wrote. So SQLite keeps them in three tables:
new numbers go to a small one, from there to a larger one, many at a time, and from there to the
one with all others, a stretch of neighbours at a time, which stand on few pages. To PostgreSQL a
page costs what was changed in it, and all numbers stand in one table there.

Apart from the contacts, because PostgreSQL writes each version of a contact anew into every index
that the contacts have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine, literal, select, union_all
from sqlalchemy.engine import Connection

from storage.dialects import among, among_packed, is_postgresql, or_fail, packed
from storage.driver import Written, fetch, run, run_together
from storage.ids import public
from storage.rows import inserting
from storage.tables import Contact, FormerPhone, NewPhone, PhoneHolder, YoungPhone

MOST_NEW = 2048
"""Numbers in the smallest table from which on it is emptied into the next one. They stand on a few
pages, so that those of one commit share them."""

MOST_YOUNG = 65_536
"""Numbers in that one from which on a stretch of them is put among all others."""

STRETCH = 4096
"""How many neighbours go there at a time. Some twenty share a page with a million there."""

LOOK_AFTER = 512
"""New numbers of this process after which it counts those of all."""

_NUMBER = re.compile(r"\+[1-9][0-9]{0,14}", re.ASCII)
"""Shorter ones than E.164 usually has among them: `+49 0 1234` is taken for `+491234`."""

_BEYOND = 10**15
"""More than any E.164 number, which has 15 digits at most."""

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_phones: Any = PhoneHolder.__table__  # type: ignore[attr-defined]
_new: Any = NewPhone.__table__  # type: ignore[attr-defined]
_young: Any = YoungPhone.__table__  # type: ignore[attr-defined]
_former: Any = FormerPhone.__table__  # type: ignore[attr-defined]


def number_of(phone: str) -> int:
    """A canonical number as an integer; 0, which nobody has, for what is none."""
    return int(phone) if _NUMBER.fullmatch(phone) else 0


# Looking somebody up.


def held_by(conn: Connection, phones: Iterable[str]) -> Written:
    """A query of the ids of those who have one of these numbers and are not deleted."""
    return _ids(is_postgresql(conn), former=False), _each(conn, phones, former=False)


def ever_held_by(conn: Connection, phones: Iterable[str]) -> Written:
    """A query of the ids of all who have one of these numbers, or had it when deleted."""
    return _ids(is_postgresql(conn), former=True), _each(conn, phones, former=True)


def among_holders(conn: Connection, holders: str) -> str:
    """SQL for being one of those of a query above: a condition on the ids of `contacts`."""
    # As an array PostgreSQL looks each up by its key. What it once prepared for few contacts would
    # else read them all when there are many.
    return f"id = ANY(ARRAY({holders}))" if is_postgresql(conn) else f"id IN ({holders})"


def none_left(conn: Connection, phones: Iterable[str]) -> Written:
    """A condition: nobody who had one of these numbers was deleted."""
    which = among_packed(conn, "number")
    return (
        f"NOT EXISTS (SELECT 1 FROM phones_former WHERE {which})",  # noqa: S608 - our own names
        (_numbers(conn, phones),),
    )


def with_phone(conn: Connection, phones: Iterable[str]) -> ColumnElement[bool]:
    """The contacts that have one of these numbers, deleted or not: a condition on `contacts`."""
    return _contacts.c.id.in_(_selected(conn, phones, former=True))  # type: ignore[no-any-return]


def same_person(conn: Connection, contact_id: int, phone: str) -> ColumnElement[bool]:
    """A contact and the others with its number, deleted or not: a condition on `contacts`.

    Itself also where its phone is no number, by which nobody is found.
    """
    alone = select(literal(contact_id, _contacts.c.id.type))
    with_it = _selecting(conn, [phone], former=True)
    return _contacts.c.id.in_(union_all(alone, *with_it))  # type: ignore[no-any-return]


def living_with(conn: Connection, phones: Iterable[str]) -> ColumnElement[bool]:
    """Those of them that are not deleted."""
    return _contacts.c.id.in_(_selected(conn, phones, former=False))  # type: ignore[no-any-return]


def _selected(conn: Connection, phones: Iterable[str], *, former: bool) -> Any:
    return union_all(*_selecting(conn, phones, former=former))


def _selecting(conn: Connection, phones: Iterable[str], *, former: bool) -> list[Any]:
    numbers = [number_of(phone) for phone in phones]
    return [
        select(table.c.contact_id).where(among(conn, table.c.number, numbers))
        for table in _tables(is_postgresql(conn), former=former)
    ]


def spelled(conn: Connection, column: str) -> str:
    """SQL for the number that a column with a phone holds; NULL where it is none."""
    if is_postgresql(conn):
        known = f"{column} ~ '^[+][1-9][0-9]{{0,14}}$'"
    else:
        known = (
            f"{column} GLOB '+[1-9]*' AND substr({column}, 2) NOT GLOB '*[^0-9]*'"
            f" AND length({column}) <= 16"
        )
    return f"CASE WHEN {known} THEN CAST(substr({column}, 2) AS BIGINT) END"


# Writing it down, in the transaction that makes, deletes or returns the contact.


def adding(conn: Connection, people: Sequence[Sequence[Any]]) -> list[Written]:
    """The statements that give numbers to contacts.

    Args:
        conn: Which of the two stores.
        people: Number and contact of each. Nobody has the number.
    """
    return inserting(conn, _phones if is_postgresql(conn) else _new, people)


def leave(conn: Connection, people: Sequence[tuple[int, str]]) -> None:
    """Notes that contacts are deleted: their numbers are free for others.

    Args:
        conn: An open transaction.
        people: Id and phone of each.
    """
    rows = _numbered(people)
    if not rows:
        return
    ids = packed(conn, [ident for ident, _ in rows])
    numbers = packed(conn, [number for _, number in rows])
    which = f"{among_packed(conn, 'number')} AND {among_packed(conn, 'contact_id')}"
    run_together(
        conn,
        [
            *(
                (f"DELETE FROM {table.name} WHERE {which}", (numbers, ids))  # noqa: S608
                for table in _living(conn)
            ),
            *inserting(conn, _former, rows),
        ],
    )


def come_back(conn: Connection, people: Sequence[tuple[int, str]]) -> None:
    """Notes that contacts are no longer deleted. Nobody else has their numbers.

    Args:
        conn: An open transaction.
        people: Id and phone of each.
    """
    rows = _numbered(people)
    if not rows:
        return
    _forget_former(conn, [ident for ident, _ in rows])
    back = sorted((number, ident) for ident, number in rows)
    run_together(conn, inserting(conn, _phones, back))


def _numbered(people: Sequence[tuple[int, str]]) -> list[tuple[int, int]]:
    """Id and number of those whose phone is one: an old store may hold anything."""
    rows = [(ident, number_of(phone)) for ident, phone in people]
    return [row for row in rows if row[1]]


def forget(conn: Connection, phone: str, ids: Sequence[int]) -> None:
    """Leaves no trace of contacts that have or had a number."""
    which = f"number = ? AND {among_packed(conn, 'contact_id')}"
    for table in _living(conn):
        statement = f"DELETE FROM {table.name} WHERE {which}"  # noqa: S608 - our own names
        run(conn, statement, (number_of(phone), packed(conn, ids)))
    _forget_former(conn, ids)


def _forget_former(conn: Connection, ids: Sequence[int]) -> None:
    which = among_packed(conn, "contact_id")
    run(conn, f"DELETE FROM phones_former WHERE {which}", (packed(conn, ids),))  # noqa: S608


def in_a_row(phone: str) -> bytes:
    """A number as SQLite writes it where it is no row's id; nothing for what is no number."""
    number = number_of(phone)
    size = next(size for size in (1, 2, 3, 4, 6, 8) if number < 1 << 8 * size - 1)
    return number.to_bytes(size, "big") if number else b""


def write_anew(conn: Connection) -> None:
    """Leaves nothing of rows that are gone on the pages of SQLite's tables.

    What is deleted it overwrites, but where it moves rows to another page as one fills up, their
    bytes may stay behind between those that are left. Measured, a million take 0.7 s.
    """
    for table in _tables(is_postgresql(conn), former=True):
        key = next(iter(table.primary_key)).name
        names = ", ".join(table.columns.keys())
        run_together(
            conn,
            [
                (f"CREATE TEMP TABLE anew AS SELECT {names} FROM {table.name} ORDER BY {key}", ()),  # noqa: S608
                (f"DELETE FROM {table.name}", ()),  # noqa: S608 - our own names
                (f"INSERT{or_fail(conn)} INTO {table.name} SELECT {names} FROM anew", ()),  # noqa: S608
                ("DROP TABLE anew", ()),
            ],
        )


# Keeping the small tables small.


class _Place:
    """Where a process stands with the small tables of a store."""

    __slots__ = ("after", "unseen")

    def __init__(self) -> None:
        self.unseen = LOOK_AFTER
        """Numbers since it counted."""
        self.after = 0
        """The last number of the stretch that it moved before."""


_places: WeakKeyDictionary[Engine, _Place] = WeakKeyDictionary()


def settle(conn: Connection, added: int) -> None:
    """Moves numbers on where a small table of SQLite has grown enough.

    Args:
        conn: The transaction that has added numbers.
        added: How many.
    """
    if is_postgresql(conn):
        return
    place = _places.setdefault(conn.engine, _Place())
    place.unseen += added
    if place.unseen < LOOK_AFTER:
        return
    place.unseen = 0
    if _count(conn, _new) < MOST_NEW:
        return
    run(conn, f"INSERT{or_fail(conn)} INTO phones_young SELECT number, contact_id FROM phones_new")  # noqa: S608
    run(conn, "DELETE FROM phones_new")
    if _count(conn, _young) > MOST_YOUNG:
        place.after = _move_stretch(conn, place.after)


def _move_stretch(conn: Connection, after: int) -> int:
    """Puts neighbours among all others; returns the last of them, 0 at the end of the table."""
    ends = fetch(
        conn,
        "SELECT number FROM phones_young WHERE number > ? ORDER BY number LIMIT 1 OFFSET ?",
        (after, STRETCH - 1),
    )
    last = ends[0][0] if ends else _BEYOND
    run(
        conn,
        f"INSERT{or_fail(conn)} INTO phones SELECT number, contact_id FROM phones_young"  # noqa: S608
        " WHERE number > ? AND number <= ?",
        (after, last),
    )
    run(conn, "DELETE FROM phones_young WHERE number > ? AND number <= ?", (after, last))
    return last if ends else 0


def _count(conn: Connection, table: Any) -> int:
    return int(fetch(conn, f"SELECT count(*) FROM {table.name}", ())[0][0])  # noqa: S608 - our own names


# Whether it is right.


def faults(conn: Connection, most: int) -> list[str]:
    """What is wrong with it, a clause for each fault; reads everything.

    Args:
        conn: A snapshot.
        most: Contacts that are named of each kind.
    """
    living = [f"SELECT number, contact_id FROM {table.name}" for table in _living(conn)]  # noqa: S608
    return [
        *_not_found(conn, "<>", living, most),
        *_not_found(conn, "=", ["SELECT number, contact_id FROM phones_former"], most),
        *_shared(conn, most),
        *_too_many(conn, "<>", living),
        *_too_many(conn, "=", ["SELECT number, contact_id FROM phones_former"]),
    ]


def _not_found(conn: Connection, deleted: str, held: Sequence[str], most: int) -> list[str]:
    """Contacts that their number does not lead to."""
    number = spelled(conn, "phone")
    leads = " OR ".join(
        f"EXISTS (SELECT 1 FROM ({each}) AS held WHERE held.number = people.number"  # noqa: S608
        " AND held.contact_id = people.id)"
        for each in held
    )
    people = f"SELECT id, {number} AS number FROM contacts WHERE stage {deleted} 'deleted'"  # noqa: S608
    lost = fetch(
        conn,
        f"SELECT id FROM ({people}) AS people"  # noqa: S608 - our own names
        f" WHERE number IS NOT NULL AND NOT ({leads}) LIMIT ?",
        (most,),
    )
    return [f"{public('con', ident)} is not found by its number" for (ident,) in lost]


def _shared(conn: Connection, most: int) -> list[str]:
    """Contacts that have one number in different tables, of which none knows of the others."""
    pairs = [
        "SELECT one.contact_id, other.contact_id"  # noqa: S608 - our own names
        f" FROM {one.name} AS one CROSS JOIN {other.name} AS other"
        " WHERE other.number = one.number AND other.contact_id <> one.contact_id"
        for one, other in combinations(_living(conn), 2)
    ]
    if not pairs:
        return []
    found = fetch(conn, f"{' UNION ALL '.join(pairs)} LIMIT ?", (most,))
    return [
        f"{public('con', one)} and {public('con', other)} have the same number"
        for one, other in found
    ]


def _too_many(conn: Connection, deleted: str, held: Sequence[str]) -> list[str]:
    """Numbers that lead to nobody, or to somebody else as well."""
    number = spelled(conn, "phone")
    ((people,),) = fetch(
        conn,
        f"SELECT count(*) FROM contacts WHERE stage {deleted} 'deleted' AND {number} IS NOT NULL",  # noqa: S608
    )
    ((numbers,),) = fetch(conn, f"SELECT count(*) FROM ({' UNION ALL '.join(held)}) AS held")  # noqa: S608
    if numbers <= people:
        return []
    whose = "were deleted" if deleted == "=" else "are not deleted"
    return [f"the index of phones has {numbers:,} numbers of {people:,} contacts that {whose}"]


# Statements.


def _living(conn: Connection) -> list[Any]:
    return _tables(is_postgresql(conn), former=False)


def _tables(postgresql: bool, *, former: bool) -> list[Any]:
    living = [_phones] if postgresql else [_new, _young, _phones]
    return [*living, _former] if former else living


def _numbers(conn: Connection, phones: Iterable[str]) -> Any:
    return packed(conn, [number_of(phone) for phone in phones])


def _each(conn: Connection, phones: Iterable[str], *, former: bool) -> tuple[Any, ...]:
    return (_numbers(conn, phones),) * len(_tables(is_postgresql(conn), former=former))


@lru_cache(maxsize=4)
def _ids(postgresql: bool, *, former: bool) -> str:
    which = "number = ANY(?)" if postgresql else "number IN (SELECT value FROM json_each(?))"
    return " UNION ALL ".join(
        f"SELECT contact_id FROM {table.name} WHERE {which}"  # noqa: S608 - our own names
        for table in _tables(postgresql, former=former)
    )
