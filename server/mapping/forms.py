"""Form bodies: urlencoded, plain text and multipart, as trees of named values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from server.mapping.charsets import UnknownLetters, decode, guessed, known

MOST_DEPTH = 12
"""Brackets of a name that are taken apart; a deeper name is one name."""

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_NESTED = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")
_PARAMETER = re.compile(r';\s*([^\s;="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))')
_ESCAPED = re.compile(r'\\(["\\])')


class MalformedForm(ValueError):
    """The body is not the form that it says it is; says why, without quoting it."""


def read_urlencoded(text: str, charset: str = "") -> dict[str, Any]:
    """A body such as `name=Ada+Byron&contact[phone]=%2B1…` as a tree."""
    name = known(charset)
    return tree_of(
        (_unquoted(key, name), _unquoted(value, name))
        for key, _, value in (part.partition("=") for part in text.split("&") if part)
    )


def read_lines(text: str) -> dict[str, Any]:
    """A body such as browsers send as text/plain: `name=value`, a line each."""
    lines = (line.partition("=") for line in text.splitlines() if line)
    return tree_of((key, value) for key, _, value in lines)


def read_multipart(body: bytes, boundary: str) -> dict[str, Any]:
    """A multipart body as a tree. Of a file only name and size are kept.

    Raises:
        MalformedForm: It has no boundary, or was cut off.
    """
    if not boundary or len(boundary) > 70:
        raise MalformedForm("the body names no boundary")
    try:
        mark = b"--" + boundary.encode("ascii")
    except UnicodeEncodeError:
        raise MalformedForm("the body names no boundary") from None
    parts = (b"\r\n" + body.replace(b"\n" + mark, b"\r\n" + mark)).split(b"\r\n" + mark)
    if b"\r" not in body:
        # Written by a hand that knows only one sort of line end.
        parts = (b"\n" + body).split(b"\n" + mark)
    if len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise MalformedForm("the body was cut off")
    return tree_of(pair for part in parts[1:-1] if (pair := _part(part)) is not None)


def _part(part: bytes) -> tuple[str, str] | None:
    part = part.removesuffix(b"\r")
    for end in (b"\r\n\r\n", b"\n\n"):
        head, found, value = part.partition(end)
        if found:
            break
    else:
        return None
    lines = guessed(head).splitlines()
    said = _parameters(lines, "content-disposition")
    name = said.get("name")
    if name is None:
        return None
    if any(word.startswith("filename") for word in said):
        return name, f"[a file of {len(value)} bytes]" if value else ""
    try:
        return name, decode(value, _parameters(lines, "content-type").get("charset", ""))
    except UnknownLetters:
        return name, guessed(value)


def _parameters(lines: Iterable[str], header: str) -> dict[str, str]:
    """What a part's header says behind its first word, each by its name in lower case.

    The standard library's reader of mail raises where what it says is in pieces that do not fit,
    and its time grows with the square of their length.
    """
    said: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip().lower() == header:
            for word, quoted, plain in _PARAMETER.findall(value):
                said.setdefault(word.lower(), _ESCAPED.sub(r"\1", quoted) or plain.strip())
    return said


def tree_of(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Named values as a tree: brackets open branches, a name said twice makes a list."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        if "[" in name and (nested := _NESTED.fullmatch(name)):
            steps = _BRACKETS.findall(nested[2])
            if len(steps) <= MOST_DEPTH and _branch(tree, [nested[1], *steps], value):
                continue
        _add(tree, name, value)
    return tree


def _branch(tree: dict[str, Any], steps: list[str], value: str) -> bool:
    """Puts a value at the end of its branch; False where a plain value is in the way."""
    if steps[-1] == "":
        # `colours[]` is a list, whatever it holds.
        steps = steps[:-1]
    for step in steps[:-1]:
        below = tree.setdefault(step, {})
        if not isinstance(below, dict):
            return False
        tree = below
    if isinstance(tree.get(steps[-1]), dict):
        return False
    _add(tree, steps[-1], value)
    return True


def _add(tree: dict[str, Any], name: str, value: str) -> None:
    if name not in tree:
        tree[name] = value
        return
    there = tree[name]
    if isinstance(there, list):
        there.append(value)
    else:
        tree[name] = [there, value]


def _unquoted(text: str, charset: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    raw = unquote_to_bytes(text)
    if not charset:
        return guessed(raw)
    try:
        return raw.decode(charset)
    except UnicodeDecodeError:
        return guessed(raw)
