"""Texts that must not go out now: quiet hours where the person is, and one text a day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import Connection

from storage.dialects import among, among_packed, packed
from storage.driver import fetch
from storage.tables import Contact, Message

A_DAY = timedelta(days=1)

_WRITTEN = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)")

_MOST_LOOKS = 12
"""How often zones are asked in turn; some numbers belong to zones that leave no hour at all."""

_messages: Any = Message.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]


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
        """The first moment from `moment` on that is not quiet in any zone of a number."""
        zones, found = zones_of(phone), moment
        for _ in range(_MOST_LOOKS):
            latest = max(self._over_in(zone, found) for zone in zones)
            if latest == found:
                return found
            found = latest
        return found

    def _over_in(self, zone: ZoneInfo, moment: datetime) -> datetime:
        local = moment.astimezone(zone)
        clock = local.time()
        if self.start < self.end:
            quiet, tomorrow = self.start <= clock < self.end, False
        else:
            quiet, tomorrow = clock >= self.start or clock < self.end, clock >= self.start
        if not quiet:
            return moment
        day = local.date() + timedelta(days=1 if tomorrow else 0)
        over = datetime.combine(day, self.end, zone).astimezone(moment.tzinfo)
        # Where a clock is set back inside of the quiet hours, their end comes an hour later.
        return max(over, moment + timedelta(seconds=1))


@lru_cache(maxsize=4096)
def zones_of(phone: str) -> tuple[ZoneInfo, ...]:
    """The time zones that a number may be in; UTC where nobody knows."""
    import phonenumbers
    from phonenumbers.timezone import time_zones_for_number

    zones = []
    for name in time_zones_for_number(phonenumbers.parse(phone, None)):
        try:
            zones.append(ZoneInfo(name))
        except (ZoneInfoNotFoundError, ValueError):
            # `Etc/Unknown`, or a zone that this machine does not have.
            continue
    return tuple(zones) or (ZoneInfo("UTC"),)


def hold(
    conn: Connection, texts: Sequence[Waits], quiet: QuietHours, moment: datetime
) -> frozenset[int]:
    """Puts back the texts that would arrive in quiet hours; returns which."""
    until = {text.message_id: quiet.over_at(text.phone, moment) for text in texts}
    held = {ident: over for ident, over in until.items() if over > moment}
    if held:
        conn.execute(
            update(_messages)
            .where(_messages.c.id == bindparam("held"))
            .values(
                status="pending",
                claimed_by="",
                error="waits for the end of quiet hours",
                due_at=bindparam("over"),
            ),
            [{"held": ident, "over": over} for ident, over in held.items()],
        )
    return frozenset(held)


def texted_lately(
    conn: Connection, texts: Sequence[Waits], moment: datetime
) -> dict[int, tuple[int, str]]:
    """Cancels the texts to numbers that had theirs within a day.

    Returns:
        The contact and the purpose of each that was cancelled.
    """
    phones = [text.phone for text in texts]
    # Nearly every number is one contact's: then there is nothing more to look at.
    twice = fetch(
        conn,
        f"SELECT phone FROM contacts WHERE {among_packed(conn, 'phone')}"  # noqa: S608
        " GROUP BY phone HAVING count(*) > 1",
        (packed(conn, phones),),
    )
    if not twice:
        return {}
    ours = [text.message_id for text in texts]
    had = set(
        conn.execute(
            select(_contacts.c.phone)
            .join(_messages, _messages.c.contact_id == _contacts.c.id)
            .where(
                among(conn, _contacts.c.phone, [row[0] for row in twice]),
                _messages.c.direction == "out",
                _messages.c.purpose.in_(["compliance", "confirm"]),
                _messages.c.status.in_(["sending", "sent", "accepted", "delivered", "unknown"]),
                _messages.c.changed_at > moment - A_DAY,
                _messages.c.changed_at <= moment + A_DAY,
                _messages.c.id.not_in(ours),
            )
        ).scalars()
    )
    late = [text.message_id for text in texts if text.phone in had]
    if not late:
        return {}
    cancelled = conn.execute(
        update(_messages)
        .where(
            among(conn, _messages.c.id, late),
            _messages.c.purpose.in_(["compliance", "confirm"]),
        )
        .values(status="cancelled", error="the number had its text within a day", changed_at=moment)
        .returning(_messages.c.id, _messages.c.contact_id, _messages.c.purpose)
    )
    return {row.id: (row.contact_id, row.purpose) for row in cancelled}
