"""The intake log: every authenticated attempt and what became of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, literal_column, select
from sqlalchemy.engine import Connection

from storage import attempt_index
from storage.attempt_search import PATIENCE, AttemptSearch, People
from storage.dialects import among, run_counted
from storage.errors import NotFound
from storage.glimpses import Patience
from storage.ids import id_at, public
from storage.refusals import in_words
from storage.senders import OWN_AGENT, title_of, when_off
from storage.tables import Attempt, ConsentEvent, Contact
from storage.times import now
from storage.words import AttemptView, Stage

__all__ = ["AttemptView"]

_attempts: Any = Attempt.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_events: Any = ConsentEvent.__table__  # type: ignore[attr-defined]

RECENT_ATTEMPTS = 20_000
"""How many of the newest attempts are asked for who sends."""
COUNTED = 10_000
"""Up to so many attempts a view is counted."""


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt as lists show it. Its texts are untrusted."""

    id: int
    at: datetime
    door: str
    outcome: str
    code: str
    reason: str
    contact_id: int | None
    peer: str
    user_agent: str
    body: str
    sender: str = ""
    media: str = ""
    replay_of: int | None = None
    phone: str = ""
    """Of the contact, where there is one; else what a refused one was about, as far as is known."""
    name: str = ""
    """Of the contact, where there is one."""

    @property
    def request_id(self) -> str:
        """`req_` and 16 hex digits."""
        return public("req", self.id)

    @property
    def why(self) -> str:
        """Why it was none, or a duplicate, as its sender was told; else what there is to say."""
        told = self.outcome != "accepted"
        return in_words(self.code, self.reason, self.door) if told else self.reason


@dataclass(frozen=True, slots=True)
class AttemptPage:
    """A stretch of the intake log, newest first."""

    rows: tuple[AttemptRow, ...]
    more: bool
    """Whether there is more to read: older attempts, or with `after` newer ones."""
    searched_to: int | None = None
    """Where time ran out: nothing beyond this id was searched yet, though rows beyond it whose
    contact matches may be here already. None where the page is whole."""

    @property
    def next(self) -> int | None:
        """The `before` (or `after`) to go on with; None at the end."""
        if not self.more:
            return None
        return self.searched_to if self.searched_to is not None else self.rows[-1].id

    def followed_by(self, later: AttemptPage) -> AttemptPage:
        """This page and the one that was read from its `next` on, as one."""
        rows = {row.id: row for row in (*self.rows, *later.rows)}
        ordered = tuple(rows[ident] for ident in sorted(rows, reverse=True))
        return AttemptPage(ordered, later.more, later.searched_to)


@dataclass(frozen=True, slots=True)
class AttemptContact:
    """Whom an attempt became. Its texts are untrusted."""

    id: int
    phone: str
    name: str
    stage: Stage
    first_at: datetime | None
    """When they opted in for the first time; None where that is not kept any more."""
    first_request: str
    """The request that brought it; empty where none did, or that is not kept any more."""


@dataclass(frozen=True, slots=True)
class AttemptDetail:
    """One attempt with everything that is kept of it. Its texts are untrusted."""

    row: AttemptRow
    key_id: int | None
    headers: tuple[tuple[str, str], ...]
    """Those that tell something; credentials were never kept."""
    contact: AttemptContact | None
    replays: tuple[AttemptRow, ...]
    """The attempts that mend this one, the newest first."""


@dataclass(frozen=True, slots=True)
class AttemptCount:
    """How many attempts a view holds."""

    n: int
    exact: bool
    """False where counting stopped at a limit: there are at least so many."""


@dataclass(frozen=True, slots=True)
class RecentSender:
    """Who sends, and what it does while the integration is off. Its texts are untrusted."""

    sender: str
    """The recognised sender, or empty."""
    title: str
    """What people call it; the user agent where it was not recognised."""
    door: str
    count: int
    last_at: datetime
    when_off: str
    """What becomes of its leads while the integration is off."""


