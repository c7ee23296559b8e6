"""Servers under measurement, each a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from storage.errors import StoreError

HERE = Path(__file__).parent
PEERS = HERE / "peers"
OPTDESK = (sys.executable, "-m", "app.main")
READY = "listening on "


def peer_python() -> str:
    """The interpreter that has the peers installed."""
    named = os.environ.get("BENCH_PYTHON")
    # Not resolved: a link in a virtual environment is what makes it one.
    return str(Path(named).absolute() if named else HERE.parent / ".venv-bench/bin/python")


def environment() -> dict[str, str]:
    """The settings under which Optdesk is measured: no limits, everything else as delivered."""
    return peer_environment() | {
        "OPTDESK_RATE_PER_KEY": "0",
        "OPTDESK_RATE_PER_PEER": "0",
        "PYTHONPATH": str(HERE.parent),
    }


def peer_environment() -> dict[str, str]:
    """The environment of what Optdesk is compared with."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPTDESK_")}
    return kept | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


class Served:
    """A server that runs."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.process.pid

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Lets it do nothing meanwhile, not even what it does behind its answers."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def serving(*command: str, **settings: str) -> Iterator[Served]:
    """Runs a command until it says where it listens, and ends it afterwards.

    Args:
        command: What to run.
        settings: More of its environment.

    Raises:
        StoreError: It ended before it listened.
    """
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment() | settings,
        cwd=HERE.parent,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line.startswith(READY):
            raise StoreError(f"{' '.join(command[:3])} … did not start.")
        yield Served(process, line.removeprefix(READY).strip())
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def bare(*, uvloop: bool = False) -> contextlib.AbstractContextManager[Served]:
    """An aiohttp handler that only parses and answers."""
    return serving(sys.executable, str(PEERS / "bare.py"), *(["--uvloop"] if uvloop else []))


def textbook(folder: Path) -> contextlib.AbstractContextManager[Served]:
    """FastAPI and SQLModel, a session and a commit for each request."""
    return serving(peer_python(), str(PEERS / "textbook.py"), str(folder / "textbook.db"))


def optdesk(store_url: str, **settings: str) -> contextlib.AbstractContextManager[Served]:
    """`optdesk serve`, with more settings in its environment."""
    return serving(*OPTDESK, "--store", store_url, "--port", "0", "serve", **settings)


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used so far, all threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Memory that a process holds, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
