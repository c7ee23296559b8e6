"""How the program ends, whatever its threads are at."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.waiting import PATIENCE

_BUSY = """
import atexit, sys, threading
from typing import Annotated
from pydantic import BeforeValidator, TypeAdapter
from app.exits import end

def look(value):
    begun.set()
    return sum(range(value))

def read():
    many = TypeAdapter(list[Annotated[int, BeforeValidator(look)]])
    while True:
        many.validate_python([200] * 1000)

begun = threading.Event()
atexit.register(lambda: sys.stdout.write("said at the end\\n"))
threading.Thread(target=read, daemon=True).start()
begun.wait()
sys.stdout.write("said before\\n")
end(3)
"""

_WAITS = """
import sys, threading, time
from app.exits import end

def work():
    time.sleep(0.3)
    sys.stdout.write("done\\n")

threading.Thread(target=threading.Event().wait, daemon=True).start()
threading.Thread(target=work).start()
end(0)
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Runs it in an interpreter that is taken apart behind it, as those of `programs` are not."""
    words = [sys.executable, "-c", program]
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.mark.parametrize("_again", range(4))
def test_a_thread_in_a_library_in_rust_does_not_crash_the_end(_again: int) -> None:
    ended = run(_BUSY)
    assert (ended.stdout, ended.returncode) == ("said before\nsaid at the end\n", 3)


def test_the_end_waits_for_threads_that_have_to_be_waited_for() -> None:
    ended = run(_WAITS)
    assert (ended.stdout, ended.returncode) == ("done\n", 0)
