"""How many pieces a text is sent in, which is what carriers charge for (3GPP TS 23.038)."""

from __future__ import annotations

from dataclasses import dataclass

_PLAIN = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWICE = frozenset("\f^{}\\[~]|€")
"""Characters that take two places."""


@dataclass(frozen=True, slots=True)
class Length:
    """How long a text is on its way."""

    characters: int
    segments: int
    unicode: bool
    """It holds a character outside the GSM alphabet, so that a segment holds fewer."""


def length_of(text: str) -> Length:
    """Measures a text."""
    if all(character in _PLAIN or character in _TWICE for character in text):
        sizes = [2 if character in _TWICE else 1 for character in text]
        return Length(len(text), _pack(sizes, alone=160, joined=153), unicode=False)
    sizes = [2 if ord(character) > 0xFFFF else 1 for character in text]
    return Length(len(text), _pack(sizes, alone=70, joined=67), unicode=True)


def _pack(sizes: list[int], *, alone: int, joined: int) -> int:
    """How many segments hold characters of these sizes; none is cut in two."""
    if sum(sizes) <= alone:
        return 1
    segments, room = 1, joined
    for size in sizes:
        if size > room:
            segments, room = segments + 1, joined
        room -= size
    return segments
