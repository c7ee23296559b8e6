"""A line to PostgreSQL: several statements in one turn, each prepared once.

On the way alone a question costs a fifth to half a millisecond, whatever is asked. A transaction
that takes leads in went that way six times; it goes twice. Of the driver's own pipeline, each
statement would go through its generators, and what it prepared is forgotten with every
transaction that is undone.
"""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from psycopg import Connection, DataError, Error, OperationalError
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from storage.jobs import Overtaken

Asked = tuple[str, Sequence[Any]]
"""A statement in PostgreSQL's own notation, and its values."""

_NOT_PREPARED = (b"0A000", b"26000")
"""How a prepared statement is refused whose table another program has changed, or that is gone."""


class Answered:
    """What became of one statement.

    Args:
        result: As the server gave it.
        reader: Knows the server's types.
    """

    __slots__ = ("_reader", "_result")

    def __init__(self, result: PGresult, reader: Any) -> None:
        self._result = result
        self._reader = reader

    @property
    def count(self) -> int:
        """How many rows it wrote."""
        return self._result.command_tuples or 0

    def rows(self) -> list[tuple[Any, ...]]:
        """What it returned."""
        self._reader.set_pgresult(self._result)
        rows: list[tuple[Any, ...]] = self._reader.load_rows(0, self._result.ntuples, tuple)
        return rows


Done = Callable[[list[Answered], Error | None], None]
"""Told the answers of what was sent, or why it failed; must not raise."""


class _Turn:
    """What was sent together, and what has come back of it."""

    __slots__ = ("answers", "asked", "done", "expected", "failure", "fresh", "over")

    def __init__(self, asked: int, done: Done | None) -> None:
        self.asked = asked
        """How many of its answers somebody wants: the last ones."""
        self.done = done
        self.fresh: list[str] = []
        """Statements that it prepares."""
        self.expected: Iterator[bool] = iter(())
        """For each answer that will come, whether it is that of a statement."""
        self.answers: list[PGresult] = []
        self.failure: PGresult | None = None
        self.over = False


