"""From a body to a tree of values, whatever the sender calls it."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from server.mapping.charsets import UnknownLetters, decode, shown
from server.mapping.forms import MalformedForm, read_lines, read_multipart, read_urlencoded
from server.mapping.labelled import labelled
from server.strict_json import MalformedJson, read_value

_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"

FORMS = frozenset({_URLENCODED, _MULTIPART, "text/plain"})
"""What a browser can post a form as."""

_SAYS_NOTHING = frozenset({"", "text/plain", "application/octet-stream", "*/*", "text/html"})
"""Media types that many a sender names without meaning it."""

_FORM_START = re.compile(r"[^\r\n={}<>&]{1,200}=")
_FORM = re.compile(r"[^\s=&]+=[^\s=&]*(?:&[^\s=&]+=[^\s=&]*)+")
_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)
_CHARSET = re.compile(r"charset=([^;\s]+)", re.IGNORECASE)

_EMBEDDED = frozenset(
    (
        *("rawrequest", "payload", "data", "data.json", "body", "json", "form_data", "formdata"),
        *("form_response", "submission", "lead", "fieldstructure", "formstructure", "response"),
        *("entries", "fields", "answers", "values", "event", "content", "record", "result"),
        *("namedvalues", "field_data", "user_column_data", "json_data", "raw_data", "raw_body"),
        *("contact", "customer", "person", "request", "params", "output", "message", "item"),
    )
)
"""Names whose value may be a JSON text."""
_MOST_WRAPPED = 3
_OPENINGS = ('"{', '"[', "&")
"""How JSON, and forms of several fields, look as a text inside of JSON: one of these is in it."""
_ESCAPE = "\\u"
"""What may stand for any of them."""


class Unreadable(ValueError):
    """A body that cannot be taken.

    Args:
        code: The error code of the answer.
        reason: Why, without quoting the body.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Body:
    """A body that was read."""

    tree: Any
    """An object, or a list of several; texts, numbers as they were written, and so on."""
    text: str
    """What is kept of it for people, and can be read again."""


@lru_cache(maxsize=256)
def media_of(content_type: str) -> str:
    """The media type alone, in lower case."""
    return content_type.partition(";")[0].strip().lower()


@lru_cache(maxsize=256)
def charset_of(content_type: str) -> str:
    """The charset that a media type names, or empty."""
    found = _CHARSET.search(content_type)
    return found[1] if found else ""


def read_body(body: bytes, content_type: str) -> Body:
    """Reads a body.

    Args:
        body: As it arrived, not compressed.
        content_type: As the sender said it; believed only as far as it fits.

    Raises:
        Unreadable: It is neither JSON nor a form, or was cut off.
    """
    media = media_of(content_type)
    if media == _MULTIPART:
        found = _BOUNDARY.search(content_type)
        try:
            tree = read_multipart(body, (found[1] or found[2]) if found else "")
        except MalformedForm as error:
            if body.lstrip()[:1] == b"{":
                return read_text(_text(body, content_type), media)
            raise Unreadable("MALFORMED_JSON", str(error)) from None
        _open_embedded(tree)
        return Body(tree, json.dumps(tree, ensure_ascii=False))
    if media == _URLENCODED:
        text = shown(body, charset_of(content_type))
        return read_text(text, media, charset_of(content_type))
    return read_text(_text(body, content_type), media)


def _text(body: bytes, content_type: str) -> str:
    try:
        return decode(body, charset_of(content_type))
    except UnknownLetters:
        if not _may_be_read(media_of(content_type)):
            raise Unreadable("UNSUPPORTED_MEDIA_TYPE", "neither JSON nor a form") from None
        raise Unreadable("MALFORMED_JSON", "the body is not UTF-8 and names no charset") from None


def _says_json(media: str) -> bool:
    return media.endswith(("/json", "+json"))


def _may_be_read(media: str) -> bool:
    """Whether a media type says, or leaves open, that the body is JSON or a form."""
    return _says_json(media) or media in (_URLENCODED, _MULTIPART) or media in _SAYS_NOTHING


def read_text(text: str, media: str, charset: str = "") -> Body:
    """Reads a body that is text already, such as one from the intake log.

    Raises:
        Unreadable: It is neither JSON nor a form.
    """
    text = text.removeprefix("\ufeff")
    start = text.lstrip()[:1]
    json_said = _says_json(media)
    if json_said or (start and start in "{["):
        try:
            return Body(_json_tree(text), text)
        except MalformedJson as error:
            if start == "[" and not json_said and _FORM_START.match(text):
                pass
            elif media != _MULTIPART and _may_be_read(media):
                raise Unreadable("MALFORMED_JSON", str(error)) from None
            else:
                raise Unreadable("UNSUPPORTED_MEDIA_TYPE", "neither JSON nor a form") from None
    tree: dict[str, Any] | None = None
    lines = labelled(text) if media == _URLENCODED or media in _SAYS_NOTHING else None
    if lines is not None:
        tree = dict(lines)
    elif media in (_URLENCODED, _MULTIPART):
        tree = read_urlencoded(text.strip("\r\n"), charset)
    elif media in _SAYS_NOTHING and _FORM_START.match(text):
        several = "\n" in text.strip() and "&" not in text
        tree = read_lines(text) if several else read_urlencoded(text.strip("\r\n"), charset)
    elif media in _SAYS_NOTHING and not text.strip():
        tree = {}
    if tree is None:
        raise Unreadable("UNSUPPORTED_MEDIA_TYPE", "neither JSON nor a form")
    _open_embedded(tree)
    return Body(tree, text)


def _json_tree(text: str) -> Any:
    tree = read_value(text)
    if isinstance(tree, str) and tree.lstrip()[:1] in ("{", "["):
        # Encoded twice, as automation tools do when they are given text.
        tree = read_value(tree)
    while isinstance(tree, list) and len(tree) == 1:
        tree = tree[0]
    if isinstance(tree, list) and tree and all(isinstance(one, dict) for one in tree):
        return tree
    if not isinstance(tree, dict):
        raise MalformedJson("the body is not a JSON object")
    if _ESCAPE in text or any(mark in text for mark in _OPENINGS):
        _open_embedded(tree)
    return tree


def _open_embedded(tree: dict[str, Any], depth: int = 0) -> None:
    """Puts trees in the place of JSON, or of a form, that is written as text inside a body."""
    for name, value in tree.items():
        if name.lower().rpartition("__")[2] not in _EMBEDDED:
            continue
        if type(value) is dict and depth < _MOST_WRAPPED:
            # Such as a body that an automation tool hands on below its own.
            _open_embedded(value, depth + 1)
        if type(value) is not str:
            continue
        if value[:1] in ("{", "["):
            with suppress(MalformedJson):
                tree[name] = opened = read_value(value)
                if type(opened) is dict and depth < _MOST_WRAPPED:
                    _open_embedded(opened, depth + 1)
        elif _FORM.fullmatch(value):
            tree[name] = read_urlencoded(value)
