"""The compliance text that answers an opt-in. Nothing that a sender wrote is ever in it."""

from __future__ import annotations

import re

_BRAND = "Optdesk"
_PROGRAM = "our text alerts"
_LONGEST = 60
"""Characters kept of a brand or program, so that what the law asks for is never cut off."""

_NOT_TEXT = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+"
)


def compose(brand: str, program: str) -> str:
    """The text: who writes, which program, how often, what it costs, HELP and STOP.

    Args:
        brand: Who writes, as staff entered it; a neutral word where it is blank.
        program: What people opted in to, likewise.
    """
    return (
        f"{_plain(brand) or _BRAND}: You are subscribed to {_plain(program) or _PROGRAM}. "
        "Msg frequency varies. Msg & data rates may apply. Reply HELP for help, STOP to cancel."
    )


def _plain(words: str) -> str:
    """One line of visible characters."""
    return " ".join(_NOT_TEXT.sub(" ", words).split())[:_LONGEST].rstrip()
