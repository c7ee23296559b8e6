"""Starting and ending: the first frame, no terminal, signals, stores that cannot be opened."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.desk import Desk
from screens.backstage import ServedElsewhere, say
from storage import schema
from storage.first_look import KNOWN, first_look
from storage.store import Store
from tests import programs
from tests.app.terminal import Terminal
from tests.factories import make_queued, switched_on
from tests.screens.hand import at_desk
from tests.waiting import PATIENCE, awake

ROOT = Path(__file__).parents[2]

HEAVY = (
    "aiohttp",
    "alembic",
    "phonenumbers",
    "prometheus_client",
    "psycopg",
    "pydantic",
    "pydantic_settings",
    "sqlalchemy",
    "sqlmodel",
    "structlog",
    "typer",
)

FIRST_FRAME = """
import asyncio, sys
import app.main, app.launch
from app.desk import Desk
from app.options import DeskOptions

desk = Desk(DeskOptions())

def painted():
    frame = "".join(strip.text for strip in desk.screen._compositor.render_strips())
    assert "Opt-in queue" in frame and "Integrations" in frame and "starting" in frame, frame
    print(" ".join(sorted({name.split(".")[0] for name in sys.modules})))
    own = ("app", "screens", "storage", "widgets")
    print(sum(name.split(".")[0] in own for name in sys.modules))
    desk.exit()

