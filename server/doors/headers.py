"""What the API door reads from a request's headers alone: see `Request.once`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from server.doors.facts import telling
from server.mapping.recognise import recognise
from server.request import kept
from storage.access import credential_hash

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

KEY_NAME = "[API key]"
"""What is kept in the place of one."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
"""What may name a request: visible ASCII."""

_USUAL_MEDIA = frozenset(
    {"application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"}
)


def one_key(headers: CIMultiDictProxy[str]) -> str | None:
    """The API key, or None where there is none or two that differ.

    A key is a UUID, which means the same in capitals (RFC 9562, section 4).
    """
    keys = set(headers.getall("x-api", ()))
    keys.update(headers.getall("x-api-key", ()))
    if len(keys) > 1:
        keys = {key.lower() for key in keys}
    return keys.pop().lower() or None if len(keys) == 1 else None


def key_hash(headers: CIMultiDictProxy[str]) -> bytes | None:
    """The hash of the API key, by which it is known."""
    key = one_key(headers)
    return None if key is None else credential_hash(key)


def agent(headers: CIMultiDictProxy[str]) -> str:
    """What the sender calls itself, as evidence."""
    return kept(_without_key(headers, "User-Agent"))


def program(headers: CIMultiDictProxy[str]) -> str:
    """The program behind that name, where it is known."""
    return recognise(headers.get("User-Agent", ""))


def forwarded(headers: CIMultiDictProxy[str]) -> tuple[str, ...]:
    """The values of every `X-Forwarded-For`, in order."""
    return tuple(headers.getall("X-Forwarded-For", ()))


def forwarded_chain(headers: CIMultiDictProxy[str]) -> str:
    """The first of them, as evidence."""
    return kept(_without_key(headers, "X-Forwarded-For"))


def told(headers: CIMultiDictProxy[str]) -> str:
    """What of the headers the intake log keeps."""
    return telling(headers, one_key(headers) or "", KEY_NAME)


def _without_key(headers: CIMultiDictProxy[str], name: str) -> str:
    value, key = headers.get(name, ""), one_key(headers)
    return value.replace(key, KEY_NAME) if key and key in value else value


def json_media(headers: CIMultiDictProxy[str]) -> bool:
    """Whether the body is said to be JSON in UTF-8 that is not compressed."""
    if headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        return False
    media = headers.get("Content-Type", "").lower()
    if media in _USUAL_MEDIA:
        return True
    kind, *parameters = (part.strip() for part in media.split(";"))
    if kind != "application/json":
        return False
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8"):
            return False
    return True


def named_request(headers: CIMultiDictProxy[str]) -> str | None:
    """The `Idempotency-Key`; empty where there is none, None where it cannot be one.

    Who has no name to give may send an empty one.
    """
    names = set(headers.getall("Idempotency-Key", ())) - {""}
    if not names:
        return ""
    name = names.pop()
    return name if not names and _KEY.fullmatch(name) else None
