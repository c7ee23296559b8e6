"""An attempt as a text to read: facts, headers, body. Every value passes the door."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from typing import TYPE_CHECKING

from textual.content import Content

from screens.clock import clock
from widgets.display import clean, safe

if TYPE_CHECKING:
    from storage.attempts import AttemptDetail, AttemptRow

WORD = 12
"""Cells of the words before facts."""

MOST_SHOWN = 64_000
"""Characters of a body that are shown; the rest is counted."""

_PIECE = 1_000
"""Characters that pass the door at a time."""


def attempt_text(row: AttemptRow, detail: AttemptDetail | None, room: int, step: str) -> Content:
    """The whole text.

    Args:
        row: What the log knows.
        detail: The rest, once it is read.
        room: Cells in a line.
        step: What to do about a refusal; empty for nothing.
    """
    return Content("\n").join(_lines(row, detail, max(2 * WORD, room), step))


def _lines(
    row: AttemptRow, detail: AttemptDetail | None, room: int, step: str
) -> Iterator[Content]:
    yield _fact("outcome", _outcome(row), room)
    if row.why:
        yield _fact("why", safe(row.why), room)
    if step:
        yield _fact("what to do", safe(step), room)
    contact = detail.contact if detail is not None else None
    if contact is not None:
        yield _fact("contact", safe(f"{contact.name} {contact.phone}".strip()), room)
        if row.outcome == "duplicate" and contact.first_at is not None:
            by = f" ({contact.first_request})" if contact.first_request else ""
            first = f"{contact.first_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC{by}"
            yield _fact("opted in", safe(first), room)
    yield _fact("request", safe(row.request_id), room)
    yield _fact("time", Content(f"{row.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"), room)
    yield _fact("door", safe(row.door), room)
    for word, value in (
        ("sender", row.sender),
        ("user agent", row.user_agent),
        ("sent from", row.peer),
        ("media type", row.media),
    ):
        if value:
            yield _fact(word, safe(value), room)
    if row.replay_of is not None:
        word = "tries" if row.outcome == "refused" else "mends"
        yield _fact(word, safe(_request_id(row.replay_of)), room)
    if detail is not None:
        for replay in detail.replays:
            word = "sent again" if replay.outcome == "refused" else "mended by"
            said = f"{clock(replay.at)}, {replay.outcome} ({replay.request_id})"
            yield _fact(word, safe(said), room)
        if detail.headers:
            yield Content("")
            yield Content.styled("Headers", "bold $primary")
            for name, value in detail.headers:
                yield Content.assemble((f"{clean(name)}: ", "$text-muted"), clean(value))
    yield Content("")
    yield Content.styled("Body", "bold $primary")
    yield whole(readable(row.body)) if row.body else Content.styled("empty", "$text-muted")


def _outcome(row: AttemptRow) -> Content:
    style = {"accepted": "bold $success", "refused": "bold $error"}.get(row.outcome, "bold")
    return Content.assemble((clean(row.outcome), style), clean(f"  {row.code}") if row.code else "")


def _fact(word: str, value: Content, room: int) -> Content:
    """A word and what it is about; further lines stand below the first one."""
    wrapped = Content("\n" + " " * WORD).join(value.wrap(room - WORD))
    return Content.assemble((f"{word:<{WORD}}", "$text-muted"), wrapped)


def _request_id(ident: int) -> str:
    from storage.ids import public

    return public("req", ident)


def readable(body: str) -> str:
    """A body laid out for reading: JSON by its members, anything else as it is."""
    try:
        said = json.loads(body)
        return json.dumps(said, indent=2, ensure_ascii=False) if _is_nested(said) else body
    except (ValueError, RecursionError):
        return body


def _is_nested(said: object) -> bool:
    return isinstance(said, dict | list)


def whole(text: str) -> Content:
    """Untrusted text of any length with its line breaks, up to `MOST_SHOWN` characters."""
    shown: list[str] = []
    for line in text[:MOST_SHOWN].splitlines():
        pieces = [line[at : at + _PIECE] for at in range(0, len(line), _PIECE)] or [""]
        shown.append("".join(clean(piece) for piece in pieces))
    if len(text) > MOST_SHOWN:
        shown.append(f"({len(text) - MOST_SHOWN:,} more characters)")
    return Content("\n".join(shown))
