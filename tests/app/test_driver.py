"""The thread that waits for keys."""

from __future__ import annotations

import os
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from textual import events
from textual._ansi_sequences import SYNC_END, SYNC_START

from app import driver
from app.driver import Keys, QuietDriver
from tests.waiting import PATIENCE


def test_keys_are_heard_after_a_long_rest_and_the_wait_can_be_ended(monkeypatch: Any):
    monkeypatch.setattr(driver, "AWAKE_SECONDS", 0.0)
    heard: list[Any] = []
    came = threading.Event()
    ear, mouth = os.pipe()
    listening = QuietDriver.__new__(QuietDriver)
    listening._debug, listening.fileno = False, ear
    listening._bell = listening.exit_event = driver._Bell()

    def take(message: Any) -> None:
        heard.append(message)
        came.set()

    monkeypatch.setattr(listening, "process_message", take)
    thread = threading.Thread(target=listening.run_input_thread)
    thread.start()
    os.write(mouth, b"j")
    assert came.wait(PATIENCE)
    listening.exit_event.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert [each.key for each in heard if isinstance(each, events.Key)] == ["j"]
    listening.exit_event.clear()
    assert not listening.exit_event.is_set()
    listening._bell.close()
    os.close(ear)
    os.close(mouth)


def test_what_is_typed_after_esc_is_a_key_of_its_own_and_not_alt_with_it():
    keys = Keys()

    def heard(*reads: str) -> list[str]:
        return [one.key for read in reads for one in keys.feed(read) if isinstance(one, events.Key)]

    assert heard("\x1b", "j", "k") == ["escape", "j", "k"]
    assert heard("a\x1b", "\x1b", "u") == ["a", "escape", "escape", "u"]
    assert heard("\x1b", "[A", "\x1b", "OB", "\x1b[C") == ["up", "down", "right"]
    assert heard("\x1bb") == ["ctrl+left"]


def test_a_frame_is_written_as_one_and_everything_else_at_once():
    written: list[str] = []
    writing: Any = QuietDriver.__new__(QuietDriver)
    writing._frame, writing._typed_at = [], 0.0
    writing._writer_thread = SimpleNamespace(write=written.append)
    for part in ("bell", SYNC_START, "rows", SYNC_END, "title"):
        writing.write(part)
    assert written == ["bell", f"{SYNC_START}rows{SYNC_END}", "title"]


def test_a_stop_within_a_frame_gives_the_terminal_back_at_once(monkeypatch: Any):
    written: list[str] = []
    stopping: Any = QuietDriver.__new__(QuietDriver)
    stopping._frame, stopping._away = [], False
    stopping._writer_thread = SimpleNamespace(write=written.append, stop=lambda: None)
    monkeypatch.setattr(stopping, "stop_application_mode", lambda: stopping.write("restored"))
    stopping.write(SYNC_START)
    stopping.suspend_application_mode()
    assert written == ["restored"]


@pytest.mark.parametrize("read", [1, 3, 4096])
def test_what_is_pasted_is_text_to_its_end_whatever_it_holds(read: int):
    keys = Keys()
    pasted = "one\rtwo\x1b[31m d\x1bD \x1b[200~*\tx\x07\r\x1b[201~"
    reads = [pasted[start : start + read] for start in range(0, len(pasted), read)]
    heard = [
        each.text if isinstance(each, events.Paste) else getattr(each, "key", "")
        for part in ("j\x1b[200~", *reads, "k\x1b[200~Zoë\x1b[201~")
        for each in keys.feed(part)
    ]
    assert heard == ["j", "one\rtwo dD *\tx", "k", "Zoë"]


def test_esc_before_what_is_pasted_is_a_key():
    heard = [type(each).__name__ for each in Keys().feed("\x1b\x1b[200~text\x1b[201~")]
    assert heard == ["Key", "Paste"]


def test_a_paste_whose_end_is_lost_ends_by_itself_and_keys_are_keys_again(monkeypatch: Any):
    now = 100.0
    monkeypatch.setattr(driver, "monotonic", lambda: now)
    keys = Keys()
    assert list(keys.feed("\x1b[200~+1 415\x1b[31m 555")) == []
    now += driver.PASTE_SECONDS - 0.1
    assert list(keys.feed(" 0123")) == list(keys.tick()) == []
    now += driver.PASTE_SECONDS - 0.1
    assert list(keys.tick()) == []
    assert keys.pasting
    now += 0.2
    [pasted] = keys.tick()
    assert isinstance(pasted, events.Paste)
    assert pasted.text == "+1 415 555 0123"
    heard = [each for read in ("j", "\x1b[201~", "k") for each in keys.feed(read)]
    assert [each.key for each in heard if isinstance(each, events.Key)] == ["j", "k"]
    assert not any(isinstance(each, events.Paste) and each.text for each in heard)
