"""Moments as people at this desk read them: local time, no ticking."""

from __future__ import annotations

from datetime import datetime

BRIEF = 12
"""Cells of a moment in a log."""


def clock(moment: datetime | None, now: datetime | None = None) -> str:
    """`14:32:05`, with the date unless it is today's; `never` for None.

    Not “2 min ago”: a line that ticks would write to the terminal all day.
    """
    if moment is None:
        return "never"
    return _told(moment.astimezone(), now)


def in_brief(moment: datetime, now: datetime | None = None) -> str:
    """The same in the twelve cells of a log; of another year the day alone: `28 Mar 2024`."""
    local = moment.astimezone()
    said = _told(local, now)
    return said if len(said) <= BRIEF else f"{local.day} {local:%b %Y}"


def _told(local: datetime, now: datetime | None) -> str:
    here = datetime.now() if now is None else now.astimezone()
    if local.date() == here.date():
        return f"{local:%H:%M:%S}"
    if local.year == here.year:
        return f"{local.day} {local:%b %H:%M}"
    return f"{local:%Y-%m-%d %H:%M}"
