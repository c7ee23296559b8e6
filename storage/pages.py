"""Reads what tells one store from another out of raw SQLite pages, without SQLite.

SQLite trusts that its file and its log belong together and that nobody else writes to either.
Where that has to be doubted, asking it would do the damage. The formats are described at
https://www.sqlite.org/fileformat.html (sections 1.3, 1.6, 2.1 and 4.1).
Light: part of the way to the first rows on the screen.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAGIC = b"SQLite format 3\x00"

APPLICATION_ID = 0x4F707464
"""“Optd”: what a store's header says it is. Older stores say 0."""

HEADER_BYTES = 100
_LEAF = 0x0D
_SEQ, _SECRET = 1, 5
"""The places of these columns in the row of `store_state`, as revision 0001 made it."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of a database file say."""

    page_size: int
    pages: int
    """How many there should be."""
    application_id: int
    schema: int
    """Another one after every change of the tables, and after the file was vacuumed."""
    rollback_journal: bool
    """Whether it was last written without a write-ahead log."""

    def is_foreign_to(self, application_id: int) -> bool:
        """Whether it cannot be a later header of a file that said it was that application's."""
        return application_id == APPLICATION_ID != self.application_id

    @property
    def size(self) -> int:
        """Bytes that the file should have."""
        return self.page_size * self.pages


@dataclass(frozen=True, slots=True)
class State:
    """The row of `store_state`, as one copy of its page holds it."""

    seq: int
    secret: bytes


def read_header(raw: bytes) -> Header | None:
    """The header at the start of `raw`; None where that is no database."""
    if len(raw) < HEADER_BYTES or not raw.startswith(MAGIC):
        return None
    size, write_version = struct.unpack_from(">HB", raw, 16)
    (pages,) = struct.unpack_from(">I", raw, 28)
    (schema,) = struct.unpack_from(">I", raw, 40)
    (application,) = struct.unpack_from(">I", raw, 68)
    return Header(65536 if size == 1 else size, pages, application, schema, write_version == 1)


def read_state(page: bytes) -> State | None:
    """The row in a copy of the page of `store_state`; None where it holds something else."""
    try:
        kind, _, cells = struct.unpack_from(">BHH", page)
        if kind != _LEAF or cells != 1:
            return None
        (at,) = struct.unpack_from(">H", page, 8)
        _, at = _varint(page, at)  # the row's length
        _, at = _varint(page, at)  # its number
        return _state_of(page, at)
    except (struct.error, IndexError):
        return None


def _state_of(page: bytes, start: int) -> State | None:
    length, at = _varint(page, start)
    types: list[int] = []
    while at < start + length:
        found, at = _varint(page, at)
        types.append(found)
    at = start + length
    values: list[bytes] = []
    for each in types:
        size = _size(each)
        values.append(page[at : at + size])
        at += size
    if len(values) <= _SECRET or at > len(page):
        return None
    if types[_SECRET] < 12 or types[_SECRET] % 2 or types[_SEQ] not in (1, 2, 3, 4, 5, 6, 8, 9):
        return None
    seq = int.from_bytes(values[_SEQ], "big") if types[_SEQ] < 8 else types[_SEQ] - 8
    return State(seq, values[_SECRET])


def _size(kind: int) -> int:
    """How many bytes a value of a serial type takes."""
    if kind >= 12:
        return (kind - 12) // 2
    return (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[kind]


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = 0
    for step in range(8):
        byte = raw[at + step]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + step + 1
    return value << 8 | raw[at + 8], at + 9
