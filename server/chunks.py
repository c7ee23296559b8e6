"""Where a body in chunks ends, and whether trailers stand behind it.

aiohttp's parser keeps the last trailer of a request back and counts it among the headers of the
next one. So who sends trailers gets its answer, and with it the end of the connection.
"""

from __future__ import annotations

_LONGEST_LINE = 16 * 1024
"""Bytes of a line that are followed: more than the parser takes."""


class Chunks:
    """Follows one body. The parser judges it; this only looks for its end.

    Attributes:
        trailers: Whether there are trailers, or nobody can tell.
    """

    __slots__ = ("_last", "_left", "_line", "_over", "trailers")

    def __init__(self) -> None:
        self._left = 0
        """Bytes of a chunk, with the end of its line, that are still to come."""
        self._line = b""
        self._last = False
        """The chunk of no bytes has come: what follows is an empty line or trailers."""
        self._over = False
        self.trailers = False

    def follow(self, data: bytes) -> None:
        """Goes on with what arrived; what stands behind the body's end is left alone."""
        place = 0
        while place < len(data) and not self._over:
            if self._left:
                step = min(self._left, len(data) - place)
                self._left -= step
                place += step
                continue
            end = data.find(b"\n", place)
            stop = len(data) if end < 0 else end + 1
            self._line += data[place:stop]
            place = stop
            if len(self._line) > _LONGEST_LINE:
                self._give_up()
            elif end >= 0:
                line, self._line = self._line.rstrip(b"\r\n"), b""
                self._take(line)

    def _take(self, line: bytes) -> None:
        if self._last:
            self._over = True
            self.trailers = bool(line)
            return
        try:
            size = int(line.split(b";", 1)[0], 16)
        except ValueError:
            self._give_up()
            return
        if size > 0:
            self._left = size + len(b"\r\n")
        else:
            self._last = True

    def _give_up(self) -> None:
        self._over = self.trailers = True
