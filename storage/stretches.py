"""Finding the stretch of a list that somebody looks at, and its place in the whole."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace

from storage.glimpses import CAP, Ask, End, Glimpse, Key
from storage.listings import Listing
from storage.words import Order


@dataclass(frozen=True, slots=True)
class Seen:
    """What is to be shown: keys for the rows, and the figures."""

    keys: list[Key]
    cursor: Key | None
    glimpse: Glimpse


@dataclass(slots=True)
class Stretch:
    """Consecutive keys of a list."""

    keys: list[Key]
    start: int
    """The number of the first."""
    at: int
    """Where among them the place is that was asked for."""
    head: bool
    tail: bool
    reckoned: bool = False
    """`start` was reckoned and not counted."""

    def find(self, key: Key, order: Order) -> int | None:
        """Where a key is among them, or the one that took its place; None: not among them."""
        where = bisect_left(self.keys, key.rank(order), key=lambda each: each.rank(order))
        if where == len(self.keys):
            return where - 1 if self.tail and self.keys else None
        missing = where == 0 and not self.head and self.keys[0].id != key.id
        return None if missing else where


def look(listing: Listing, ask: Ask) -> Seen:
    """A view without a search: its total is known, so every row has a number."""
    if isinstance(ask.at, Key) or ask.at is End.HEAD:
        listing.look_ahead(ask)
    total = listing.total
    stretch = _stretch(listing, ask, total)
    total = _reconciled(stretch, total)
    place, cursor = _cursor(
        listing, ask, stretch, lambda key: listing.place_of(key, ask.cursor_hint)
    )
    newest, newer = _arrived(listing, ask, stretch)
    glimpse = Glimpse(
        rows=(),
        start=stretch.start,
        total=total,
        reckoned=stretch.reckoned,
        head=stretch.head,
        tail=stretch.tail,
        place=stretch.start + stretch.at,
        cursor=None if place is None else max(0, min(place, total - 1)),
        newest=newest,
        newer=newer,
    )
    return Seen(stretch.keys, cursor, glimpse)


def _arrived(listing: Listing, ask: Ask, stretch: Stretch) -> tuple[int | None, int]:
    """The newest contact and how many are newer than those that the asker knows.

    Whoever sees the top of the list sees them, and need not ask.
    """
    keys, bound = stretch.keys, ask.newer_than
    if stretch.head and ask.view.order is Order.NEWEST:
        newest = keys[0].id if keys else None
        if bound is None:
            return newest, 0
        if stretch.tail or (keys and keys[-1].id <= bound):
            return newest, sum(key.id > bound for key in keys)
    return listing.newest(), 0 if bound is None else listing.newer_than(bound, CAP + 1)


def look_at_search(listing: Listing, ask: Ask) -> Seen:
    """A search: the first matches tell nearly everything, and are counted up to a cap."""
    order = ask.view.order
    cap = min(CAP, ask.before + ask.after) if ask.quick else CAP
    short = listing.keys(None, forward=True, limit=cap + 1)
    if listing.unfinished:
        return _seen_so_far(ask, short)
    listing.take_time()
    capped = len(short) > cap
    total = max(CAP, ask.total or 0) if capped else len(short)
    stretch = _stretch_of_short(listing, ask, short, capped)
    if stretch is None and cap < CAP:
        # Farther down than a quick look reaches.
        return look_at_search(listing, replace(ask, quick=False))
    stretch = stretch or _stretch(listing, ask, total)
    total = _reconciled(stretch, total)

    def place_of(key: Key) -> int:
        found = bisect_left(short, key.rank(order), key=lambda each: each.rank(order))
        return found if found < len(short) or not capped else max(CAP, ask.cursor_hint)

    place, cursor = _cursor(listing, ask, stretch, place_of)
    newest, newer = _arrivals(listing, ask, short, capped)
    glimpse = Glimpse(
        rows=(),
        start=stretch.start,
        total=total,
        more=capped and ask.total is None and not stretch.tail,
        rough=capped and cap < CAP and not stretch.tail,
        head=stretch.head,
        tail=stretch.tail,
        place=stretch.start + stretch.at,
        cursor=None if place is None else max(0, min(place, total - 1)),
        newest=newest,
        newer=newer,
    )
    return Seen(stretch.keys, cursor, glimpse)


def _seen_so_far(ask: Ask, short: list[Key]) -> Seen:
    """The first matches of a search that takes longer than anybody waits."""
    order = ask.view.order

    def place_of(key: Key) -> int:
        place = bisect_left(short, key.rank(order), key=lambda each: each.rank(order))
        return max(0, min(place, len(short) - 1))

    if isinstance(ask.at, Key):
        place = place_of(ask.at)
    elif isinstance(ask.at, End):
        place = 0 if ask.at is End.HEAD else max(0, len(short) - 1)
    else:
        place = max(0, min(ask.at, len(short) - 1))
    first = max(0, place - ask.before)
    keys = short[first : place + ask.after]
    cursor = None if ask.cursor is None or not short else place_of(ask.cursor)
    bound = ask.newer_than
    glimpse = Glimpse(
        rows=(),
        start=first,
        total=len(short),
        more=True,
        unfinished=True,
        head=first == 0,
        tail=first + len(keys) == len(short),
        place=place,
        cursor=cursor,
        newest=max((key.id for key in short), default=None),
        newer=0 if bound is None else sum(key.id > bound for key in short),
    )
    return Seen(keys, None if cursor is None else short[cursor], glimpse)


def _reconciled(stretch: Stretch, total: int) -> int:
    """The total, corrected by what was seen of the list itself."""
    seen = stretch.start + len(stretch.keys)
    return seen if stretch.tail else max(total, seen)


def _stretch(listing: Listing, ask: Ask, total: int) -> Stretch:
    if isinstance(ask.at, Key):
        return _around(listing, ask, ask.at, total)
    if ask.at is End.TAIL:
        return _from_tail(listing, ask, total)
    wanted = 0 if ask.at is End.HEAD else max(0, min(int(ask.at), total - 1))
    first = max(0, wanted - ask.before)
    size = wanted - first + ask.after
    start_key = None if first == 0 else listing.nth(first, total)
    if first and start_key is None:
        # Fewer rows than were counted.
        return _from_tail(listing, ask, total)
    keys = listing.keys(start_key, forward=True, limit=size, inclusive=True)
    at = max(0, min(wanted - first, len(keys) - 1))
    return Stretch(keys, first, at, head=first == 0, tail=len(keys) < size)


def _from_tail(listing: Listing, ask: Ask, total: int) -> Stretch:
    size = ask.before + ask.after
    keys = listing.keys(None, forward=False, limit=size)[::-1]
    head = len(keys) < size
    start = 0 if head else max(0, total - len(keys))
    return Stretch(keys, start, max(0, len(keys) - 1), head, tail=True)


def _around(listing: Listing, ask: Ask, key: Key, total: int) -> Stretch:
    key = listing.current(key)
    found = listing.keys(key, forward=True, limit=ask.after, inclusive=True)
    above = listing.keys(key, forward=False, limit=ask.before)
    head, tail = len(above) < ask.before, len(found) < ask.after
    keys = above[::-1] + found
    reckoned = False
    if head:
        start = 0
    elif tail and not (listing.searching and ask.total is None):
        start = max(0, total - len(keys))
    elif listing.searching:
        # Too far down to be counted: the asker's own number is as good as any.
        start = max(CAP, ask.hint or 0) - len(above)
    else:
        place, reckoned = listing.place_about(key, ask)
        start = place - len(above)
        if reckoned:
            start = max(0, min(start, total - len(keys)))
    head = head or (start == 0 and not reckoned)
    return Stretch(keys, start, max(0, min(len(above), len(keys) - 1)), head, tail, reckoned)


def _stretch_of_short(listing: Listing, ask: Ask, short: list[Key], capped: bool) -> Stretch | None:
    """The stretch, if it begins within the first matches."""
    order = ask.view.order
    if isinstance(ask.at, Key):
        key = listing.current(ask.at)
        place = bisect_left(short, key.rank(order), key=lambda each: each.rank(order))
    elif ask.at is End.TAIL and not capped:
        first = max(0, len(short) - ask.before - ask.after)
        keys = short[first:]
        return Stretch(keys, first, max(0, len(keys) - 1), head=first == 0, tail=True)
    elif isinstance(ask.at, End):
        place = 0 if ask.at is End.HEAD else len(short)
    else:
        place = max(0, ask.at)
    if place >= len(short):
        if capped:
            return None
        place = max(0, len(short) - 1)
    first, end = max(0, place - ask.before), place + ask.after
    keys, tail = short[first:end], end > len(short)
    if capped and tail:
        rest = listing.keys(short[-1], forward=True, limit=end - len(short))
        tail = len(rest) < end - len(short)
        keys += rest
    return Stretch(keys, first, place - first, head=first == 0, tail=tail)


def _cursor(
    listing: Listing, ask: Ask, stretch: Stretch, place_of: Callable[[Key], int]
) -> tuple[int | None, Key | None]:
    """The number and key of the cursor's contact, or of its neighbour when it left the view."""
    if ask.cursor is None:
        return None, None
    key = listing.current(ask.cursor)
    where = stretch.find(key, ask.view.order)
    if where is not None:
        return stretch.start + where, stretch.keys[where]
    near = listing.keys(key, forward=True, limit=1, inclusive=True)
    near = near or listing.keys(key, forward=False, limit=1)
    return (place_of(key), near[0]) if near else (None, None)


def _arrivals(listing: Listing, ask: Ask, short: list[Key], capped: bool) -> tuple[int | None, int]:
    """The newest match and how many are newer than those that the asker knows."""
    bound = ask.newer_than
    if capped and ask.view.order is not Order.NEWEST:
        return listing.newest(), 0 if bound is None else listing.newer_than(bound, CAP + 1)
    newest = max((key.id for key in short), default=None)
    return newest, 0 if bound is None else sum(key.id > bound for key in short)
