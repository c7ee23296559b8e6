"""A view as queries: which contacts it holds, in which order, and who stands before whom.

Every order is a run of segments that follow the id, so that each reads by keyset along an
index: newest and oldest are one segment, favorites first are two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.engine import Connection

from storage import list_statements as statements
from storage.ahead import Ahead
from storage.dialects import among, is_postgresql
from storage.driver import Written, fetch
from storage.glimpses import CAP, Ask, End, Key, Patience, Stood
from storage.ids import LARGEST
from storage.list_statements import flagged, in_place
from storage.search import Search
from storage.tables import Contact
from storage.tallies import group_tally, read_tallies, stage_tally, tallies
from storage.words import Order, Place, Stage, View

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]

NEAR = 20_000
"""So many rows from an end of a list a row's number is counted while a person waits, which takes
a millisecond or two; farther from both it may be reckoned."""

FEW_FAVORITES = 20_000
"""Up to so many favorites are searched one by one, which beats the search index."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Contacts that follow each other by id."""

    where: ColumnElement[bool]
    descending: bool
    favorite: bool | None = None
    """Whether it holds the favorites, or the others; None: both."""

    def beyond(self, ident: int, *, forward: bool, inclusive: bool = False) -> ColumnElement[bool]:
        """The part of it beyond an id, going forward or back."""
        edge = self.edge(ident, forward=forward, inclusive=inclusive)
        down = self.descending is forward
        return _contacts.c.id < edge if down else _contacts.c.id > edge  # type: ignore[no-any-return]

    def edge(self, ident: int, *, forward: bool, inclusive: bool) -> int:
        """The id that a part of it lies strictly beyond."""
        # Ids are whole numbers, so their neighbour makes the bound inclusive. Where all ids end,
        # which stands for the place of arrivals, there is none, and no contact either.
        return min(LARGEST, ident + (inclusive if self.descending is forward else -inclusive))


