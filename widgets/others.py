"""Who else looks at a contact, in a few cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.cells import cell_len

from widgets.display import clean

SIGN = "@"
"""Stands before the initials of somebody else who looks at a row."""

WIDEST = 4
"""Cells of the initials."""


def signs(looks: Mapping[int, Iterable[str]]) -> dict[int, str]:
    """What stands in the rows of contacts that others look at.

    Args:
        looks: Who looks, by contact id. Names are untrusted.
    """
    return {contact_id: sign(names) for contact_id, names in looks.items()}


def sign(names: Iterable[str]) -> str:
    """`@be` for Ben, `@be+` for Ben and others; `@` where there are no letters to show."""
    first, *more = names
    shown = initials(first)
    return f"{SIGN}{shown}{'+' if more else ''}"


def initials(name: str) -> str:
    """The letters that stand for a person: of two words, else the first two of one."""
    words = [word for word in clean(name).split() if word]
    letters = words[0][:1] + words[-1][:1] if len(words) > 1 else "".join(words)[:2]
    return letters if cell_len(letters) <= WIDEST else ""
