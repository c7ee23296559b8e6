"""Texts that must not go out now: quiet hours where the person is, and one text a day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import Connection

from storage import phone_index
from storage.dialects import among, among_packed, is_postgresql, packed
from storage.driver import Written
from storage.tables import WAITING, Contact, Message

A_DAY = timedelta(days=1)

_WRITTEN = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)

_MOST_LOOKS = 12
"""How often zones are asked in turn; some numbers belong to zones that leave no hour at all."""

_STEP = timedelta(minutes=15)
"""How finely the hour is looked for that suits the most zones. Zones differ by quarters."""

OPENING = ("compliance", "confirm")
"""Purposes of the text that follows an opt-in; what answers a person is none of them."""

_OPENING = "('compliance', 'confirm')"

_TEXTS = (
    "SELECT count(*) FROM messages WHERE contact_id = contacts.id AND direction = 'out'"  # noqa: S608
    f" AND purpose IN {_OPENING}"
)
"""Of one contact, so that no store reads all texts to join them."""

ARRIVED = ("sending", "sent", "accepted", "delivered", "unknown")
"""States of a text that the person has, or may have."""

_messages: Any = Message.__table__  # type: ignore[attr-defined]


class Opening(Protocol):
    """A text that follows an opt-in."""

    @property
    def contact_id(self) -> int:
        """Who opted in."""
        ...

    @property
    def phone(self) -> str:
        """Whom it goes to."""
        ...


class Waits(Protocol):
    """What is known of a text that was just claimed."""

    @property
    def message_id(self) -> int:
        """Its id."""
        ...

    @property
    def phone(self) -> str:
        """Whom it goes to."""
        ...

    @property
    def purpose(self) -> str:
        """Why."""
        ...


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When nobody is texted, by the clock where the person is; may go over midnight."""

    start: time
    end: time

    @classmethod
    def parse(cls, written: str) -> QuietHours | None:
        """Reads `21:00-08:00`; None where nothing is written.

        Raises:
            ValueError: It is no span of time.
        """
        if not written.strip():
            return None
        found = _WRITTEN.fullmatch(written.strip())
        if found is None:
            raise ValueError("should be two times such as 21:00-08:00")
        hours = [int(part) for part in found.groups()]
        start, end = time(hours[0], hours[1]), time(hours[2], hours[3])
        if start == end:
            raise ValueError("should begin and end at different times")
        return cls(start, end)

    def over_at(self, phone: str, moment: datetime) -> datetime:
        """The first moment from `moment` on that is not quiet in any zone of a number.

        Where every hour is quiet in one of them, as for a number of a whole continent: the first
        that is quiet in the fewest.
        """
        zones, found = zones_of(phone), moment
        for _ in range(_MOST_LOOKS):
            latest = max(self._over_in(zone, found) for zone in zones)
            if latest == found:
                return found
            found = latest
        return self._best(zones, moment)

    def is_quiet(self, zone: ZoneInfo, moment: datetime) -> bool:
        """Whether the clock of a zone says so."""
        clock = moment.astimezone(zone).time()
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def _best(self, zones: tuple[ZoneInfo, ...], moment: datetime) -> datetime:
        step = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
        steps = [moment, *(step + n * _STEP for n in range(1, A_DAY // _STEP + 1))]
        return min(steps, key=lambda one: sum(self.is_quiet(zone, one) for zone in zones))

    def _over_in(self, zone: ZoneInfo, moment: datetime) -> datetime:
        if not self.is_quiet(zone, moment):
            return moment
        local = moment.astimezone(zone)
        tomorrow = self.start > self.end and local.time() >= self.start
        day = local.date() + timedelta(days=1 if tomorrow else 0)
        end = datetime.combine(day, self.end, zone)
        # Where clocks are set back or forward over the end, it is the later of the two moments.
        over = max(end.replace(fold=fold).astimezone(moment.tzinfo) for fold in (0, 1))
        return max(over, moment + timedelta(seconds=1))


@lru_cache(maxsize=4096)
def zones_of(phone: str) -> tuple[ZoneInfo, ...]:
    """The time zones that a number may be in; UTC where nobody knows."""
    import phonenumbers
    from phonenumbers import timezone

    try:
        parsed = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        # A short code, or what a stranger wrote.
        return (ZoneInfo("UTC"),)
    # Of a number that no plan knows, at least the country.
    plans = (timezone.time_zones_for_number, timezone.time_zones_for_geographical_number)
    for plan in plans:
        zones = tuple(_known_zones(plan(parsed)))
        if zones:
            return zones
    return (ZoneInfo("UTC"),)


def _known_zones(names: Iterable[str]) -> Iterator[ZoneInfo]:
    for name in names:
        # `Etc/Unknown`, or a zone younger than this machine's database.
        with suppress(ZoneInfoNotFoundError, ValueError):
            yield ZoneInfo(name)


def hold(
    conn: Connection, texts: Sequence[Waits], quiet: QuietHours, moment: datetime
) -> frozenset[int]:
    """Puts back the texts that would arrive in quiet hours; returns which.

    Who asks for help is awake, and is answered.
    """
    until = {
        text.message_id: quiet.over_at(text.phone, moment)
        for text in texts
        if text.purpose in OPENING
    }
    held = {ident: over for ident, over in until.items() if over > moment}
    _put_back(conn, held, "waits for the end of quiet hours")
    return frozenset(held)


def _put_back(conn: Connection, until: Mapping[int, datetime], why: str) -> None:
    if until:
        conn.execute(
            update(_messages)
            .where(_messages.c.id == bindparam("held"))
            .values(status="pending", claimed_by="", error=why, due_at=bindparam("over")),
            [{"held": ident, "over": over} for ident, over in until.items()],
        )


@dataclass(frozen=True, slots=True)
class Lately:
    """Which of the texts just claimed must not go out, because of one that went before."""

    stood_for: Mapping[tuple[str, str], Sequence[int]]
    """Contacts whose text was cancelled, by its purpose and by what became of the one before."""
    withheld: frozenset[int]
    """Texts that are not to be handed over now: cancelled, or put back."""


def texted_twice(conn: Connection, worker: str, until: Any) -> Written:
    """Asks for the numbers that may have more than one text, among those of a courier's new claim.

    Args:
        conn: The store.
        worker: Who claimed.
        until: When the claim ends, as `storage.rows.moment_value` gives it.
    """
    claimed = (
        f"SELECT contact_id FROM messages WHERE {WAITING} AND due_at = ? AND claimed_by = ?"  # noqa: S608
        f" AND purpose IN {_OPENING}"
    )
    # As an array PostgreSQL looks each up by its key, whatever it knows of the table.
    ours = f"= ANY(ARRAY({claimed}))" if is_postgresql(conn) else f"IN ({claimed})"
    statement = (
        f"SELECT phone FROM (SELECT phone, ({_TEXTS}) AS texts FROM contacts"  # noqa: S608 - our own names
        f" WHERE id {ours}) AS counted WHERE texts > 1 OR EXISTS"
        f" (SELECT 1 FROM phones_former WHERE number = {phone_index.spelled(conn, 'phone')})"
    )
    return statement, (until, worker)


def each_texted_once(conn: Connection, texts: Sequence[Opening]) -> Written:
    """A condition: as many texts have ever followed an opt-in of their numbers as there are here.

    Where each number has one, as somebody knows who has just written it, none has two. A number
    that was somebody's who is deleted is left to `texted_twice`.
    """
    ids = [text.contact_id for text in texts]
    fresh, numbers = phone_index.none_left(conn, [text.phone for text in texts])
    counted = f"SELECT sum(({_TEXTS})) FROM contacts WHERE {among_packed(conn, 'id')}"  # noqa: S608
    return f"(({counted}) = ? AND {fresh})", (packed(conn, ids), len(texts), *numbers)


def texted_lately(
    conn: Connection, texts: Sequence[Waits], moment: datetime, twice: Sequence[str]
) -> Lately:
    """Holds back the texts to numbers that had theirs within a day.

    The earlier one stands for it, and the text is cancelled. Only a question for a YES that was
    not asked yet is put off until the day is over. Of several in one go the last is left.

    Args:
        conn: A transaction that holds the write lock.
        texts: What was claimed.
        moment: Now.
        twice: What `texted_twice` asks for.
    """
    # Nearly every number has one text in its life: then there is nothing more to look at.
    if not twice:
        return Lately({}, frozenset())
    ours = {text.message_id: text for text in texts if text.purpose in OPENING}
    had = _had(conn, twice, moment)
    cancelled: dict[int, str] = {}
    put_off: dict[int, datetime] = {}
    last: dict[str, int] = {}
    for ident, text in sorted(ours.items()):
        before = [one for one in had.get(text.phone, ()) if one.id not in ours]
        if text.phone in last:
            cancelled[last.pop(text.phone)] = ""
        if not before:
            last[text.phone] = ident
        elif text.purpose == "confirm" and all(one.purpose != "confirm" for one in before):
            put_off[ident] = max(one.changed_at for one in before) + A_DAY
        else:
            sure = any(one.status in ("accepted", "delivered") for one in before)
            cancelled[ident] = "accepted" if sure else "unknown"
    _put_back(conn, put_off, "waits: the number had a text within a day")
    return Lately(_cancel(conn, cancelled, moment), frozenset(cancelled) | frozenset(put_off))


def _had(conn: Connection, phones: Sequence[str], moment: datetime) -> dict[str, list[Any]]:
    """The texts that numbers may have got within a day of now, however the clock was set."""
    contacts: Any = Contact.__table__  # type: ignore[attr-defined]
    rows = conn.execute(
        select(
            contacts.c.phone,
            _messages.c.id,
            _messages.c.purpose,
            _messages.c.status,
            _messages.c.changed_at,
        )
        .join(_messages, _messages.c.contact_id == contacts.c.id)
        .where(
            phone_index.with_phone(conn, phones),
            _messages.c.direction == "out",
            _messages.c.purpose.in_(OPENING),
            _messages.c.status.in_(ARRIVED),
            _messages.c.changed_at > moment - A_DAY,
            _messages.c.changed_at <= moment + A_DAY,
        )
    )
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.phone, []).append(row)
    return found


def _cancel(
    conn: Connection, cancelled: Mapping[int, str], moment: datetime
) -> dict[tuple[str, str], list[int]]:
    rows = conn.execute(
        update(_messages)
        .where(among(conn, _messages.c.id, list(cancelled)))
        .values(status="cancelled", error="the number had its text within a day", changed_at=moment)
        .returning(_messages.c.id, _messages.c.contact_id, _messages.c.purpose)
    ).all()
    stood_for: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        if cancelled[row.id]:
            stood_for.setdefault((row.purpose, cancelled[row.id]), []).append(row.contact_id)
    return stood_for
