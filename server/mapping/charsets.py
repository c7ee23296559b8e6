"""The letters behind a body's bytes."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

_TEXT = re.compile(
    r"(?:ascii|us-ascii|utf-?8|utf-?16|utf-?32|latin-?1|iso-?8859-\d\d?|(?:windows-|cp)125\d"
    r"|shift_jis|euc-(?:jp|kr)|gbk?|gb2312|gb18030|big5|koi8-[ru]|macintosh)(?:-?[lb]e)?"
)
"""The charsets that are taken at their word: all of them read in one pass."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class UnknownLetters(ValueError):
    """Bytes that are no text in the charset that was named, nor in UTF-8 where none was."""


def decode(body: bytes, charset: str = "") -> str:
    """The text of a body: by its byte order mark, by the charset it names, or as UTF-8.

    Raises:
        UnknownLetters: It cannot be read that way.
    """
    return _decode(body, _told_by_bytes(body) or known(charset) or "utf-8")


def _told_by_bytes(body: bytes) -> str:
    """The charset that the first bytes give away, or empty."""
    start = body[:2]
    if start.isascii() and b"\x00" not in start:
        return ""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return name
    if len(start) < 2 or start.count(0) != 1:
        return ""
    return "utf-16-be" if start[0] == 0 else "utf-16-le"


@lru_cache(maxsize=64)
def known(charset: str) -> str:
    """A charset's name in Python, or empty where it is none that is taken at its word."""
    name = charset.strip().strip("\"'").lower().replace("utf8", "utf-8")
    if not _TEXT.fullmatch(name):
        return ""
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return ""
    # What calls itself latin-1 on the web has always been Windows' superset of it.
    return "cp1252" if found in ("iso8859-1", "ascii") else found


def shown(body: bytes, charset: str = "") -> str:
    """A body for people to read, whatever it is. Never raises."""
    try:
        return decode(body, charset)
    except UnknownLetters:
        return guessed(body)


def guessed(body: bytes) -> str:
    """Bytes as text where nobody says how: UTF-8, else what old pages send."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return _old(body)


def _old(body: bytes) -> str:
    try:
        return body.decode("cp1252")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _decode(body: bytes, name: str) -> str:
    try:
        return body.decode(name)
    except UnicodeDecodeError as error:
        if name == "cp1252":
            return body.decode("latin-1")
        raise UnknownLetters(name) from error
