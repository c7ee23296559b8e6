"""The command line, pressed in this process or as a program of its own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from app.main import main
from tests import pace, programs

pace.build_commands_once()

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object that was printed."""
        assert self.code == 0, self
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The list that was printed, one object a line."""
        assert self.code == 0, self
        return [json.loads(line) for line in self.out.splitlines()]


Optdesk = Callable[..., Answer]


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Optdesk:
    """Runs `optdesk` in this process, in an empty home."""

    def run(*words: str, given: str = "", **environment: str) -> Answer:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", StringIO(given))
            capsys.readouterr()
            code = main(list(words))
            said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return run


@pytest.fixture
def optdesk(any_store_url: str, program: Optdesk) -> Optdesk:
    """Runs `optdesk` in this process on a fresh store, once for each kind of store."""

    def run(*words: str, given: str = "") -> Answer:
        return program(*words, "--store", any_store_url, given=given)

    return run


@pytest.fixture
def process() -> Optdesk:
    """Runs `optdesk` as a process of its own, in an empty home."""

    def run(*words: str, given: str = "", **environment: str) -> Answer:
        done = programs.run("-m", "app.main", *words, given=given, env=os.environ | environment)
        return Answer(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder for stores."""
    made = tmp_path / "stores"
    made.mkdir(mode=0o700)
    yield made
