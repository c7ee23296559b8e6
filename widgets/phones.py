"""Phone numbers as lists show them.

The numbering plans take a tenth of a second to load, so nobody who paints waits for them: until
a reading thread has loaded them, numbers are shown as they are stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable


def _as_stored(e164: str) -> str:
    return e164


_write: Callable[[str], str] = _as_stored


def load(numbers: Iterable[str] = ()) -> None:
    """Loads the numbering plans, and writes some numbers ahead of their being shown.

    For threads that may wait.
    """
    global _write  # noqa: PLW0603 - a module is loaded once for all
    from storage.phones import international

    for number in numbers:
        international(number)
    _write = international


def international(e164: str) -> str:
    """A number as people read it. Untrusted."""
    return _write(e164)


_APART = re.compile(r"[\s().\-\u2010-\u2015]")


def as_kept(written: str) -> str:
    """A number that was typed as the desk shows it, without what sets its digits apart.

    What is no number with its country, such as an id, stays but for its blanks.
    """
    text = "".join(written.split())
    return _APART.sub("", text) if text.startswith("+") else text
