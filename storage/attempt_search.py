"""Which attempts a view of the intake log holds, in one snapshot.

A request is found by its id, a person by the search index of the contacts, and what requests say
by an index of the log (`storage.attempt_index`). What that does not hold yet is read from the
newest on, a stretch at a time, for as long as a person waits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, literal_column, select, text, true
from sqlalchemy.engine import Connection

from storage.attempt_candidates import Candidates, Span, may_match
from storage.attempt_index import reach
from storage.attempt_words import COLUMNS, has_digits, hay_of
from storage.dialects import among
from storage.folding import LONGEST_QUERY, Query, digits, parse
from storage.glimpses import Patience
from storage.ids import LARGEST
from storage.ids import parse as parse_id
from storage.phones import national, parse_e164
from storage.search import Search
from storage.tables import NAMED_SENDER, Attempt
from storage.words import AttemptView

_attempts: Any = Attempt.__table__  # type: ignore[attr-defined]

PATIENCE = 0.03
"""Seconds that a page may search for before it says how far it came."""
FIRST_STRETCH = 125
LARGEST_STRETCH = 1_000
"""Attempts that are read at a time."""
FEW_CONTACTS = 200
"""Up to so many contacts that match, their attempts are looked up."""
PEOPLE_PATIENCE = 0.01
"""Seconds that who reads page after page looks for contacts before the first page."""
READ_FIRST = 2
"""Stretches that are read before the index is asked for short words."""
_PHONE = re.compile(r"[-+()./ 0-9]+")
PHONE_DIGITS = 7
"""A search of so many digits and nothing else is for a phone."""
_REFUSED: ColumnElement[bool] = _attempts.c.outcome == literal_column("'refused'")


_Step: TypeAlias = tuple[list[int], int | None]
"""Attempts that match, and up to which id all were looked at; None: to the end of a part."""


@dataclass(frozen=True, slots=True)
class FoundAttempts:
    """Ids of attempts, newest first, and how far the search came."""

    ids: list[int]
    more: bool
    searched_to: int | None = None


@dataclass(slots=True)
class People:
    """The contacts that match, for who reads a view page after page: they are looked up once."""

    ids: list[int] | None = None
    """None: not known yet. None of them where they are many."""


class AttemptSearch:
    """A view of the log, ready to be asked.

    Args:
        conn: A snapshot.
        view: Which attempts.
    """

    def __init__(self, conn: Connection, view: AttemptView) -> None:
        self._conn = conn
        self._text = _harmless(view.search)
        self._query = _query(self._text)
        self._numbers = has_digits(self._query)
        self._may_match = may_match(conn, self._query)
        self._view = view
        self._walk = _walk(view)
        self._filter = _filter(view)
        self._hasty = False
        """A page of rows is there already: what is read may be told of after any step."""
        self._filtered = bool(view.door or view.sender or (view.outcome and view.code)) or (
            view.outcome not in ("", "refused")
        )

    def ids(
        self,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int,
        patience: float | Patience = PATIENCE,
        people: People | None = None,
    ) -> FoundAttempts:
        """The attempts between two ids: those nearest to `after`, else the newest.

        Where `people` were not found in time for the first page, their attempts come with a later
        one, also those that are newer than `before`.

        Raises:
            GaveUp: Nobody waits for them any more.
        """
        span = Span(before, after, newest=after is None)
        named = self._named()
        if named is not None:
            return _cut(self._all(select(_attempts.c.id).where(named), span, limit), span, limit)
        if not self._text and not self._filtered:
            return _cut(self._all(self._along(), span, limit), span, limit)
        waits = patience if isinstance(patience, Patience) else Patience(patience)
        known = self._of_contacts(span, limit, people) if self._text else []
        self._hasty = len(known) >= limit
        found, reached = self._read_through(span, limit, waits)
        whole = _cut(sorted({*known, *found}, reverse=span.newest), span, limit)
        if reached is None or (whole.more and not span.is_beyond(whole.ids, reached)):
            return whole
        return FoundAttempts(whole.ids, more=True, searched_to=reached)

    def _named(self) -> ColumnElement[bool] | None:
        """The attempt or the contact that the search names by its id."""
        ident = parse_id(self._text.lower())
        if ident is None:
            return None
        column = _attempts.c.contact_id if self._text.lower().startswith("con_") else _attempts.c.id
        return and_(column == ident, self._filter)

    def _of_contacts(self, span: Span, limit: int, people: People | None) -> list[int]:
        """Attempts of the contacts that match, where those are few."""
        if people is None or span.before is None:
            contacts, whole = self._contacts(None if people is None else Patience(PEOPLE_PATIENCE))
        elif people.ids is None:
            contacts, whole = self._contacts(None)
            span = Span(None, span.after, span.newest)
        else:
            contacts, whole = people.ids, True
        few = whole and len(contacts) <= FEW_CONTACTS
        if people is not None:
            people.ids = (contacts if few else []) if whole else None
        if few:
            return self._theirs(contacts, span, limit)
        if people is None or span.before is not None or not span.newest:
            return []
        # Of many, or of those that were found in time, only what would be found without them:
        # otherwise some would be there and others not.
        found = self._theirs(contacts[:limit], span, limit)
        return self._matches(among(self._conn, _attempts.c.id, found), span)

    def _theirs(self, contacts: list[int], span: Span, limit: int) -> list[int]:
        """Attempts of some contacts."""
        if not contacts:
            return []
        theirs = among(self._conn, _attempts.c.contact_id, contacts)
        # The sum keeps the store from reading the whole log in its order.
        place = _attempts.c.id + 0
        rows = select(_attempts.c.id).where(theirs, self._filter, span.holds(place))
        return [*self._conn.scalars(rows.order_by(span.by(place)).limit(limit + 1))]

    def _contacts(self, patience: Patience | None) -> tuple[list[int], bool]:
        """The newest contacts that match, at most one more than few, and whether time sufficed."""
        search = Search(self._conn, self._text, patience)
        found = search.ids(true(), limit=FEW_CONTACTS + 1)
        return found, len(found) > FEW_CONTACTS or not search.unfinished

    def _read_through(
        self, span: Span, limit: int, waits: Patience
    ) -> tuple[list[int], int | None]:
        """Attempts that match by themselves, and where time ran out.

        Args:
            span: Between which ids.
            limit: One more than so many are enough.
            waits: For how long.
        """
        found: list[int] = []
        for some, end in self._steps(span):
            found += some
            if len(found) > limit:
                return found, None
            if end is not None and waits.is_over():
                return found, end
        return found, None

    def _steps(self, span: Span) -> Iterator[_Step]:
        """What matches, in the order of reading, by the index as far as it reaches."""
        held = reach(self._conn) if self._query else None
        if held is None:
            yield from self._read(span)
            return
        first, last = held
        ways = [
            (span.within(last + 1, LARGEST - 1), self._read),
            (span.within(first, last), self._look_up),
            (span.within(0, first - 1), self._read),
        ]
        for part, step in ways if span.newest else reversed(ways):
            if not part.is_empty:
                yield from step(part)

    def _read(self, span: Span) -> Iterator[_Step]:
        """Reads attempts one after the other."""
        size = FIRST_STRETCH
        while True:
            ends = select(_attempts.c.id).where(self._walk, span.holds(_attempts.c.id))
            ends = ends.order_by(span.by(_attempts.c.id)).limit(1).offset(size - 1)
            end = self._conn.scalar(ends)
            part = span.up_to(end)
            yield self._matches(and_(self._walk, part.holds(_attempts.c.id)), part), end
            if end is None:
                return
            span = span.beyond(end)
            size = min(2 * size, LARGEST_STRETCH)

    def _look_up(self, span: Span) -> Iterator[_Step]:
        """Asks the index, and looks at the attempts it names."""
        candidates = Candidates(self._conn, self._query, self._view)
        if not candidates.is_quick:
            # What stands nearly everywhere is sooner read. There is always time for so much.
            for some, end in islice(self._read(span), READ_FIRST):
                yield some, end if self._hasty else None
                if end is None:
                    return
                span = span.beyond(end)
        words = candidates.words()
        if words is None:
            yield from self._read(span)
            return
        for lot in candidates.lots(words, span):
            where = among(self._conn, _attempts.c.id, lot.ids)
            yield self._matches(where, span) if lot.ids else [], lot.end

    def _matches(self, where: ColumnElement[bool], span: Span) -> list[int]:
        """Those of some attempts that match, in the order of reading."""
        where = and_(where, self._filter)
        if not self._query:
            rows = select(_attempts.c.id).where(where).order_by(span.by(_attempts.c.id))
            return [*self._conn.scalars(rows)]
        said = select(_attempts.c.id, *(_attempts.c[name] for name in COLUMNS))
        said = said.where(where, self._may_match)
        query, numbers = self._query, self._numbers
        found = [
            row.id
            for row in self._conn.execute(said)
            if query.matches(hay_of(row, numbers=numbers))
        ]
        return sorted(found, reverse=span.newest)

    def _along(self) -> Select[Any]:
        return select(_attempts.c.id).where(self._walk)

    def _all(self, rows: Select[Any], span: Span, limit: int) -> list[int]:
        rows = rows.where(span.holds(_attempts.c.id)).order_by(span.by(_attempts.c.id))
        return [*self._conn.scalars(rows.limit(limit + 1))]


def _is_phone(text: str) -> bool:
    return bool(_PHONE.fullmatch(text)) and len(digits(text)) >= PHONE_DIGITS


def _query(text: str) -> Query:
    """What is looked for. A number with its country may stand in a body without."""
    query = parse(text)
    phone = parse_e164(f"+{digits(text)}") if text.startswith("+") and _is_phone(text) else None
    if phone is None or len(query.clauses) != 1:
        return query
    return Query(((*query.clauses[0], (national(phone.e164),)),))


def _harmless(text: str) -> str:
    """A search as any store takes it."""
    written = text[:LONGEST_QUERY].encode("utf-8", "replace").decode()
    return written.replace("\x00", " ").strip()


def _cut(ids: list[int], span: Span, limit: int) -> FoundAttempts:
    """A page of what was found in the order of reading."""
    kept = ids[:limit]
    return FoundAttempts(kept if span.newest else kept[::-1], len(ids) > limit)


def _walk(view: AttemptView) -> ColumnElement[bool]:
    """The condition of the index that a view is read along.

    Conditions of partial indexes are spelled out, because those are not used for a parameter.
    """
    if view.code or view.outcome == "duplicate":
        coded = _attempts.c.code != literal_column("''")
        return and_(_attempts.c.code == (view.code or "ALREADY_OPTED_IN"), coded)
    if view.sender not in ("", "script"):
        return and_(_attempts.c.sender == view.sender, text(NAMED_SENDER))
    if view.outcome == "refused":
        return _REFUSED
    if view.door == "hook":
        return _attempts.c.door == literal_column("'hook'")  # type: ignore[no-any-return]
    return true()


def _filter(view: AttemptView) -> ColumnElement[bool]:
    asked = {name: getattr(view, name) for name in ("outcome", "door", "sender", "code")}
    return and_(true(), *(_attempts.c[name] == said for name, said in asked.items() if said))
