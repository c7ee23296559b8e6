"""The listener inside the desk: its thread, its states and its neighbours."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack, suppress
from types import SimpleNamespace

import pytest
import requests

from server import embedded
from server.embedded import EmbeddedListener, ListenerState
from server.settings import ListenerSettings
from storage.errors import StoreUnavailable
from storage.store import Store
from tests.waiting import PATIENCE, soon


class Watched:
    """A listener whose states are kept."""

    def __init__(self, store: Store, **settings: object) -> None:
        self.states: list[ListenerState] = []
        self.threads: set[str] = set()
        self.listener = EmbeddedListener(
            store,
            ListenerSettings.of(SimpleNamespace(**({"port": 0} | settings))),
            self._take,
        )
        self.listener.start()

    def _take(self, state: ListenerState) -> None:
        self.states.append(state)
        self.threads.add(threading.current_thread().name)

    def becomes(self, kind: str, seconds: float = PATIENCE) -> ListenerState:
        """Waits for a state."""
        until = time.monotonic() + seconds
        while self.listener.state.kind != kind:
            assert time.monotonic() < until, self.states
            time.sleep(0.01)
        return self.listener.state


def port_of(state: ListenerState) -> int:
    """The port that a state names."""
    return int(state.url.rpartition(":")[2])


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_LOOK_SECONDS", 0.2)


def test_it_listens_in_a_thread_of_its_own_and_stops_when_told(store: Store) -> None:
    watched = Watched(store)
    state = watched.becomes("listening")
    assert requests.get(state.url + "/healthz", timeout=PATIENCE).status_code == 200
    assert watched.listener.stop(PATIENCE)
    assert watched.listener.state.kind == "stopped"
    assert watched.threads == {"optdesk-listener"}
    with pytest.raises(requests.ConnectionError):
        requests.get(state.url + "/healthz", timeout=PATIENCE)


def test_it_can_be_stopped_at_any_moment(sqlite_store: Store) -> None:
    for pause in (0.0, 0.01, 0.05, 0.1):
        watched = Watched(sqlite_store)
        time.sleep(pause)
        assert watched.listener.stop(10)
        assert watched.listener.stop(1)
    assert EmbeddedListener(sqlite_store, ListenerSettings(port=0)).stop(1)


def test_a_second_desk_attaches_and_takes_over_when_the_first_one_goes(sqlite_store: Store) -> None:
    first = Watched(sqlite_store)
    url = first.becomes("listening").url
    other = Store.open(sqlite_store.url)
    second = Watched(other, port=port_of(first.listener.state))
    try:
        state = second.becomes("attached")
        assert state.url == url
        assert state.sentence == f"An Optdesk on this store already listens on {url}."
        assert first.listener.stop(PATIENCE)
        assert second.becomes("listening").url == url
        assert requests.get(url + "/healthz", timeout=PATIENCE).status_code == 200
    finally:
        assert second.listener.stop(PATIENCE)
        other.close()


def test_a_desk_on_another_store_does_not_attach(sqlite_store: Store, pg_url: str) -> None:
    first = Watched(sqlite_store)
    url = first.becomes("listening").url
    other = Store.open(pg_url)
    second = Watched(other, port=port_of(first.listener.state))
    try:
        assert second.becomes("failed").sentence == f"An Optdesk on another store holds {url}."
    finally:
        second.listener.stop(PATIENCE)
        first.listener.stop(PATIENCE)
        other.close()


def test_a_host_that_there_is_not_is_named_and_why(sqlite_store: Store) -> None:
    watched = Watched(sqlite_store, host="no such host")
    try:
        sentence = watched.becomes("failed").sentence
        assert sentence.startswith("Cannot listen on http://no such host:")
        assert "rror -" not in sentence
    finally:
        watched.listener.stop(PATIENCE)


@pytest.mark.parametrize("manner", ["silent", "rude", "leaving"])
def test_another_program_on_the_port_is_named_and_outlived(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, manner: str
) -> None:
    monkeypatch.setattr("server.neighbour._SECONDS", 0.3)
    holder = socket.create_server(("127.0.0.1", 0))
    answering = threading.Thread(target=_answer, args=(holder, manner), daemon=True)
    answering.start()
    port = holder.getsockname()[1]
    watched = Watched(sqlite_store, port=port)
    try:
        state = watched.becomes("failed")
        assert state.sentence == f"Another program holds http://127.0.0.1:{port}."
        holder.shutdown(socket.SHUT_RDWR)
        holder.close()
        assert watched.becomes("listening").url == f"http://127.0.0.1:{port}"
    finally:
        watched.listener.stop(PATIENCE)


def _answer(holder: socket.socket, manner: str) -> None:
    with suppress(OSError), ExitStack() as lines:
        while True:
            line = lines.enter_context(holder.accept()[0])
            if manner == "rude":
                line.sendall(b"220 mail.example.com ESMTP\r\n" * 5000)
            elif manner == "leaving":
                line.close()


def test_an_address_that_cannot_be_bound_is_named(sqlite_store: Store) -> None:
    watched = Watched(sqlite_store, host="192.0.2.1", port=8765)
    try:
        sentence = watched.becomes("failed").sentence
        assert sentence.startswith("Cannot listen on http://192.0.2.1:8765: ")
    finally:
        assert watched.listener.stop(PATIENCE)


def test_an_unknown_gateway_is_named(sqlite_store: Store) -> None:
    watched = Watched(sqlite_store, gateway="pigeon")
    try:
        assert "pigeon" in watched.becomes("failed").sentence
    finally:
        assert watched.listener.stop(PATIENCE)


def test_a_store_that_is_away_at_the_start_is_waited_for(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_self: Store) -> str:
        raise StoreUnavailable("The store is away.", "It is tried again.")

    monkeypatch.setattr(Store, "fingerprint", away)
    watched = Watched(sqlite_store)
    try:
        assert watched.becomes("failed").sentence == "The store is away. It is tried again."
        monkeypatch.undo()
        watched.becomes("listening")
    finally:
        assert watched.listener.stop(PATIENCE)


def test_nothing_is_left_running_after_it_stopped(sqlite_store: Store) -> None:
    before = {thread.name for thread in threading.enumerate()}
    for _ in range(3):
        watched = Watched(sqlite_store)
        watched.becomes("listening")
        assert watched.listener.stop(PATIENCE)
    soon(
        lambda: (
            not [
                thread.name
                for thread in threading.enumerate()
                if thread.name not in before and thread.name.startswith("optdesk")
            ]
        )
    )
