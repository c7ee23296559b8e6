"""The second net: no control character reaches the terminal, whoever let it through."""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


class NoControls(LineFilter):
    """Replaces control, bidirectional and zero-width characters that widgets let through."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments, unchanged unless one holds such a character."""
        if not any(_UNWANTED.search(text) for text, _, control in segments if not control):
            return segments
        return [
            segment if segment.control else Segment(_UNWANTED.sub("�", segment.text), segment.style)
            for segment in segments
        ]
