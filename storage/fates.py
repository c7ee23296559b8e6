"""Where somebody went: what became of a person, by number or name, with who and when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, true
from sqlalchemy.engine import Connection

from storage import phone_index, refusals
from storage.attempt_search import AttemptSearch
from storage.changes import MOVING, ago
from storage.dialects import among
from storage.dnc_pages import Entry
from storage.do_not_contact import entries_of
from storage.folding import digits, fold
from storage.holding import ARRIVED, OPENING
from storage.ids import parse, public
from storage.number_lists import number_in
from storage.search import Search
from storage.tables import Attempt, Change, ChangeItem, ConsentEvent, Contact, Group, Message
from storage.times import now
from storage.words import AttemptView, Stage

MOST = 10
"""Contacts that are told of."""

PATIENCE = 1.0
"""Seconds for which refused requests are read where they are not indexed yet."""

ALIKE = 0.4
"""From which likeness on a name is suggested."""

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_changes: Any = Change.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]
_events: Any = ConsentEvent.__table__  # type: ignore[attr-defined]
_groups: Any = Group.__table__  # type: ignore[attr-defined]
_attempts: Any = Attempt.__table__  # type: ignore[attr-defined]
_messages: Any = Message.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one contact or number. Its texts are untrusted."""

    contact_id: int | None
    phone: str
    name: str
    what: str
    """`queued`, `grouped`, `suppressed`, `deleted`, `confirming`, `failed`, `refused` …"""
    sentence: str
    at: datetime | None = None

    @property
    def public_id(self) -> str | None:
        """`con_` and 16 hex digits."""
        return None if self.contact_id is None else public("con", self.contact_id)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of whom somebody asked for."""

    fates: tuple[Fate, ...]
    suggestions: tuple[Fate, ...] = ()
    """Others that were perhaps meant: a digit off, or a name much alike."""

    @property
    def seen(self) -> bool:
        """Whether there is any trace."""
        return bool(self.fates)


def where_is(conn: Connection, asked: str, region: str = "US") -> Answer:
    """Tells what became of a person.

    Args:
        conn: The store.
        asked: A number in any spelling, a name, or `con_…`.
        region: Of numbers without a country.
    """
    ident = parse(asked) if asked.startswith("con_") else None
    if ident is not None:
        return Answer(_fates(conn, [ident]))
    if len(digits(fold(asked))) >= 7 and not any(char.isalpha() for char in asked):
        return _by_number(conn, asked, region)
    return _by_name(conn, asked)


def _by_number(conn: Connection, asked: str, region: str) -> Answer:
    phone, _ = number_in(fold(asked), region)
    if phone is None:
        return Answer(())
    ids = conn.scalars(
        select(_contacts.c.id)
        .where(phone_index.with_phone(conn, [phone]))
        .order_by(_contacts.c.id.desc())
        .limit(MOST)
    )
    fates = [*_fates(conn, list(ids))]
    entries = entries_of(conn, phone)
    if entries and not any(fate.what == "suppressed" for fate in fates):
        fates.insert(0, _listed(phone, entries))
    fates += _refusals(conn, phone, phone=phone)
    if fates:
        return Answer(tuple(fates))
    near = conn.scalars(
        select(_contacts.c.id)
        .where(phone_index.with_phone(conn, _one_off(phone)))
        .order_by(_contacts.c.id.desc())
        .limit(MOST)
    )
    return Answer((), _fates(conn, list(near)))


def _one_off(phone: str) -> set[str]:
    """The numbers that differ by one digit, or by two neighbours changed about."""
    number = phone[1:]
    found = set()
    for place in range(len(number)):
        for digit in "0123456789":
            found.add(f"+{number[:place]}{digit}{number[place + 1 :]}")
        pair = number[place : place + 2]
        found.add(f"+{number[:place]}{pair[::-1]}{number[place + 2 :]}")
    return found - {phone}


def _by_name(conn: Connection, asked: str) -> Answer:
    quoted = " ".join(fold(asked).replace('"', " ").replace(":", " ").split())
    if not quoted:
        return Answer(())
    exact = Search(conn, quoted).ids(true(), limit=MOST)
    if exact:
        return Answer(_fates(conn, exact))
    candidates: dict[int, None] = {}
    for word in quoted.split():
        for part in {word[:3], word[-3:], word[len(word) // 2 - 1 :][:3]}:
            if len(part) == 3:
                candidates |= dict.fromkeys(Search(conn, part).ids(true(), limit=500))
    rows = conn.execute(
        select(_contacts.c.id, _contacts.c.first_name, _contacts.c.last_name).where(
            among(conn, _contacts.c.id, list(candidates))
        )
    )
    scored = [
        (_likeness(quoted, fold(f"{row.first_name} {row.last_name}")), row.id) for row in rows
    ]
    best = sorted((each for each in scored if each[0] >= ALIKE), reverse=True)[:MOST]
    # Who was never taken in has no name here but in what a door refused.
    refused = _refusals(conn, quoted, name=asked.strip())
    return Answer(tuple(refused), _fates(conn, [ident for _, ident in best]))


def _likeness(one: str, other: str) -> float:
    """The share of trigrams that two names have in common, from 0 to 1."""
    first, second = _trigrams(one), _trigrams(other)
    return len(first & second) / max(1, len(first | second))


def _trigrams(text: str) -> set[str]:
    words = (f"  {word} " for word in text.split())
    return {word[place : place + 3] for word in words for place in range(len(word) - 2)}


def _fates(conn: Connection, ids: Sequence[int]) -> tuple[Fate, ...]:
    rows = {
        row.id: row
        for row in conn.execute(
            select(_contacts, _groups.c.name.label("group_name"))
            .outerjoin(_groups, _groups.c.id == _contacts.c.group_id)
            .where(among(conn, _contacts.c.id, list(ids)))
        )
    }
    return tuple(_fate(conn, rows[ident]) for ident in ids if ident in rows)


def _fate(conn: Connection, row: Any) -> Fate:
    name = f"{row.first_name} {row.last_name}".strip()
    said, at = _said(conn, row)
    return Fate(row.id, row.phone, name, row.stage, said + _again(conn, row.id), at)


def _again(conn: Connection, contact_id: int) -> str:
    """How often somebody opted in who had done so before."""
    often, last = conn.execute(
        select(func.count(), func.max(_events.c.at)).where(
            _events.c.contact_id == contact_id, _events.c.kind == "repeat"
        )
    ).one()
    if not often:
        return ""
    times = "once" if often == 1 else f"{often:,} times, last"
    return f"; opted in again {times} {ago(last)}, which changed nothing"


def _said(conn: Connection, row: Any) -> tuple[str, datetime]:
    act = _latest(conn, row.id)
    by = f" by {act.actor} {ago(act.at)}" if act is not None else ""
    at = row.changed_at if act is None else act.at
    if row.stage == Stage.QUEUED:
        return f"is in the Opt-in queue, received {ago(row.received_at)}", row.received_at
    if row.stage == Stage.GROUPED:
        return f"was moved to “{row.group_name}”{by}", at
    if row.stage == Stage.DELETED:
        return (f"was deleted{by}" if by else "was replaced by a newer opt-in"), at
    if row.stage == Stage.SUPPRESSED:
        entries = entries_of(conn, row.phone)
        if entries:
            return by_whom(entries, ago), entries[0].at
        return f"was suppressed{by}", at
    if row.stage == Stage.FAILED:
        return _why_failed(conn, row), row.changed_at
    if row.stage == Stage.AWAITING:
        return f"was texted {ago(row.received_at)} and has not answered YES yet", row.received_at
    return _why_it_waits(conn, row), row.received_at


def _why_failed(conn: Connection, row: Any) -> str:
    text = _opening_text(conn, row.id)
    if text is not None and text.purpose == "confirm" and text.status in ARRIVED:
        return f"was texted {ago(text.created_at)} and did not answer YES in time"
    said = "could not be texted: the carrier refused the compliance text"
    return f"{said} ({text.error})" if text is not None and text.error else said


def _why_it_waits(conn: Connection, row: Any) -> str:
    text, moment = _opening_text(conn, row.id), now()
    since = ago(row.received_at).removesuffix(" ago")
    if text is None or text.status not in ("pending", "sent"):
        return f"waits for its compliance text to go through since {since}"
    if text.status == "sent":
        return f"was texted {ago(text.changed_at)}; the carrier has yet to report on it"
    if text.tries:
        often = "once" if text.tries == 1 else f"{text.tries:,} times"
        why = f" ({text.error})" if text.error else ""
        return f"waits since {since}: its text was handed over {often} in vain{why}"
    if text.due_at > moment:
        until = f"{text.due_at:%Y-%m-%d %H:%M} UTC"
        why = f" ({text.error})" if text.error else ""
        return f"waits until {until} for its compliance text{why}"
    return f"waits for its compliance text to go out since {since}"


def _opening_text(conn: Connection, contact_id: int) -> Any:
    """The newest text that an opt-in brought."""
    return conn.execute(
        select(_messages)
        .where(
            _messages.c.contact_id == contact_id,
            _messages.c.direction == "out",
            _messages.c.purpose.in_(OPENING),
        )
        .order_by(_messages.c.id.desc())
        .limit(1)
    ).one_or_none()


def _latest(conn: Connection, contact_id: int) -> Any:
    return conn.execute(
        select(_changes)
        .join(_items, _items.c.change_id == _changes.c.id)
        .where(
            _items.c.contact_id == contact_id,
            _changes.c.undone.is_(False),
            _changes.c.verb.in_(MOVING),
        )
        .order_by(_changes.c.id.desc())
        .limit(1)
    ).one_or_none()


_SOURCES = {
    "stop": "opted out by STOP",
    "staff": "was put on Do Not Contact",
    "import": "is on an imported Do Not Contact list",
    "erasure": "was erased",
}


def by_whom(entries: Sequence[Entry], when: Callable[[datetime], str]) -> str:
    """By whose word a number must not be texted: `was put on Do Not Contact by ada 2 h ago`.

    Args:
        entries: What the lists say of it.
        when: Words for a moment.
    """
    clauses = []
    for entry in entries:
        by = f" by {entry.actor}" if entry.actor and entry.source != "stop" else ""
        why = f" ({entry.reason})" if entry.reason else ""
        if entry.source == "erasure":
            why = " and is never texted again"
        clauses.append(f"{_SOURCES.get(entry.source, entry.source)}{by} {when(entry.at)}{why}")
    return "; ".join(clauses)


def _listed(phone: str, entries: Sequence[Entry]) -> Fate:
    return Fate(None, phone, "", "suppressed", by_whom(entries, ago), entries[0].at)


def _refusals(conn: Connection, sought: str, *, phone: str = "", name: str = "") -> Iterable[Fate]:
    """The newest request that says what is sought and that a door turned away."""
    found = AttemptSearch(conn, AttemptView(outcome="refused", search=sought))
    newest = found.ids(limit=1, patience=PATIENCE).ids
    if not newest:
        return []
    ident = newest[0]
    row = conn.execute(select(_attempts).where(_attempts.c.id == ident)).one()
    why = refusals.in_words(row.code, row.reason, row.door)
    door = {"api": "API"}.get(row.door, row.door)
    said = f"was refused at the {door} door {ago(row.at)}: {why}"
    return [Fate(None, phone, name, "refused", f"{said} ({public('req', row.id)})", row.at)]


def in_words(answer: Answer, asked: str) -> str:
    """The answer for people, one line for each. Untrusted."""
    lines = [_line(fate) for fate in answer.fates]
    if not answer.seen:
        lines.append(f"“{asked}” was never seen here.")
    if answer.suggestions:
        lines.append("Perhaps you mean:")
        lines += [f"  {_line(fate)}" for fate in answer.suggestions]
    return "\n".join(lines)


def _line(fate: Fate) -> str:
    who = f"{fate.name} ({fate.phone})" if fate.name and fate.phone else fate.name or fate.phone
    return f"{who} {fate.sentence}."


__all__ = ["Answer", "Fate", "by_whom", "in_words", "where_is"]