def page(
    conn: Connection,
    view: AttemptView,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int = 100,
    patience: float | Patience = PATIENCE,
    people: People | None = None,
) -> AttemptPage:
    """Reads a stretch of the log.

    Ids, people and words are looked up in indexes, at any age. What is not indexed yet is read,
    until the page is full or time is up; then the page says how far it came.

    Args:
        conn: A snapshot.
        view: Which attempts.
        before: Only those older than this id.
        after: Only those newer than this id, those nearest to it.
        limit: At most so many.
        patience: Seconds to search for, or somebody who may give up.
        people: Kept by who reads page after page.

    Raises:
        GaveUp: Nobody waits for it any more.
    """
    found = AttemptSearch(conn, view).ids(
        before=before, after=after, limit=limit, patience=patience, people=people
    )
    rows = _load(conn, found.ids)
    return AttemptPage(tuple(rows), found.more, found.searched_to)


def newest(conn: Connection) -> int:
    """The id of the newest attempt; 0 where there is none."""
    return int(conn.scalar(select(func.max(_attempts.c.id))) or 0)


def count(conn: Connection, view: AttemptView, *, newer_than: int | None = None) -> AttemptCount:
    """How many attempts a view holds, up to `COUNTED`.

    Args:
        conn: A snapshot.
        view: Which attempts.
        newer_than: Only those above this id in the list: the place of an attempt.
    """
    found = AttemptSearch(conn, view).ids(after=newer_than, limit=COUNTED)
    return AttemptCount(len(found.ids), not found.more)


def get(conn: Connection, ident: int) -> AttemptDetail:
    """One attempt, whole.

    Raises:
        NotFound: There is none, or its time was up.
    """
    kept = conn.execute(
        select(_attempts.c.key_id, _attempts.c.headers).where(_attempts.c.id == ident)
    ).one_or_none()
    if kept is None:
        raise NotFound(
            f"There is no attempt {public('req', ident)} in the intake log.",
            "See: optdesk attempts list",
        )
    (row,) = _load(conn, [ident])
    replays = conn.scalars(
        select(_attempts.c.id)
        .where(_attempts.c.replay_of == ident, _attempts.c.replay_of.is_not(None))
        .order_by(_attempts.c.id.desc())
        .limit(20)
    )
    contact = _contact(conn, row.contact_id)
    return AttemptDetail(
        row, kept.key_id, _headers(kept.headers), contact, tuple(_load(conn, replays.all()))
    )


def listing(conn: Connection, *, limit: int = 100, refused_only: bool = False) -> list[AttemptRow]:
    """The newest attempts."""
    view = AttemptView(outcome="refused" if refused_only else "")
    return list(page(conn, view, limit=limit).rows)


def refusals_since(conn: Connection, moment: datetime) -> dict[str, int]:
    """How many attempts of senders were refused since a moment, by error code."""
    refused = (
        select(_attempts.c.code, func.count())
        .where(_attempts.c.id >= id_at(moment), _refused())
        .group_by(_attempts.c.code)
        .order_by(_attempts.c.code)
    )
    # Along the index of replays, of which there are few.
    replayed = conn.execute(refused.where(_attempts.c.replay_of.is_not(None)))
    own = Counter({row.code: row[1] for row in replayed})
    counts = {row.code: row[1] - own[row.code] for row in conn.execute(refused)}
    return {code: count for code, count in counts.items() if count}


def recent_senders(conn: Connection, since: datetime) -> list[RecentSender]:
    """Who sent since a moment, who sends most first; of the newest `RECENT_ATTEMPTS` alone.

    What a person mended and sent again is nobody's sending.
    """
    shown = (_attempts.c.at, _attempts.c.door, _attempts.c.sender, _attempts.c.user_agent)
    recent = (
        select(*shown, _attempts.c.replay_of)
        .where(_attempts.c.id >= id_at(since))
        .order_by(_attempts.c.id.desc())
        .limit(RECENT_ATTEMPTS)
        .subquery()
    )
    named = (recent.c.door, recent.c.sender, recent.c.user_agent)
    rows = conn.execute(
        select(*named, func.count(), func.max(recent.c.at))
        .where(recent.c.replay_of.is_(None))
        .group_by(*named)
    )
    uses: dict[tuple[str, str, str], RecentSender] = {}
    for door, sender, user_agent, n, last_at in rows:
        title = title_of(sender) or user_agent.split(" ")[0] or "an unnamed program"
        use = RecentSender(sender, title, door, n, last_at, when_off(sender))
        known = uses.get((door, sender, title))
        if known is not None:
            use = replace(
                use, count=use.count + known.count, last_at=max(use.last_at, known.last_at)
            )
        uses[door, sender, title] = use
    return sorted(uses.values(), key=lambda use: (-use.count, use.title))


