"""Finding the lasting parts of a screen."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, overload

from textual.widget import Widget

W = TypeVar("W", bound=Widget)


class once(Generic[W]):  # noqa: N801 - used like a decorator, as Textual's getters are
    """A part that is composed once and stays: looked for at first use, then remembered.

    Textual's own `query_one` walks through all parts each time, which costs a busy screen a tenth
    of its time.

    Args:
        kind: The part's class.
        selector: Where there is more than one of it.
    """

    def __init__(self, kind: type[W], selector: str = "") -> None:
        self._kind = kind
        self._selector = selector

    def __set_name__(self, kind: type, name: str) -> None:
        # Kept with the owner: a table of all owners would keep them as long as their parts, which
        # know their owner.
        self._place = f"_once_{name}"

    @overload
    def __get__(self, owner: None, kind: type) -> once[W]: ...

    @overload
    def __get__(self, owner: Any, kind: type) -> W: ...

    def __get__(self, owner: Any, kind: type) -> W | once[W]:
        if owner is None:
            return self
        found: W | None = owner.__dict__.get(self._place)
        if found is None or not found.is_attached:
            selector = self._selector or self._kind
            found = owner.__dict__[self._place] = (
                owner.query_one(selector, self._kind)
                if isinstance(selector, str)
                else owner.query_one(selector)
            )
        return found