class Listing:
    """The contacts of a view, in one snapshot.

    Args:
        conn: The snapshot.
        view: What is listed.
        patience: For how long a search may look; as long as it takes when left out.
    """

    def __init__(self, conn: Connection, view: View, patience: Patience | None = None) -> None:
        self._conn = conn
        self.view = view
        self.versions: dict[int, int] = {}
        """Of the rows that were come by."""
        self._ahead = Ahead(conn)
        self._search = Search(conn, view.search, patience)
        self.searching = bool(self._search)
        place = in_place(view)
        descending = view.order is not Order.OLDEST
        if view.order is Order.FAVORITE:
            self.segments = [Segment(flagged(place, each), True, each) for each in (True, False)]
        else:
            self.segments = [Segment(place, descending)]
        self._place = place
        self._group = (view.group_id,) if view.place is Place.GROUP else ()

    # Reading along the order.

    def keys(
        self, start: Key | None, *, forward: bool, limit: int, inclusive: bool = False
    ) -> list[Key]:
        """The keys that follow a key in the order, or precede it.

        Args:
            start: Where to begin; None: at the end that lies behind.
            forward: Towards the end of the list; otherwise towards its beginning, nearest first.
            limit: The most keys.
            inclusive: Begin with the contact of `start` itself, if the view holds it.
        """
        found: list[Key] = []
        segments = self.segments if forward else self.segments[::-1]
        own = self._segment_of(start)
        if own is not None:
            segments = segments[segments.index(own) :]
        for segment in segments:
            if len(found) >= limit or self._search.unfinished:
                break
            beyond = None
            if start is not None and segment is own:
                beyond = segment.edge(start.id, forward=forward, inclusive=inclusive)
            ids = self._ids(segment, beyond, forward, limit - len(found))
            found += [Key(ident, bool(segment.favorite)) for ident in ids]
        return found

    def ids_below(self, below: int | None, limit: int) -> Sequence[int]:
        """The ids that follow one in a view with the newest first.

        An index alone tells those of the queue: to look at each row as well took ten times as long.
        """
        if self.searching:
            start = None if below is None else Key(below)
            return [key.id for key in self.keys(start, forward=True, limit=limit)]
        [segment] = self.segments
        window = self._window_of(segment, below, True, limit, bare=True)
        return [ident for (ident,) in fetch(self._conn, *window)]

    def current(self, key: Key) -> Key:
        """The key as it stands now: a contact may have become a favorite."""
        if self.view.order is not Order.FAVORITE:
            return key
        favorite = self._scalar(self._favorite_in(key.id))
        return key if favorite is None else Key(key.id, bool(favorite))

    def _favorite_in(self, ident: int) -> Written:
        return statements.favorite_in(self.view.place), (*self._group, ident)

    def _segment_of(self, key: Key | None) -> Segment | None:
        if key is None:
            return None
        if len(self.segments) == 1:
            return self.segments[0]
        return self.segments[0 if key.favorite else 1]

    @property
    def unfinished(self) -> bool:
        """Whether patience ran out: the keys that were read last are the first of more."""
        return self._search.unfinished

    def take_time(self) -> None:
        """From here on a search takes as long as it takes."""
        self._search.patience.take_time()

    def _ids(
        self, segment: Segment, beyond: int | None, forward: bool, limit: int
    ) -> Sequence[int]:
        descending = segment.descending is forward
        asked = self._search.narrowing.favorite
        if None not in (asked, segment.favorite) and asked is not segment.favorite:
            return []
        if self.searching and not (segment.favorite and self._favorites <= FEW_FAVORITES):
            return self._search.ids(segment.where, limit=limit, beyond=beyond, newest=descending)
        if not self.searching:
            rows = self._ahead.window(self._window_of(segment, beyond, forward, limit))
            self.versions.update(rows)
            return [row[0] for row in rows]
        query = select(_contacts.c.id).where(segment.where, self._search.condition).limit(limit)
        if beyond is not None:
            query = query.where(segment.beyond(beyond, forward=forward))
        column = _contacts.c.id
        return self._conn.scalars(query.order_by(column.desc() if descending else column)).all()

    def _window_of(
        self,
        segment: Segment,
        beyond: int | None,
        forward: bool,
        limit: int,
        *,
        bare: bool = False,
    ) -> Written:
        descending = segment.descending is forward
        query = statements.window(
            self.view.place, segment.favorite, descending, beyond is not None, bare=bare
        )
        edge = () if beyond is None else (beyond,)
        return query, (*self._group, *edge, limit)

    def look_ahead(self, ask: Ask) -> None:
        """Reads in one turn what most looks are about: the total, the rows around a place."""
        at = None if isinstance(ask.at, End) else ask.at
        if self.searching or isinstance(at, int):
            return
        counters = tallies(self._conn, self._counters)
        about = [] if at is None else self._about(at, ask)
        at_top = at is None or (ask.hint is not None and ask.hint < ask.before)
        if not (at_top and self.view.order is Order.NEWEST):
            # Whoever sees the top of the list sees them.
            about.append(self._newest)
            if ask.newer_than is not None:
                about.append(self._newer(ask.newer_than, CAP + 1))
        counted, *_ = self._ahead.read(
            *counters.asked, *about, windows=self._windows_around(at, ask.before, ask.after)
        )
        self.total = max(0, sum(counters.told([*counted]).values()))

    def _about(self, at: Key, ask: Ask) -> list[Written]:
        """What is asked about a contact besides the rows around it."""
        own = self._segment_of(at) or self.segments[0]
        about = []
        if self.view.order is Order.FAVORITE:
            idents = {at.id} if ask.cursor is None else {at.id, ask.cursor.id}
            about += [self._favorite_in(ident) for ident in idents]
        if own.favorite is False or (own.favorite and ask.hint is None):
            about.append(self._counting(True))
        if ask.hint is None and (own.favorite or not self._mirrors(ask.stood)):
            about += [self._end_of(own, newest=each) for each in (False, True)]
        return about

    def _windows_around(self, at: Key | None, before: int, after: int) -> list[Written]:
        """The rows before and behind a contact, also where those are of another segment."""
        own = self._segment_of(at) or self.segments[0]
        if at is None:
            return [self._window_of(own, None, True, after)]
        edges = (own.edge(at.id, forward=each, inclusive=each) for each in (True, False))
        windows = [
            self._window_of(own, edge, forward, limit)
            for edge, forward, limit in zip(edges, (True, False), (after, before), strict=True)
        ]
        for other in self.segments:
            if other is not own:
                forward = own is self.segments[0]
                windows.append(self._window_of(other, None, forward, after if forward else before))
        return windows

    # Counting. Not for searches, which are counted along the way.

    @cached_property
    def total(self) -> int:
        """How many contacts the place holds, by its counters."""
        return max(0, sum(read_tallies(self._conn, self._counters).values()))

    @property
    def _counters(self) -> list[str]:
        view = self.view
        if view.place is Place.GROUP:
            return [group_tally(view.group_id or 0)]
        if view.place is Place.ALL:
            return [stage_tally(stage) for stage in Stage if stage is not Stage.DELETED]
        return [stage_tally(Stage.QUEUED if view.place is Place.QUEUE else Stage.SUPPRESSED)]

    @cached_property
    def _favorites(self) -> int:
        if self.view.order is not Order.FAVORITE:
            return 0
        return self._count(True)

    def place_of(self, key: Key, hint: int | None) -> int:
        """How many contacts stand before a key, counted from the end that it is nearer to.

        Args:
            key: Of which contact.
            hint: About how many there are; None: nobody knows.
        """
        segment = self._segment_of(key) or self.segments[0]
        offset, size = self._extent(segment)
        inside = self._guess(segment, key.id, size) if hint is None else hint - offset
        if inside <= size // 2:
            return offset + self._part(segment, key.id, before=True)
        # The contact itself, if it is still there, is not before itself.
        return offset + size - self._part(segment, key.id, before=False)

    def place_about(self, key: Key, ask: Ask) -> tuple[int, bool]:
        """The same, or about how many where that is asked for and the key is far from both ends.

        Returns:
            How many, and whether that is reckoned.
        """
        segment = self._segment_of(key) or self.segments[0]
        if not ask.reckon or segment.favorite:
            # All favorites are counted already.
            return self.place_of(key, ask.hint), False
        offset, size = self._extent(segment)
        inside = 0
        for about in self._reckonings(segment, key, ask):
            inside = max(0, min(about, size))
            before = inside <= size // 2
            if (inside if before else size - inside) <= NEAR:
                # What was reckoned may be far off.
                few = self._few(segment, key.id, before=before)
                if few is not None:
                    return offset + (few if before else size - few), False
        return offset + inside, True

    def _reckonings(self, segment: Segment, key: Key, ask: Ask) -> Iterator[int]:
        """About how many of a segment stand before a key; each further one is dearer and better."""
        offset, size = self._extent(segment)
        stood = ask.stood
        if stood is not None and self._mirrors(stood):
            yield size - 1 - stood.older if segment.descending else stood.older
        elif ask.hint is not None:
            yield ask.hint - offset
        else:
            yield self._guess(segment, key.id, size)
            if stood is not None:
                favorites = self._count(True, "<", key.id)
                older = stood.older + (favorites if stood.order is Order.FAVORITE else -favorites)
                yield size - 1 - older if segment.descending else older

    def _mirrors(self, stood: Stood | None) -> bool:
        """Whether favorites have a place of their own in both orders or in none."""
        if stood is None:
            return False
        return (stood.order is Order.FAVORITE) is (self.view.order is Order.FAVORITE)

    def _guess(self, segment: Segment, ident: int, size: int) -> int:
        """About how many of a segment stand before an id, as if they had come in evenly."""
        ends = (self._end_of(segment, newest=each) for each in (False, True))
        oldest, newest = (self._scalar(each) or 0 for each in ends)
        newer = (newest - ident) / max(1, newest - oldest)
        return int(size * (newer if segment.descending else 1 - newer))

    def _end_of(self, segment: Segment, *, newest: bool) -> Written:
        """Asks for the smallest id of a segment or the largest."""
        if self.view.place is Place.ALL and not segment.favorite:
            # Near enough: those that are not deleted are in no index of their own.
            return statements.end_of_all(newest), (1,)
        query = statements.window(self.view.place, segment.favorite, newest, False, bare=True)
        return query, (*self._group, 1)

    def nth(self, place: int, total: int) -> Key | None:
        """The key of a row by its number, reached from the nearer end."""
        if self.searching:
            return self._nth_match(place, total)
        segment = self.segments[-1]
        if len(self.segments) > 1 and place < self._favorites:
            segment = self.segments[0]
        offset, size = self._extent(segment)
        inside = place - offset
        forward = inside <= size // 2
        query = statements.nth(self.view.place, segment.favorite, segment.descending is forward)
        ident = self._scalar((query, (*self._group, inside if forward else size - 1 - inside)))
        return None if ident is None else Key(ident, bool(segment.favorite))

    def _nth_match(self, place: int, total: int) -> Key | None:
        forward = place <= total // 2
        steps = place + 1 if forward else total - place
        keys = self.keys(None, forward=forward, limit=max(1, steps))
        return keys[-1] if keys else None

    def _extent(self, segment: Segment) -> tuple[int, int]:
        if segment.favorite is None:
            return 0, self.total
        if segment.favorite:
            return 0, self._favorites
        return self._favorites, max(0, self.total - self._favorites)

    def _few(self, segment: Segment, ident: int, *, before: bool) -> int | None:
        """The same as `_part` where that is near an end; None: it is not, whatever was reckoned."""
        sign, edge = self._side(segment, ident, before=before)
        query = statements.counted(
            self.view.place, None, sign, capped=True, on_server=is_postgresql(self._conn)
        )
        some = (query, (*self._group, edge, 2 * NEAR))
        if segment.favorite is False:
            self._ahead.read(some, self._counting(True, sign, edge))
        found = self._scalar(some) or 0
        if found >= 2 * NEAR:
            return None
        return found - (self._count(True, sign, edge) if segment.favorite is False else 0)

    def _part(self, segment: Segment, ident: int, *, before: bool) -> int:
        """How many of a segment stand before an id, or from it on."""
        sign, edge = self._side(segment, ident, before=before)
        if segment.favorite is not False:
            return self._count(segment.favorite, sign, edge)
        # All less the favorites: both are counted in an index, the difference is in none.
        self._ahead.read(*(self._counting(each, sign, edge) for each in (None, True)))
        return self._count(None, sign, edge) - self._count(True, sign, edge)

    @staticmethod
    def _side(segment: Segment, ident: int, *, before: bool) -> tuple[str, int]:
        """What the ids before one are compared with and how, or those from it on."""
        edge = segment.edge(ident, forward=not before, inclusive=not before)
        return ">" if segment.descending is before else "<", edge

    def _count(self, favorite: bool | None, sign: str = "", *edge: int) -> int:
        return self._scalar(self._counting(favorite, sign, *edge)) or 0

    def _counting(self, favorite: bool | None, sign: str = "", *edge: int) -> Written:
        there = is_postgresql(self._conn)
        query = statements.counted(self.view.place, favorite, sign, on_server=there)
        return query, (*self._group, *edge)

    def _scalar(self, asked: Written) -> int | None:
        rows = self._ahead.rows(asked)
        return int(rows[0][0]) if rows else None

    def newer_than(self, ident: int, cap: int) -> int:
        """How many contacts have a larger id, counted up to a cap."""
        if self.searching:
            return len(self._newest_first(above=ident, limit=cap))
        return self._scalar(self._newer(ident, cap)) or 0

    def _newer(self, ident: int, cap: int) -> Written:
        return statements.newer(self.view.place), (*self._group, ident, cap)

    def newest(self) -> int | None:
        """The largest id."""
        if self.searching:
            found = self._newest_first(above=None, limit=1)
            return found[0] if found else None
        return self._scalar(self._newest)

    @property
    def _newest(self) -> Written:
        query = statements.window(self.view.place, None, True, False, bare=True)
        return query, (*self._group, 1)

    def _newest_first(self, above: int | None, limit: int) -> list[int]:
        where = self._place if above is None else and_(self._place, _contacts.c.id > above)
        return self._search.ids(where, limit=limit)

    def count(self, top: int | None = None) -> int:
        """How many contacts it holds, counted to the end.

        Args:
            top: Leave out those with a larger id.
        """
        if self.searching:
            place = self._place if top is None else and_(self._place, _contacts.c.id <= top)
            return self._search.count(place)
        if top is None:
            return self.total
        newer = self._count(None, ">", top)
        return max(0, self.total - newer)

    @property
    def condition(self) -> ColumnElement[bool]:
        """What a contact must meet to be in it."""
        return and_(self._place, self._search.condition)

    def holds(self, ids: Sequence[int]) -> frozenset[int]:
        """Which of some contacts it holds."""
        query = select(_contacts.c.id).where(among(self._conn, _contacts.c.id, ids), self._place)
        if self.searching:
            query = query.where(self._search.condition)
        return frozenset(self._conn.scalars(query))
