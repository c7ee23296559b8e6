"""The thread that waits for keys."""

from __future__ import annotations

import os
import threading
from typing import Any

from textual import events

from app import driver
from app.driver import QuietDriver


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
    assert came.wait(5)
    listening.exit_event.set()
    thread.join(5)
    assert not thread.is_alive()
    assert [each.key for each in heard if isinstance(each, events.Key)] == ["j"]
    listening.exit_event.clear()
    assert not listening.exit_event.is_set()
    listening._bell.close()
    os.close(ear)
    os.close(mouth)
