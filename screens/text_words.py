"""What is said of a text: its status in words, and what a person can do about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from screens.clock import clock
from widgets.log_columns import Cell

if TYPE_CHECKING:
    from screens.keymap import Keymap
    from storage.text_log import TextRow

_STATUS = {
    "pending": ("to be sent", "plain"),
    "sending": ("handing over", "plain"),
    "sent": ("handed over", "plain"),
    "accepted": ("accepted", "good"),
    "delivered": ("delivered", "good"),
    "failed": ("failed", "bad"),
    "blocked": ("blocked", "bad"),
    "unknown": ("UNKNOWN", "warn"),
    "cancelled": ("cancelled", "dim"),
}
_REVIEW = {
    "open": ("TO REVIEW", "warn"),
    "confirmed": ("opt-out", "dim"),
    "dismissed": ("no opt-out", "dim"),
}
_MEANT = {"stop": "STOP", "start": "START", "help": "HELP"}


def said_of(status: str) -> str:
    """How a text that was written to somebody stands, in a sentence."""
    return _STATUS.get(status, (status, ""))[0].lower()


def status_cell(row: TextRow, now: datetime | None = None) -> Cell:
    """How a text stands."""
    if row.inbound:
        word, tone = _REVIEW.get(row.review, (_MEANT.get(row.purpose, "came in"), "plain"))
        return Cell(word, tone)
    if row.held(now or datetime.now(UTC)):
        return Cell(f"waits {clock(row.due_at)}", "warn")
    word, tone = _STATUS.get(row.status, (row.status, "plain"))
    return Cell(word, tone)


def what_to_do(row: TextRow, keymap: Keymap) -> str:
    """What a person can do about a text; empty where there is nothing to do."""
    if row.review == "open":
        out, let = keymap.key_of("text.opt_out"), keymap.key_of("text.dismiss")
        return (
            "This resembles an opt-out, and only a person can tell. "
            f"{out} opts the number out, {let} lets it be."
        )
    if row.inbound:
        return ""
    if row.status == "unknown":
        again, there = keymap.key_of("text.resend"), keymap.key_of("text.arrived")
        return (
            "The text was handed over, but the answer was lost, so nobody knows whether it went "
            "out; it is never sent twice by itself. Look for the number at your provider: if the "
            f"text is there, {there} notes that; if not, {again} sends it again."
        )
    if row.held(datetime.now(UTC)):
        return "It goes out by itself at that time; STOP cancels it."
    return _FAILED.get(row.status, "")


_FAILED = {
    "blocked": "The provider has this number on its STOP list: only START from it lifts that.",
    "failed": "The number cannot be texted, so it is not tried again: see why above.",
    "cancelled": "It was not sent, and will not be.",
}
