"""JSON as the doors take it: one object, in UTF-8, that means the same to every reader."""

from __future__ import annotations

import json
import math
import re
import sys
from typing import Any, NoReturn

MOST_DEPTH = 64
"""Objects and lists inside one another."""

MOST_DIGITS = 40
"""Digits up to which a whole number is kept exactly: more than any id, too few to make a reader
sweat. What is longer is good JSON all the same, and is read as readers of JSON commonly do."""


class MalformedJson(ValueError):
    """The body is not JSON that can be taken; says why, without quoting it."""


def read_object(body: bytes) -> dict[str, Any]:
    """Reads a body that must be one JSON object.

    Raises:
        MalformedJson: It is not: invalid UTF-8, a byte order mark, a name twice in an object,
            NaN or Infinity, half a surrogate pair, too deep, or no object at all.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise MalformedJson("the body is not UTF-8") from None
    if text.startswith("\ufeff"):
        raise MalformedJson("the body begins with a byte order mark")
    read = _read(text, _DECODER)
    if not isinstance(read, dict):
        raise MalformedJson("the body is not a JSON object")
    return read


def read_value(text: str) -> Any:
    """Reads any JSON value, as strictly. Numbers come back as the text they were written as.

    Raises:
        MalformedJson: It is not JSON that can be taken.
    """
    return _read(text, _AS_WRITTEN)


def _read(text: str, decoder: json.JSONDecoder) -> Any:
    if text.count("{") + text.count("[") > MOST_DEPTH and _depth(text) > MOST_DEPTH:
        raise MalformedJson("the body is nested too deeply")
    try:
        read = decoder.decode(text)
    except MalformedJson:
        raise
    except ValueError:
        raise MalformedJson("the body is not valid JSON") from None
    if "\\u" in text and not _can_be_written(read):
        raise MalformedJson("the body holds half a surrogate pair")
    return read


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise MalformedJson("a name stands twice in an object")
    return made


def _no_constant(_name: str) -> NoReturn:
    raise MalformedJson("NaN and Infinity are not JSON")


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= MOST_DIGITS else _fraction(digits)


def _fraction(digits: str) -> float:
    number = float(digits)
    # Infinity could not be written down again.
    return math.copysign(sys.float_info.max, number) if math.isinf(number) else number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_distinct,
    parse_constant=_no_constant,
    parse_int=_whole,
    parse_float=_fraction,
)

_AS_WRITTEN = json.JSONDecoder(
    object_pairs_hook=_distinct,
    parse_constant=_no_constant,
    parse_int=str,
    parse_float=str,
)

_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)


def _depth(text: str) -> int:
    deepest = depth = 0
    for mark in _STRINGS.sub("", text):
        if mark in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in "}]":
            depth -= 1
    return deepest


def _can_be_written(read: Any) -> bool:
    try:
        json.dumps(read, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
