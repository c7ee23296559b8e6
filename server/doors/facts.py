"""What the intake log keeps of a request beside its body: the headers that tell something."""

from __future__ import annotations

from functools import lru_cache
from json.encoder import encode_basestring
from typing import TYPE_CHECKING

from server.request import LONGEST_HEADER, kept

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

MOST_HEADERS = 40
"""Headers kept of one request."""

_DULL = frozenset({"connection", "content-length", "host", "accept-encoding", "content-type"})
"""Headers that tell nothing, or are kept elsewhere."""

_SECRETS = ("auth", "key", "token", "secret", "cookie", "passw", "session", "signature", "x-api")
"""Parts of the names of headers whose values are left out."""


def telling(headers: CIMultiDictProxy[str], secret: str, secret_name: str) -> str:
    """The headers as JSON. Credentials are named and not shown.

    Args:
        headers: Of the request.
        secret: What the request came with, which may stand in a `Referer` as well.
        secret_name: What stands in its place.
    """
    parts: list[str] = []
    for name, value in headers.items():
        word = _word(name)
        if word is None or len(parts) == MOST_HEADERS:
            continue
        if not word:
            parts.append(f'{_quoted(name)}:"[left out]"')
            continue
        if secret and secret in value:
            value = value.replace(secret, secret_name)  # noqa: PLW2901 - the same header
        parts.append(_said(word, value[:LONGEST_HEADER]))
    return f"{{{','.join(parts)}}}"


@lru_cache(maxsize=1024)
def _said(word: str, value: str) -> str:
    """A header as JSON. A sender says much the same each time."""
    return f"{word}:{encode_basestring(kept(value))}"


@lru_cache(maxsize=1024)
def _word(name: str) -> str | None:
    """A header's name as JSON; empty where its value is a secret, None where it is dull."""
    lower = name.lower()
    if lower in _DULL:
        return None
    if any(part in lower for part in _SECRETS):
        return ""
    return _quoted(name)


def _quoted(name: str) -> str:
    return encode_basestring(kept(name).lower())