def senders_at_stake(conn: Connection, since: datetime, *, door: str = "") -> list[RecentSender]:
    """Who would be turned away: each recent sender once, without this desk's own test requests.

    Args:
        conn: A snapshot.
        since: Who sent before it is not named.
        door: Only those at one door.
    """
    found = [
        use
        for use in recent_senders(conn, since)
        if door in ("", use.door)
        and (use.sender or use.title != OWN_AGENT.split(" ", maxsplit=1)[0])
    ]
    once = {use.title: use for use in reversed(found)}
    return [use for use in found if once[use.title] is use]


def first_to_keep(conn: Connection, *, days: int, most: int) -> int | None:
    """The id that everything older than may go, or None where nothing has to.

    Args:
        conn: A snapshot; this reads an index whole, so not while others wait.
        days: How long attempts are kept; 0 for ever.
        most: How many are kept; 0 for all.
    """
    edge = id_at(now() - timedelta(days=days)) if days else 0
    if most:
        kept = int(conn.scalar(select(func.count()).select_from(_attempts)) or 0)
        if kept > most:
            oldest = select(_attempts.c.id).order_by(_attempts.c.id).offset(kept - most).limit(1)
            edge = max(edge, int(conn.scalar(oldest) or 0))
    older = select(_attempts.c.id).where(_attempts.c.id < edge).limit(1)
    return edge if conn.scalar(older) is not None else None


def forget(conn: Connection, edge: int, limit: int) -> int:
    """Deletes some attempts older than an id; returns how many. Consent evidence stays."""
    older = select(_attempts.c.id).where(_attempts.c.id < edge)
    ids = conn.scalars(older.order_by(_attempts.c.id).limit(limit)).all()
    if not ids:
        return 0
    attempt_index.let_go(conn, ids[-1])
    return run_counted(conn, delete(_attempts).where(among(conn, _attempts.c.id, ids)))


def _refused() -> Any:
    # Spelled out, because a partial index is not used for a parameter.
    return _attempts.c.outcome == literal_column("'refused'")


_SHOWN = (
    *("id", "at", "door", "outcome", "code", "reason", "contact_id", "peer", "user_agent", "body"),
    *("sender", "media", "replay_of"),
)
_WHO = (
    func.coalesce(_contacts.c.phone, _attempts.c.phone).label("phone"),
    _contacts.c.first_name,
    _contacts.c.last_name,
)


def _load(conn: Connection, ids: Sequence[int]) -> list[AttemptRow]:
    rows = conn.execute(
        select(*(_attempts.c[name] for name in _SHOWN), *_WHO)
        .select_from(_attempts.outerjoin(_contacts, _contacts.c.id == _attempts.c.contact_id))
        .where(among(conn, _attempts.c.id, ids))
        .order_by(_attempts.c.id.desc())
    )
    return [_row(row) for row in rows]


def _row(row: Any) -> AttemptRow:
    kept = {name: getattr(row, name) for name in _SHOWN}
    return AttemptRow(**kept, phone=row.phone or "", name=_name(row))


def _name(row: Any) -> str:
    return f"{row.first_name or ''} {row.last_name or ''}".strip()


def _contact(conn: Connection, ident: int | None) -> AttemptContact | None:
    row = conn.execute(select(_contacts).where(_contacts.c.id == ident)).one_or_none()
    if row is None:
        return None
    # Of one contact there are hardly two: put in order here, they are read along its own index.
    events = conn.execute(
        select(_events.c.seq, _events.c.at, _events.c.request_id).where(
            _events.c.contact_id == ident, _events.c.kind == "opt_in"
        )
    )
    first = min(events, key=lambda event: event.seq, default=None)
    request = public("req", first.request_id) if first is not None and first.request_id else ""
    return AttemptContact(
        row.id,
        row.phone,
        _name(row),
        Stage(row.stage),
        None if first is None else first.at,
        request,
    )


def _headers(stored: str) -> tuple[tuple[str, str], ...]:
    said = json.loads(stored) if stored else {}
    pairs = said.items() if isinstance(said, dict) else said
    return tuple((str(name), str(value)) for name, value in pairs)
