"""`optdesk demo`: a desk on a store of its own, with leads arriving over real HTTP."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING

from app.demo_leads import Leads
from app.demo_sender import Answer, DemoSender
from app.options import Captions, DeskOptions
from storage import groups, integration, labels
from storage.errors import OptdeskError
from storage.store import Store
from storage.words import SYSTEM

if TYPE_CHECKING:
    from server.settings import ListenerSettings

GROUPS = ("Spring offer", "Call back", "Newsletter")
LABELS = ("hot", "needs a call", "speaks French")

_START_SECONDS = 15.0
"""How long the listener may take to start where no desk shows what keeps it."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the demo is told."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one, so that a demo never is in the way of a desk."""
    actor: str = ""
    config: str | None = None
    rate: float = 0.5
    """Leads a second, on average."""
    seconds: float | None = None
    """How long leads arrive; None: until the end."""
    seed: int | None = None
    story: str = ""
    """What is told instead; see `app.demo_story`."""
    speed: float = 1.0
    """How fast a story is told."""


class Demo:
    """One demo: the store it plays in and the sender that fills it.

    Args:
        options: What it is told.
        told: Called with every answer that the sender gets.
    """

    def __init__(self, options: DemoOptions, told: Callable[[Answer], None] | None = None) -> None:
        self._options = options
        self._told = told
        self._key = ""
        self._number_id = ""
        self._sender: DemoSender | None = None

    def prepare(self, store: Store) -> None:
        """Gives an empty store the integration, some groups and some labels."""
        # Not in the name of whoever looks on: their first undo would take back a label of ours.
        made = store.do(lambda conn: integration.add(conn, SYSTEM, brand="Juniper & Co"))
        self._key, self._number_id = made.key or "", made.number_id
        for name in GROUPS:
            store.do(lambda conn, name=name: groups.ensure(conn, SYSTEM, name))  # type: ignore[misc]
        for name in LABELS:
            store.do(lambda conn, name=name: labels.ensure(conn, SYSTEM, name))  # type: ignore[misc]

    def sender(self, address: str) -> DemoSender:
        """What posts the leads, once the listener's address is known."""
        leads = Leads(self._number_id, self._options.seed)
        return DemoSender(address, self._key, leads, self._options.rate, self._told)

    def begin(self, _store: Store, address: str) -> None:
        """Lets leads arrive, in a thread of their own."""
        self._sender = self.sender(address)
        self._sender.start(self._options.seconds)

    def end(self) -> None:
        """No more leads."""
        if self._sender is not None:
            self._sender.stop()


def run(options: DemoOptions) -> int:
    """Runs the demo: in the desk, or without a terminal by a line for each lead.

    Returns:
        The exit code.
    """
    from app.launch import terminal_complaint

    if options.story:
        play = _story_in_lines if terminal_complaint() else _story_in_the_desk
    else:
        play = _in_lines if terminal_complaint() else _in_the_desk
    with _throwaway() as url:
        return play(options, url)


@contextmanager
def _throwaway() -> Iterator[str]:
    """The URL of a store that is gone afterwards, in a folder for this user alone."""

    def leave() -> None:
        raise KeyboardInterrupt

    # Until the desk takes over the signals, ending goes through here too.
    with (
        _stopped_by_signals(leave),
        TemporaryDirectory(prefix="optdesk-demo-", ignore_cleanup_errors=True) as folder,
    ):
        yield f"sqlite:///{Path(folder) / 'demo.db'}"


def _in_the_desk(options: DemoOptions, url: str) -> int:
    from app.launch import run_desk

    demo = Demo(options)
    try:
        return run_desk(
            DeskOptions(
                store_url=url,
                host=options.host,
                port=options.port,
                config=options.config,
                actor=options.actor,
                throwaway=True,
                prepare=demo.prepare,
                on_listening=demo.begin,
            )
        )
    finally:
        demo.end()


def _story_in_the_desk(options: DemoOptions, url: str) -> int:
    from app.demo_story import ALLOWED, Story
    from app.launch import run_desk

    captions = Captions()
    story = Story(options.actor, captions, options.speed)
    try:
        return run_desk(
            DeskOptions(
                store_url=url,
                host=options.host,
                port=options.port,
                config=options.config,
                actor=options.actor,
                throwaway=True,
                prepare=story.prepare,
                settings={"webhook_allow": ALLOWED, "gateway": "simulated", "quiet_hours": ""},
                captions=captions,
                on_listening=story.begin,
            )
        )
    finally:
        story.end()


def _story_in_lines(options: DemoOptions, url: str) -> int:
    from app.demo_story import ALLOWED, Story
    from server.settings import ListenerSettings

    def told(text: str, _place: str) -> None:
        if text:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    captions = Captions()
    captions.listen(told)
    story = Story(options.actor, captions, options.speed)
    settings = ListenerSettings(host=options.host, port=options.port, webhook_allow=ALLOWED)
    try:
        with (
            _listening(url, settings, story.prepare) as (store, address),
            _stopped_by_signals(story.end),
        ):
            story.begin(store, address)
        return 0
    finally:
        story.end()


def _in_lines(options: DemoOptions, url: str) -> int:
    from server.settings import ListenerSettings
    from widgets.plain import clean

    def told(answer: Answer) -> None:
        sys.stdout.write(clean(answer.sentence) + "\n")
        sys.stdout.flush()

    demo = Demo(options, told)
    settings = ListenerSettings(host=options.host, port=options.port)
    with _listening(url, settings, demo.prepare) as (_store, address):
        sys.stdout.write(f"listening on {address}\n")
        sender = demo.sender(address)
        with _stopped_by_signals(sender.stop):
            sender.run(options.seconds)
    return 0


@contextmanager
def _listening(
    url: str, settings: ListenerSettings, prepare: Callable[[Store], None]
) -> Iterator[tuple[Store, str]]:
    """A listener without a desk; gives the store and the address."""
    from server.embedded import EmbeddedListener, ListenerState

    started = threading.Event()

    def on_state(state: ListenerState) -> None:
        if state.kind != "starting":
            started.set()

    store = Store.open(url)
    listener = EmbeddedListener(store, settings, on_state)
    try:
        prepare(store)
        listener.start()
        started.wait(_START_SECONDS)
        if listener.state.kind != "listening":
            raise OptdeskError(
                listener.state.sentence or "The listener did not start.", "Try: --port 0"
            )
        yield store, listener.state.url
    finally:
        listener.stop()
        store.close()


@contextmanager
def _stopped_by_signals(end: Callable[[], object]) -> Iterator[None]:
    """Lets SIGTERM, SIGHUP and Ctrl-C end the demo in order, so that its store goes too."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        end()

    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
