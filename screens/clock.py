"""Moments as people at this desk read them: local time, no ticking."""

from __future__ import annotations

from datetime import datetime


def clock(moment: datetime | None, now: datetime | None = None) -> str:
    """`14:32:05`, with the date unless it is today's; `never` for None.

    Not “2 min ago”: a line that ticks would write to the terminal all day.
    """
    if moment is None:
        return "never"
    local = moment.astimezone()
    here = (now or datetime.now(local.tzinfo)).astimezone()
    if local.date() == here.date():
        return f"{local:%H:%M:%S}"
    if local.year == here.year:
        return f"{local.day} {local:%b %H:%M}"
    return f"{local:%Y-%m-%d %H:%M}"
