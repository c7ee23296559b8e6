"""A request as the doors see it: read whole, and nothing in it that a store cannot keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from storage.ids import new_id

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

T = TypeVar("T")

LONGEST_HEADER = 512
"""Characters kept of a header as evidence."""


class Request:
    """One request."""

    __slots__ = (
        *("body", "credential", "facts", "headers"),
        *("id", "method", "near", "path", "peer", "query", "secret", "secret_name"),
    )

    def __init__(
        self,
        method: str,
        path: str,
        headers: CIMultiDictProxy[str],
        peer: str,
        *,
        near: bool = False,
        body: bytes = b"",
    ) -> None:
        self.id = new_id()
        """The number behind `req_…`."""
        self.method = method
        self.path = path
        """Without query and as it was sent; percent signs are not decoded."""
        self.query = ""
        """As it was sent, with its question mark; empty where there is none."""
        self.headers = headers
        self.peer = peer
        """The other end of the connection: a sender or a proxy."""
        self.near = near
        """Whether the other end is this machine, which a proxy or tunnel may be as well."""
        self.body = body
        self.facts: dict[Any, Any] = {}
        """What was read from its head: see `once`."""
        self.credential = b""
        """The hash of the secret that it came with, once a door has asked for it."""
        self.secret = ""
        """That secret itself, which nothing that is kept may hold."""
        self.secret_name = ""
        """What stands in its place."""

    def once(self, read: Callable[[CIMultiDictProxy[str]], T]) -> T:
        """What a function reads from the headers alone; it must not change afterwards.

        Of a head that is said again and again it is read once.
        """
        facts = self.facts
        if read not in facts:
            facts[read] = read(self.headers)
        found: T = facts[read]
        return found

    def said(self, name: str) -> str:
        """A header as evidence: cut, on one line, and free of halves of surrogate pairs."""
        return kept(self.hide(self.headers.get(name, "")))

    def hide(self, text: str) -> str:
        """A text without the secret that the request came with."""
        if self.secret and self.secret in text:
            return text.replace(self.secret, self.secret_name)
        return text

    def hide_in(self, said: Any) -> Any:
        """What a body says, without the secret that the request came with."""
        if not self.secret or not (self.secret.encode() in self.body or b"\0" in self.body):
            return said
        return self._hide_in(said)

    def _hide_in(self, said: Any) -> Any:
        if isinstance(said, str):
            return self.hide(said)
        if isinstance(said, dict):
            return {self.hide(name): self._hide_in(value) for name, value in said.items()}
        return [self._hide_in(value) for value in said] if isinstance(said, list) else said


def kept(value: str) -> str:
    """Text that any store takes: cut, on one line, unreadable bytes replaced."""
    value = value[:LONGEST_HEADER]
    if value.isascii() and value.isprintable():
        return value
    # The parser turns bytes that are not UTF-8 into halves of surrogate pairs.
    whole = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\ufffd" for char in whole)
