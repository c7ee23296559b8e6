"""Lines of a page about one contact: wrapped to its width, in sections that keys can go to."""

from __future__ import annotations

from textual.content import Content

WORD = 14
"""Cells of the words before facts."""


class Page:
    """Collects lines.

    Args:
        room: Cells of a line.
    """

    def __init__(self, room: int) -> None:
        self.room = max(2 * WORD, room)
        self.lines: list[Content] = []
        self.sections: list[int] = []
        """The lines that sections begin on."""
        self.older: list[int] = []
        """Lines that offer older entries."""

    def add(self, content: Content, *, indent: int = 0) -> None:
        """Adds a paragraph; its further lines begin as far in as asked for."""
        first, *rest = content.wrap(self.room)
        self.lines.append(first)
        if rest and indent:
            # What is left is wrapped anew, because it has less room.
            left = content[len(first.plain) :]
            skipped = len(left.plain) - len(left.plain.lstrip())
            rest = left[skipped:].wrap(self.room - indent)
        self.lines += [Content(" " * indent) + line for line in rest]

    def blank(self) -> None:
        """Adds an empty line."""
        self.lines.append(Content(""))

    def section(self, name: str) -> None:
        """Begins a section."""
        self.blank()
        self.sections.append(len(self.lines))
        self.lines.append(Content.styled(name, "bold $primary"))

    def fact(self, word: str, value: Content) -> None:
        """Adds a word and what it is about; further lines stand below the first one."""
        first, *rest = value.wrap(self.room - WORD)
        self.lines.append(Content.assemble((f"{word:<{WORD}}", "$text-muted"), first))
        self.lines += [Content(" " * WORD) + line for line in rest]

    def right(self, content: Content, width: int) -> None:
        """Adds a paragraph of some width at the right edge."""
        wrapped = [line.rstrip() for line in content.wrap(width)]
        widest = max(line.cell_length for line in wrapped)
        self.lines += [Content(" " * (self.room - widest)) + line for line in wrapped]

    def left(self, content: Content, width: int, *, indent: int = 0) -> None:
        """Adds a paragraph of some width at the left edge, or some cells from it."""
        self.lines += [Content(" " * indent) + line for line in content.wrap(width - indent)]

    def offer_older(self, key: str) -> None:
        """Adds the line that brings older entries."""
        self.older.append(len(self.lines))
        hint = f"{key} shows older ones" if key else "there are older ones"
        self.lines.append(Content.styled(f"… {hint}", "$accent"))

    @property
    def content(self) -> Content:
        """All lines as one text."""
        return Content("\n").join(self.lines)