desk.backstage.start = painted
asyncio.run(desk.run_async(headless=True, size=(120, 40)))
"""


def test_the_first_frame_imports_nothing_but_textual() -> None:
    said = subprocess.run(
        [sys.executable, "-c", FIRST_FRAME], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split("\n")
    roots = set(said[0].split())
    assert "textual" in roots
    assert sorted(roots & set(HEAVY)) == []
    # Of them, the registry of verbs alone has eight.
    assert int(said[1]) < 52


def test_the_first_look_knows_the_newest_tables() -> None:
    assert KNOWN == schema.HEAD


def test_the_first_look_sees_what_the_store_holds(sqlite_store: Store) -> None:
    from storage.glimpses import Ask, End
    from storage.windows import RowReader
    from storage.words import View

    make_queued(sqlite_store, 300)
    assert sqlite_store.path is not None
    look = first_look(sqlite_store.path)
    assert look is not None
    whole = RowReader(sqlite_store).look(Ask(View(), End.HEAD))
    seen = len(look.glimpse.rows)
    assert look.glimpse.rows[:100] == whole.rows[:100]
    assert (look.glimpse.total, look.all, look.active) == (300, 300, True)
    assert not look.glimpse.tail and seen < 300


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00" + b"x" * 900])
def test_the_first_look_gives_up_at_a_file_that_is_no_store(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(content)
    assert first_look(path) is None
    assert path.read_bytes() == content
    assert first_look(tmp_path / "missing.db") is None
    assert sorted(each.name for each in tmp_path.iterdir()) == ["x.db"]


def test_rows_are_on_the_screen_before_the_store_is_open(
    sqlite_store: Store, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_queued(sqlite_store, 3, first_name="Early")
    with Terminal("--store", sqlite_url, "--port", "0", cold=True) as terminal:
        shown = terminal.read_until(lambda shown: "Early" in shown)
        assert "listening" not in shown


def test_without_a_terminal_it_says_so_and_names_serve(sqlite_url: str) -> None:
    ran = programs.run("-m", "app.main", "--store", sqlite_url, stdin=subprocess.DEVNULL)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert re.fullmatch(r"optdesk: The desk needs a terminal.*optdesk serve\n", ran.stderr)


def test_in_a_terminal_that_cannot_move_its_cursor_it_says_so(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with Terminal("--store", sqlite_url) as terminal:
        assert terminal.end() == 2
        assert "optdesk serve" in terminal.shown
        assert "\x1b[" not in terminal.shown


def _restored(shown: str) -> bool:
    """Whether the last word about each mode leaves the terminal as it was."""
    on_off = {"1049": "l", "25": "h", "1000": "l", "1003": "l", "1004": "l", "2004": "l", "7": "h"}
    for mode, wanted in on_off.items():
        said = re.findall(rf"\x1b\[\?{mode}([hl])", shown)
        if said and said[-1] != wanted:
            return False
    return True


@pytest.fixture
def ready_url(sqlite_url: str) -> str:
    """A store that is set up, so that the desk opens on its list."""
    store = Store.open(sqlite_url)
    switched_on(store)
    store.close()
    return sqlite_url


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_ends_it_in_time_with_the_terminal_restored(
    ready_url: str, number: signal.Signals
) -> None:
    with Terminal("--store", ready_url, "--port", "0") as terminal:
        terminal.read_until(lambda shown: "listening" in shown)
        began = awake()
        terminal.process.send_signal(number)
        assert terminal.end() == 128 + number
        assert awake() - began < 5
        assert _restored(terminal.shown)


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGSTOP])
def test_a_desk_that_was_stopped_goes_on(ready_url: str, number: signal.Signals) -> None:
    with Terminal("--store", ready_url, "--port", "0") as terminal:
        terminal.read_until(lambda shown: "listening" in shown)
        terminal.process.send_signal(number)
        os.waitpid(terminal.process.pid, os.WUNTRACED)
        if number == signal.SIGTSTP:
            terminal.read_until(_restored)
        before = len(terminal.shown)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.read_until(lambda shown: "listening" in shown[before:].partition("\x1b[?1049h")[2])
        terminal.type("?")
        terminal.read_until(lambda shown: "type to search the help" in shown)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 128 + signal.SIGTERM
        assert _restored(terminal.shown)


def test_a_signal_before_the_store_is_open_ends_it_too(sqlite_url: str) -> None:
    with Terminal("--store", sqlite_url, "--port", "0", cold=True) as terminal:
        terminal.read_until(lambda shown: "Opt-in" in shown)
        began = awake()
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 128 + signal.SIGTERM, terminal.shown
        assert awake() - began < 5
        assert _restored(terminal.shown)


def test_a_dropped_line_ends_it_in_time(ready_url: str) -> None:
    with Terminal("--store", ready_url, "--port", "0") as terminal:
        terminal.read_until(lambda shown: "listening" in shown)
        began = awake()
        os.close(terminal._ours)
        terminal.process.send_signal(signal.SIGHUP)
        code = terminal.process.wait(PATIENCE)
        assert awake() - began < 5
        assert code == 128 + signal.SIGHUP
        terminal._ours = os.open(os.devnull, os.O_RDONLY)


def test_a_terminal_that_is_gone_ends_it_in_time_also_without_a_signal(ready_url: str) -> None:
    with Terminal("--store", ready_url, "--port", "0") as terminal:
        terminal.read_until(lambda shown: "listening" in shown)
        began = awake()
        os.close(terminal._ours)
        code = terminal.process.wait(PATIENCE)
        assert awake() - began < 5
        assert code == 128 + signal.SIGHUP
        terminal._ours = os.open(os.devnull, os.O_RDONLY)


def test_a_store_that_cannot_be_opened_is_named_with_exit_code_3(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n" * 100, encoding="utf-8")
    with Terminal("--store", str(path)) as terminal:
        assert terminal.end() == 3, terminal.shown[-3000:]
        after = terminal.shown.rsplit("\x1b[?1049l", 1)[-1]
        assert str(path) in after.replace("\r\n", "")
        assert "no database" in after
    assert path.read_text(encoding="utf-8") == "my notes\n" * 100


def test_a_bad_settings_file_names_the_line(tmp_path: Path, sqlite_url: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text('host = "127.0.0.1"\nport = "many"\n', encoding="utf-8")
    with Terminal("--store", sqlite_url, "--config", str(config)) as terminal:
        assert terminal.end() == 2
        assert "line 2" in terminal.shown


async def test_a_fault_in_a_thread_ends_the_desk_without_its_values(sqlite_url: str) -> None:
    from app.desk import Fault

    with pytest.raises(RuntimeError, match="secret"):
        async with at_desk(sqlite_url) as hand:
            hand.desk.post_message(Fault(RuntimeError("secret +14155550123")))
            await hand.until(lambda: not hand.desk.is_running)


async def test_closing_answers_what_is_in_flight_and_lets_go(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        desk = hand.desk
    assert desk.backstage.listener.kind == "stopped"


async def test_what_is_wrong_with_the_settings_is_read_before_who_else_serves_the_store(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Desk, "NOTIFICATION_TIMEOUT", 1)
    async with at_desk(sqlite_url) as hand:
        say(hand.desk.main, "Line 3 is wrong.", severity="warning")
        await hand.until(lambda: "Line 3 is wrong." in hand.text)
        hand.desk.main.post_message(ServedElsewhere("Also served elsewhere."))
        await hand.pilot.pause()
        assert hand.toasts[-1] == "Line 3 is wrong."
        await hand.until(lambda: "Also served elsewhere." in hand.text)
