"""Which attempts a view of the intake log holds, in one snapshot.

The log has no text index of every lead, which would cost more than taking it in does. Instead, what
people mostly look for is looked up: a request by its id, a person by the search index of the
contacts, and whatever a refused request says by an index of those. The rest is read from the
newest on, a stretch at a time, for as long as a person waits.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select, text, true
from sqlalchemy.engine import Connection

from storage.dialects import among, is_postgresql
from storage.folding import LONGEST_QUERY, Query, digits, parse
from storage.ids import parse as parse_id
from storage.phones import national, parse_e164
from storage.refused_search import RefusedSearch, Span
from storage.search import Search, matching
from storage.tables import NAMED_SENDER, Attempt
from storage.words import AttemptView

_attempts: Any = Attempt.__table__  # type: ignore[attr-defined]

PATIENCE = 0.04
"""Seconds that a page may search for before it says how far it came."""
FIRST_STRETCH = 500
LARGEST_STRETCH = 2_000
"""Attempts that are read at a time."""
FEW_CONTACTS = 200
"""Up to so many contacts that match, their attempts are looked up."""
FEW_DIGITS = 4
"""So many digits in a search may be part of a phone, however that is spelled."""
_PUNCTUATION = " -()."
_PHONE = re.compile(r"[-+()./ 0-9]+")
PHONE_DIGITS = 7
"""A search of so many digits and nothing else is for a phone."""
_REFUSED: ColumnElement[bool] = _attempts.c.outcome == literal_column("'refused'")


@dataclass(frozen=True, slots=True)
class FoundAttempts:
    """Ids of attempts, newest first, and how far the search came."""

    ids: list[int]
    more: bool
    searched_to: int | None = None


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
        self._walk = _walk(view)
        self._filter = _filter(view)
        self._filtered = bool(view.door or view.sender or (view.outcome and view.code)) or (
            view.outcome not in ("", "refused")
        )

    def ids(
        self,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int,
        patience: float = PATIENCE,
    ) -> FoundAttempts:
        """The attempts between two ids: those nearest to `after`, else the newest."""
        span = Span(before, after, newest=after is None)
        named = self._named()
        if named is not None:
            return _cut(self._all(select(_attempts.c.id).where(named), span, limit), span, limit)
        if not self._text and not self._filtered:
            return _cut(self._all(self._along(), span, limit), span, limit)
        until = time.monotonic() + patience
        walk: ColumnElement[bool] | None = self._walk
        known: list[int] = []
        if self._text:
            contacts = self._of_contacts(span, limit)
            refused = RefusedSearch(conn=self._conn, query=self._query, where=self._filter)
            said = refused.find(span, limit, until)
            known = [*(contacts or ()), *said.ids]
            if contacts is not None and _is_phone(self._text):
                # Who was taken in has a contact with that phone: only who was refused is read for.
                walk = None if said.unread is None else and_(_REFUSED, said.unread)
        found, reached = ([], None) if walk is None else self._read(walk, span, limit, until)
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

    def _of_contacts(self, span: Span, limit: int) -> list[int] | None:
        """Attempts of the contacts that match; None where those are many."""
        contacts = Search(self._conn, self._text).ids(true(), limit=FEW_CONTACTS + 1)
        if len(contacts) > FEW_CONTACTS:
            return None
        if not contacts:
            return []
        theirs = among(self._conn, _attempts.c.contact_id, contacts)
        # The sum keeps the store from reading the whole log in its order.
        place = _attempts.c.id + 0
        rows = select(_attempts.c.id).where(theirs, self._filter, span.holds(place))
        rows = rows.order_by(span.by(place)).limit(limit + 1)
        return [*self._conn.scalars(rows)]

    def _read(
        self, walk: ColumnElement[bool], span: Span, limit: int, until: float
    ) -> tuple[list[int], int | None]:
        """Attempts that match by themselves, and where time ran out.

        Args:
            walk: The condition of the index to read along.
            span: Between which ids.
            limit: One more than so many are enough.
            until: When to stop, by the monotonic clock.
        """
        found: list[int] = []
        size = FIRST_STRETCH
        while True:
            ends = select(_attempts.c.id).where(walk, span.holds(_attempts.c.id))
            ends = ends.order_by(span.by(_attempts.c.id)).limit(1).offset(size - 1)
            end = self._conn.scalar(ends)
            rows = self._matches(and_(walk, self._filter, span.up_to(end).holds(_attempts.c.id)))
            rows = rows.order_by(span.by(rows.selected_columns[0])).limit(limit + 1 - len(found))
            found += self._conn.scalars(rows).all()
            if end is None or len(found) > limit:
                return found, None
            if time.monotonic() >= until:
                return found, end
            span = span.beyond(end)
            size = min(2 * size, LARGEST_STRETCH)

    def _matches(self, where: ColumnElement[bool]) -> Select[Any]:
        """Those of some attempts in which the words of the search stand."""
        if not self._text:
            return select(_attempts.c.id).where(where)
        said = select(_attempts.c.id, _attempts.c.body, self._hay().label("hay")).where(where)
        if len(digits(self._text)) >= FEW_DIGITS:
            # Dear to put together, and looked at for each spelling of the phone: made once a row.
            part: Any = said.cte("said").prefix_with("MATERIALIZED")
        else:
            part = said.subquery()
        position = func.strpos if is_postgresql(self._conn) else func.instr
        # As written too: a body is not folded, so a name with accents stands there with them.
        as_written = position(part.c.body, self._text) > 0
        return select(part.c.id).where(
            or_(matching(self._conn, self._query, part.c.hay), as_written)
        )

    def _hay(self) -> ColumnElement[str]:
        """What the words of a search are looked for in."""
        hay: Any = _attempts.c.body
        for name in ("user_agent", "sender", "code", "reason", "peer"):
            hay = hay.concat("\n").concat(_attempts.c[name])
        hay = func.lower(hay)
        if len(digits(self._text)) >= FEW_DIGITS:
            bare: Any = _attempts.c.body
            for mark in _PUNCTUATION:
                bare = func.replace(bare, mark, "")
            hay = hay.concat("\n").concat(bare)
        return hay  # type: ignore[no-any-return]

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