class Pipeline:
    """What goes by one connection below its driver.

    A writer's is in autocommit: its transactions begin and end by statements. A reader's begins
    one by itself where none is open, and leaves it to the driver to end it.

    Args:
        driver: The connection, used by one thread at a time.
        begin: What begins a transaction where none is open.
    """

    def __init__(self, driver: Connection[Any], begin: str = "") -> None:
        self._begin = begin
        self._pg = driver.pgconn
        self._encoding = driver.info.encoding
        self._reader: Any = Transformer.from_context(driver)
        self._poll = select.poll()
        self._poll.register(driver.fileno(), select.POLLIN)
        self._prepared: dict[str, bytes] = {}
        self._numbers = count()
        self._put_off: list[Asked] = []
        self._beside: dict[int, Callable[[], bool]] = {}
        self._under_way: deque[_Turn] = deque()
        self._overtaken = False
        """Something that was sent has failed, and whatever was sent behind it."""

    @property
    def under_way(self) -> int:
        """How often something was sent of which nothing has come back."""
        return len(self._under_way)

    def watch(self, socket: int, look: Callable[[], bool]) -> None:
        """Calls `look` when something comes by another line while this one waits.

        It must not raise. Once it returns False, it is called no more.
        """
        self._beside[socket] = look
        self._poll.register(socket, select.POLLIN)

    def put_off(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Lets a statement go with the next one that is asked; where it fails, that one does."""
        self._put_off.append((statement, values))

    def drop(self) -> None:
        """Forgets what was put off and not sent."""
        self._put_off.clear()

    def ask(self, *asked: Asked) -> list[Answered]:
        """Sends what was put off and then these, and waits for what becomes of these.

        Raises:
            psycopg.Error: The first of them failed that did; what comes after it was not done.
            Overtaken: What was sent before has failed; nothing was sent.
        """
        self.wait()
        if not (self._put_off or asked):
            return []
        turn = self._send(asked, None)
        while not turn.over:
            self._wait()
            self._read()
        if turn.failure is not None:
            raise error_from_result(turn.failure, self._encoding)
        return self._answers(turn)

    def send(self, done: Done, *asked: Asked) -> None:
        """Sends what was put off and then these, a transaction to its end, and waits for nothing.

        What became of these, `done` is told while something else is waited for.

        Raises:
            psycopg.Error: It cannot be sent.
            Overtaken: What was sent before has failed; nothing was sent.
        """
        if self._overtaken:
            raise Overtaken
        self._send(asked, done)
        self._pg.flush()

    def wait(self) -> None:
        """Waits for all that was sent.

        Raises:
            psycopg.Error: The line is cut.
            Overtaken: Something has failed. It is told so until `start_over`.
        """
        while self._under_way:
            self._wait()
            self._read()
        if self._overtaken:
            raise Overtaken

    def rest(self, bell: int, seconds: float | None) -> None:
        """Waits until something has come back, here or beside, or until `bell` can be read.

        Args:
            bell: A socket.
            seconds: For how long at most; None for as long as it takes.

        Raises:
            psycopg.Error: The line is cut.
        """
        self._poll.register(bell, select.POLLIN)
        try:
            self._turn(None if seconds is None else seconds * 1000)
        finally:
            self._poll.unregister(bell)
        while self._under_way and not self._pg.is_busy():
            self._read()

    def start_over(self) -> None:
        """Takes note that what has failed was undone."""
        self.drop()
        self._overtaken = False

    def _send(self, asked: Sequence[Asked], done: Done | None) -> _Turn:
        everything, self._put_off = [*self._put_off, *asked], []
        if self._begin and self._pg.transaction_status == TransactionStatus.IDLE:
            everything.insert(0, (self._begin, ()))
        # All of them before the first is sent: one that cannot be written leaves the line clean.
        written = [[_written(value, self._encoding) for value in each] for _, each in everything]
        turn = _Turn(len(asked), done)
        kinds: list[bool] = []
        if not self._under_way:
            self._pg.enter_pipeline_mode()
        for (statement, _), values in zip(everything, written, strict=True):
            if statement not in self._prepared:
                turn.fresh.append(statement)
                kinds.append(False)
                self._prepare(statement)
            kinds.append(True)
            self._pg.send_query_prepared(self._prepared[statement], values)
        self._pg.pipeline_sync()
        turn.expected = iter(kinds)
        self._under_way.append(turn)
        return turn

    def _prepare(self, statement: str) -> None:
        name = b"optdesk_%d" % next(self._numbers)
        self._pg.send_prepare(name, statement.encode(self._encoding))
        self._prepared[statement] = name

    def _read(self) -> None:
        """Takes one answer of what was sent first."""
        turn, result = self._under_way[0], self._pg.get_result()
        if result is None:
            # Behind each answer. Of a line that is cut, nothing else would ever come.
            if self._pg.status != ConnStatus.OK:
                raise OperationalError("the server closed the connection")
        elif result.status == ExecStatus.PIPELINE_SYNC:
            self._end(turn)
        elif result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            if next(turn.expected):
                turn.answers.append(result)
        elif turn.failure is None:
            turn.failure = result

    def _end(self, turn: _Turn) -> None:
        turn.over = True
        self._under_way.popleft()
        if not self._under_way:
            self._pg.exit_pipeline_mode()
        if turn.failure is not None:
            if turn.failure.error_field(DiagnosticField.SQLSTATE) in _NOT_PREPARED:
                turn.fresh = [*self._prepared]
            for statement in turn.fresh:
                self._prepared.pop(statement, None)
        if turn.done is None:
            return
        if turn.failure is None:
            turn.done(self._answers(turn), None)
        else:
            self._overtaken = True
            turn.done([], error_from_result(turn.failure, self._encoding))

    def _answers(self, turn: _Turn) -> list[Answered]:
        wanted = turn.answers[len(turn.answers) - turn.asked :]
        return [Answered(answer, self._reader) for answer in wanted]

    def _wait(self) -> None:
        """Waits until an answer is there."""
        while self._pg.is_busy():
            self._turn()

    def _turn(self, milliseconds: float | None = None) -> None:
        """Waits until there is something to read or to write, and does so."""
        pg = self._pg
        unsent = pg.flush()
        self._poll.modify(pg.socket, select.POLLIN | (select.POLLOUT if unsent else 0))
        for socket, event in self._poll.poll(milliseconds):
            if socket in self._beside:
                self._look_beside(socket)
            elif socket == pg.socket and event & ~select.POLLOUT:
                pg.consume_input()

    def _look_beside(self, socket: int) -> None:
        if not self._beside[socket]():
            self._poll.unregister(socket)
            del self._beside[socket]


def _written(value: Any, encoding: str) -> bytes | None:
    """A value as the server reads it; of which type it is, the statement says."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            made = value.encode(encoding)
        except UnicodeEncodeError as error:
            raise DataError(str(error)) from error
        if b"\x00" in made:
            raise DataError("PostgreSQL keeps no NUL in a text")
        return made
    if isinstance(value, bytes):
        return b"\\x" + value.hex().encode()
    return (value.isoformat() if isinstance(value, datetime) else str(value)).encode()
