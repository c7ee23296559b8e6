"""How the command line answers: JSON for programs, sentences and aligned tables for people."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from app.exits import hang_up
from storage.errors import OptdeskError

MEASURED_ROWS = 200
"""Rows that the widths of a table are taken from before the first one is printed."""

WIDEST = 40
"""Cells beyond which a column does not grow; longer text is cut, except in pipes."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table for people."""

    title: str
    show: Callable[[Row], str]
    right: bool = False


class Output:
    """Prints answers on standard output.

    Args:
        as_json: For programs: ASCII JSON, a list as one object a line, all else one object.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def item(self, fields: Row, sentence: str) -> None:
        """Answers with one thing.

        Args:
            fields: What programs get.
            sentence: What people get; may hold untrusted text and several lines.
        """
        if self.as_json:
            self.line(as_json(fields))
        else:
            for part in sentence.split("\n"):
                self.text(part)

    def rows(self, columns: Sequence[Column], rows: Iterable[Row], nothing: str) -> int:
        """Answers with a list, row by row as they come.

        Args:
            columns: What people see of a row.
            rows: What programs get, one object each.
            nothing: The sentence for people when the list is empty.

        Returns:
            How many rows there were.
        """
        count = 0
        lines = map(as_json, rows) if self.as_json else _table(columns, iter(rows))
        for line in lines:
            self.line(line)
            count += 1
        if count == 0:
            self.note(nothing)
        return count if self.as_json else max(0, count - 1)

    def text(self, sentence: str) -> None:
        """A line for people; untrusted text in it is made harmless."""
        from widgets.plain import clean

        self.line(clean(sentence))

    def note(self, sentence: str) -> None:
        """A remark for people, beside the answer: on standard error."""
        from widgets.plain import clean

        if not self.as_json:
            sys.stderr.write(clean(sentence) + "\n")

    def line(self, text: str) -> None:
        """One finished line. Ends the run without a word when nobody reads on."""
        with written():
            sys.stdout.write(text + "\n")

    def finish(self) -> None:
        """Sees that everything is written."""
        with written():
            sys.stdout.flush()


@contextmanager
def written() -> Iterator[None]:
    """Ends the run without a word when nobody reads on.

    Raises:
        OptdeskError: What is written cannot be, as on a full disk.
    """
    try:
        yield
    except BrokenPipeError:
        raise SystemExit(hang_up()) from None
    except OSError as error:
        hang_up()
        raise OptdeskError(f"The answer cannot be written: {error.strerror}.") from error


def as_json(fields: Row) -> str:
    """An object on one line, in ASCII, so that no terminal obeys anything in it."""
    return json.dumps(fields, ensure_ascii=True)


def coloured() -> bool:
    """Whether standard output may hold styles."""
    return (
        sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "dumb") != "dumb"
    )


def _table(columns: Sequence[Column], rows: Iterator[Row]) -> Iterator[str]:
    """The lines of a table, the heading first; nothing at all when there are no rows."""
    from rich.cells import cell_len

    from widgets.plain import clean, fitted

    def shown(row: Row) -> list[str]:
        return [clean(column.show(row)) for column in columns]

    first = [shown(row) for row in islice(rows, MEASURED_ROWS)]
    if not first:
        return
    titles = [column.title for column in columns]
    cut = sys.stdout.isatty()
    widths = [max(cell_len(cells[i]) for cells in (titles, *first)) for i in range(len(columns))]
    if cut:
        widths = [min(width, WIDEST) for width in widths]

    def line(cells: Sequence[str]) -> str:
        fields = []
        for text, column, least in zip(cells, columns, widths, strict=True):
            width = least if cut else max(least, cell_len(text))
            fields.append(fitted(text, width, right=column.right))
        return "  ".join(fields).rstrip()

    heading = line(titles)
    yield f"\x1b[1m{heading}\x1b[0m" if coloured() else heading
    for cells in chain(first, map(shown, rows)):
        yield line(cells)
