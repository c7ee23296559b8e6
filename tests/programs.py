"""Programs as processes of their own, without the second that each would take to import.

What `start` gives is a process like any other: with its own id, streams, terminal, signals and
exit code. Only it was not started by reading the program from disk: a process that has imported
everything becomes it. What a start imports, and how the interpreter sets up its streams, is tried
with cold starts; in the trials every start is one.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import io
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.pace import THOROUGH

ROOT = Path(__file__).parents[1]

_PR_SET_CHILD_SUBREAPER = 36
_LARGEST = 128 * 1024
"""Bytes of words and environment; a message of the socket may have no more than about 200,000."""


def start(*words: str, cold: bool = False, **options: Any) -> subprocess.Popen[str]:
    """Starts `python` with `-m app.main …` or `-c CODE …`, at the root of the project.

    Args:
        words: What follows the interpreter.
        cold: Read everything from disk, as in life and in the trials.
        options: As for `subprocess.Popen`, as far as they are known here.
    """
    cold = cold or THOROUGH or sys.platform != "linux"
    kind: Callable[..., subprocess.Popen[str]] = subprocess.Popen if cold else _Forked
    return kind([sys.executable, *words], **({"text": True, "cwd": ROOT} | options))


def run(
    *words: str, given: str | None = None, timeout: float = 60, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Runs it to its end and catches what it says, as `subprocess.run`."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    if given is not None:
        streams["stdin"] = subprocess.PIPE
    with start(*words, **streams | options) as process:
        try:
            out, err = process.communicate(given, timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(words, process.returncode, out, err)


class _Server:
    """The process that the others are made from; there is one, from the first start on."""

    def __init__(self) -> None:
        self._own = ctypes.CDLL(None).prctl
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.programs", str(theirs.fileno())],
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        atexit.register(self._close)

    def fork(self, wish: dict[str, Any], streams: list[int]) -> int:
        """Starts a program on three open files; gives its id."""
        message = json.dumps(wish).encode()
        assert len(message) < _LARGEST
        with self._turn:
            # A process whose parent has gone becomes a child of this one, and can be waited for.
            # Only now: of a database server, nobody would take note that it has ended.
            self._own(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
            socket.send_fds(self._line, [message], streams)
            made = int(self._line.recv(64))
            self._own(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
            return made

    def _close(self) -> None:
        self._line.close()
        self._process.wait()


_server: _Server | None = None
_making = threading.Lock()


def _the_server() -> _Server:
    global _server  # noqa: PLW0603
    with _making:
        _server = _server or _Server()
        return _server


class _Forked(subprocess.Popen[str]):
    """A process that the server became; everything but its start is `subprocess`'s."""

    def _execute_child(self, args: list[str], *rest: Any) -> None:
        _executable, _preexec, _close, _pass, cwd, env = rest[:6]
        p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite = rest[9:15]
        session = rest[20]
        wish = {
            "words": args[1:],
            "folder": str(cwd),
            "environment": dict(os.environ if env is None else env),
            "session": session,
        }
        streams = [own if given == -1 else given for own, given in enumerate((p2cread, c2pwrite))]
        streams.append(2 if errwrite == -1 else errwrite)
        self.pid = _the_server().fork(wish, streams)
        self._child_created = True
        self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)  # type: ignore[attr-defined]


# In the server.


def _serve(line: socket.socket) -> Callable[[], None]:
    """Makes a process for each wish.

    Returns:
        In the new process, what it is to do.
    """
    while True:
        message, streams, _, _ = socket.recv_fds(line, _LARGEST, 3)
        if not message:
            os._exit(0)
        ours, theirs = os.pipe()
        between = os.fork()
        if not between:
            child = os.fork()
            if not child:
                line.close()
                return _becoming(json.loads(message), streams)
            os.write(theirs, b"%d" % child)
            os._exit(0)
        # Only now its parent is who asked.
        os.waitpid(between, 0)
        line.send(os.read(ours, 64))
        for each in (ours, theirs, *streams):
            os.close(each)


def _becoming(wish: dict[str, Any], streams: list[int]) -> Callable[[], None]:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 256)
    if wish["session"]:
        os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(wish["folder"])
    os.environ.clear()
    os.environ.update(wish["environment"])
    sys.stdin = sys.__stdin__ = _stream(0, "r")  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = _stream(1, "w")  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _stream(2, "w", "backslashreplace")  # type: ignore[misc]
    option, what, *words = wish["words"]
    sys.argv = [what if option == "-m" else "-c", *words]
    if option == "-c":
        return lambda: exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
    assert what == "app.main"
    from app.main import run

    return run


def _stream(number: int, mode: str, errors: str = "strict") -> io.TextIOWrapper:
    stream = open(number, mode, errors=errors, closefd=False)  # noqa: SIM115
    assert isinstance(stream, io.TextIOWrapper)
    if mode == "w":
        stream.reconfigure(line_buffering=number == 2 or stream.isatty())
    return stream


def _run(task: Callable[[], None]) -> None:
    """Does it and ends, but leaves the pieces that the interpreter would take itself into.

    That would be ten times what all the rest of such a start and end costs.
    """
    try:
        task()
    except SystemExit as ended:
        if not isinstance(ended.code, int | None):
            raise
        code = ended.code or 0
    else:
        code = 0
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    with suppress(OSError):  # Where it cannot be said, the interpreter knows how to end.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _import_all() -> None:
    os.environ["TEXTUAL_FPS"] = "240"  # As the desk asks for before it imports Textual.
    for name in ("app.main", "app.launch", "app.desk", "server.serve", "tests.factories"):
        importlib.import_module(name)
    import app.cli
    from app.background import import_the_rest

    for found in pkgutil.iter_modules(app.cli.__path__, "app.cli."):
        importlib.import_module(found.name)
    import_the_rest()
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _import_all()
    _run(_serve(socket.socket(fileno=int(sys.argv[1]))))
