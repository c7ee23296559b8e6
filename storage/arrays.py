"""Values as PostgreSQL reads an array: one text for a whole column of rows.

The driver looks at each element of a list to find out what it is; measured, for a batch of leads
that costs more than all that the lists are about. A store's columns are of one kind each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_NUL = "\x00"
_REPLACEMENT = "\ufffd"


def array(values: Sequence[Any]) -> str:
    """An array literal of integers, texts, bytes or moments, all of one kind; None is NULL.

    A NUL, which PostgreSQL keeps in no text, becomes the replacement character.
    """
    if None in values:
        return (
            "{" + ",".join(["NULL" if one is None else array([one])[1:-1] for one in values]) + "}"
        )
    if not values:
        return "{}"
    kind = type(values[0])
    if kind is str:
        return _texts(values)
    if kind is int:
        return "{" + repr(list(values))[1:-1] + "}"
    if kind is bytes:
        return '{"\\\\x' + '","\\\\x'.join([value.hex() for value in values]) + '"}'
    if values.count(values[0]) == len(values):
        return "{" + ",".join([f'"{values[0]}"'] * len(values)) + "}"
    return "{" + ",".join([f'"{value}"' for value in values]) + "}"


def _texts(values: Sequence[str]) -> str:
    joined = _NUL.join(values)
    if joined.count(_NUL) != len(values) - 1:
        joined = _NUL.join([value.replace(_NUL, _REPLACEMENT) for value in values])
    if '"' in joined or "\\" in joined:
        joined = joined.replace("\\", "\\\\").replace('"', '\\"')
    return '{"' + joined.replace(_NUL, '","') + '"}'
