"""What goes on behind the screens: settings, store, listener and jobs, each in its own thread.

Nothing here touches a widget. What happens is told in messages.
"""

from __future__ import annotations

import contextvars
import gc
import importlib
import pkgutil
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from app.options import DeskOptions
from screens.backstage import (
    NEWS_SECONDS,
    Answer,
    Captioned,
    HealthChanged,
    Letter,
    ListenerChanged,
    ListenerKind,
    ListenerReport,
    LooksChanged,
    RowsReadable,
    ServedElsewhere,
    StoreChanged,
    StoreOpened,
    WorkFailed,
)
from screens.keymap import Keymap
from storage.errors import OptdeskError, StoreUnavailable

if TYPE_CHECKING:
    from textual.message_pump import MessagePump
    from textual.theme import Theme

    from app.memory import Memory
    from app.reaching import Reach
    from app.settings import Settings
    from screens.lead_tools import LeadTools
    from server.embedded import EmbeddedListener, ListenerState
    from storage.checklist import Item
    from storage.delivery_log import DeliveryView
    from storage.feed import Throttle
    from storage.first_look import EarlyRows
    from storage.seats import Looks, Presence, SeatView
    from storage.store import Store, StoreHealth
    from storage.words import Actor

SHOWN_SECONDS = 0.3
"""How long the imports wait for rows that were read early to be painted."""


REST_SECONDS = 0.35
"""How long the cursor has to rest on a contact before the others are told: longer than a key that
is held down leaves it there, and short enough that they see it within a second."""

OPEN_SECONDS = 0.1
"""The same while the contact is open."""

STOP_SECONDS = 3.0
"""How long requests in flight may take when the desk closes."""

_NEEDED_LATER = (
    *("acts", "attempts", "bulk", "campaigns", "checklist", "compliance", "consent"),
    *("counts", "delivery_log", "double_opt_in", "endpoints", "gateway_state", "groups"),
    *("ids", "inbound", "integration", "keys", "labels", "mapping_rules"),
    *("messages", "numbers", "outbox", "phones", "profile", "receipts"),
    *("refusals", "retired", "segments", "text_log", "undo", "windows"),
)
"""Modules of `storage` that the screens import when they first need them."""


class SettingsRead(Message):
    """The settings are known."""

    def __init__(
        self, settings: Settings, themes: Sequence[Theme] = (), wrong: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.settings = settings
        self.themes = themes
        """Of the person's own."""
        self.wrong = wrong
        """A sentence for each theme or key that cannot be used."""


class CannotStart(Message):
    """Settings or store are of no use: the desk cannot open."""

    def __init__(self, error: OptdeskError) -> None:
        super().__init__()
        self.error = error


class Background:
    """The backstage of the desk.

    Args:
        options: The flags.
        tell: Posts a message to the main screen; from any thread.
        tell_app: Posts a message to the app; from any thread.
        later: Calls a function in the app's thread after some seconds; from any thread.
    """

    def __init__(
        self,
        options: DeskOptions,
        tell: Callable[[Message], object],
        tell_app: Callable[[Message], object],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._options = options
        self._main = tell
        self._app = tell_app
        self._later = later
        self._listener: EmbeddedListener | None = None
        self._presence: Presence | None = None
        self._looking = threading.Lock()
        self._looks_at: tuple[int | None, float] = (None, 0.0)
        """Where the person looks, also before there was a seat to note it."""
        self._news: Throttle | None = None
        self._closing = threading.Lock()
        self._closed = False
        self._rows_shown = threading.Event()
        self._actor = options.actor or ""
        self.keymap = Keymap()
        self.store: Store | None = None
        self.listener = ListenerReport()
        self.public_base_url = ""
        self.simulated = True
        self._webhook_allow: tuple[str, ...] = ()
        self.throwaway = options.throwaway
        self._reach: Reach | None = None
        if options.captions is not None:
            options.captions.listen(lambda text, place: self._tell(Captioned(text, place)))

    @property
    def actor(self) -> Actor:
        """Who acts at this desk. Before the store is open nobody can."""
        from storage.words import Actor

        return Actor.person(self._actor)

    @property
    def base_url(self) -> str:
        """The start of the addresses that senders are given."""
        here = self.listener.url or "http://127.0.0.1:8765"
        # Nobody can call "any address"; the machine itself answers there as loopback.
        for anywhere, local in (("//0.0.0.0:", "//127.0.0.1:"), ("//[::]:", "//[::1]:")):
            here = here.replace(anywhere, local)
        return self.public_base_url or here

    @cached_property
    def memory(self) -> Memory:
        """What is remembered from one start to the next."""
        from app.memory import Memory

        return Memory()

    @property
    def lead_tools(self) -> LeadTools:
        """What reads senders' bodies."""
        from app.lead_tools import ServerLeadTools

        return ServerLeadTools()

    def letter(self, view: DeliveryView) -> Letter:
        """The request that a delivery makes."""
        from app.letters import letter

        return letter(view)

    def delivers_inside(self, host: str) -> bool:
        """Whether the setting lets webhooks be delivered to a host that is inside."""
        from server.webhooks.guard import Guard

        return Guard(self._webhook_allow).trusts(host)

    @property
    def papers(self) -> Path:
        """The folder that evidence is written into."""
        from app.locations import papers_folder

        return papers_folder()

    def send(self, url: str, body: Mapping[str, str]) -> Answer:
        """Sends a JSON body over HTTP; see `screens.backstage.Backstage`."""
        from app.sending import send

        return send(url, body)

    def reach(self, store: Store) -> tuple[Item | None, Item | None]:
        """Whether senders reach the listener; see `screens.backstage.Backstage`."""
        from app.reaching import Reach

        self._reach = self._reach or Reach()
        return self._reach.look(self.listener, self.public_base_url)

    def start(self) -> None:
        """Begins to open settings, store and listener. Call it once the frame is painted."""
        threading.Thread(target=self._open, name="optdesk-start", daemon=True).start()

    def look_at(self, contact_id: int | None, *, open_: bool = False) -> None:
        """Lets the others know; see `screens.backstage.Backstage`."""
        with self._looking:
            self._looks_at = contact_id, OPEN_SECONDS if open_ else REST_SECONDS
            if self._presence is not None:
                self._presence.look(*self._looks_at)

    def tell_news(self, every: float) -> None:
        """How often the main screen hears of changes; see `screens.backstage.Backstage`."""
        if self._news is not None:
            self._news.every = every

    def rows_shown(self) -> None:
        """The list can be read by the person: there is time for the listener's imports now."""
        self._rows_shown.set()

    def work(
        self,
        owner: MessagePump,
        job: Callable[[Store], Message],
        failed: Callable[[OptdeskError], Message] = WorkFailed,
    ) -> None:
        """Does a job in a thread; see `screens.backstage.Backstage`."""

        def run() -> None:
            try:
                if self.store is None:
                    raise StoreUnavailable("The store is still being opened.", "Wait a moment.")
                message = job(self.store)
            except OptdeskError as error:
                message = failed(error)
            _post(owner.post_message, message)

        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(run,), name="optdesk-job", daemon=True).start()

    def close(self) -> None:
        """Answers what is in flight, stops the listener and lets go of the store."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self.memory.save()
            if self._listener is not None:
                self._listener.stop(STOP_SECONDS)
            if self._presence is not None:
                self._presence.close()
            if self.store is not None:
                self.store.close()

    # In the starting thread.

    def _open(self) -> None:
        # What can be seen first comes first: each of these steps holds up the next.
        rows = self._glance()
        from server.runtime import settle_down, share_one_heap

        try:
            self._rows_shown.wait(SHOWN_SECONDS)
            share_one_heap()
            settings = self._read_settings()
            store = self._open_store(settings)
        except OptdeskError as error:
            rows.failed(error)
            _post(self._app, CannotStart(error))
            return
        if not self._show(store, rows):
            return
        self._listen(settings, store)
        import_the_rest()
        # Until here nothing was collected. A full pass over all that was built would hold up keys
        # and frames for a sixth of a second, also where another process listens.
        settle_down(screen=True)
        gc.enable()

    def _glance(self) -> EarlyRows:
        # Imported here rather than in the loop, which would hold up keys and frames.
        import screens.contacts  # noqa: F401
        from app.early_store import early_store, early_url
        from app.locations import memory_file
        from storage.first_look import EarlyRows, first_look

        url = early_url(self._options)
        path = early_store(url)
        if url and not self.throwaway:
            self.memory.open(memory_file(url if path is None else str(path)))
        look = first_look(path) if path is not None else None
        rows = EarlyRows(look)
        if look is None:
            self._rows_shown.set()
        self._tell(RowsReadable(rows, look))
        return rows

    def _read_settings(self) -> Settings:
        from app.settings import Loaded, config_path
        from app.theme_files import own_themes

        options = self._options
        said = {
            "store": options.store_url,
            "host": options.host,
            "port": options.port,
            "tls_cert": options.tls_cert,
            "tls_key": options.tls_key,
            "actor": options.actor,
            **(options.settings or {}),
        }
        loaded = Loaded(said, options.config)
        settings = loaded.settings
        if options.on_settings is not None:
            options.on_settings(settings)
        self._actor = settings.actor
        self.keymap = Keymap(settings.keys)
        self.public_base_url = settings.public_base_url
        self.simulated = settings.gateway == "simulated"
        self._webhook_allow = settings.webhook_allow
        themes, wrong = own_themes(config_path(options.config)[0].parent / "themes")
        wrong = [*wrong, *self.keymap.troubles(loaded.where_key)]
        _post(self._app, SettingsRead(settings, themes, wrong))
        return settings

    def _open_store(self, settings: Settings) -> Store:
        from storage.store import Store

        store = Store.open(settings.store)
        if self._options.prepare is not None:
            try:
                self._options.prepare(store)
            except BaseException:
                store.close()
                raise
        return store

    def _show(self, store: Store, rows: EarlyRows) -> bool:
        """Lets the desk work with an open store; closes it where the desk has closed meanwhile."""
        from storage.feed import Throttle
        from storage.windows import RowReader

        with self._closing:
            if not self._closed:
                self.store = store
                self._news = Throttle(self._store_changed, NEWS_SECONDS, self._later)
                store.feed.subscribe(self._news)
                store.on_health(self._health_changed)
                rows.opened(RowReader(store))
                self._tell(StoreOpened(store))
                return True
        store.close()
        rows.failed(StoreUnavailable("The desk is closed."))
        return False

    def _listen(self, settings: Settings, store: Store) -> None:
        from server.embedded import EmbeddedListener
        from server.settings import ListenerSettings

        with self._closing:
            if self._closed:
                return
            self._listener = EmbeddedListener(
                store, ListenerSettings.of(settings), self._listener_says
            )
            self._listener.start()

    def _tell(self, message: Message) -> None:
        _post(self._main, message)

    def _store_changed(self) -> None:
        self._tell(StoreChanged())

    def _health_changed(self, health: StoreHealth) -> None:
        self._tell(HealthChanged(health))

    def _listener_says(self, state: ListenerState) -> None:
        before = self.listener
        self.listener = ListenerReport(ListenerKind(state.kind), state.url, state.sentence)
        self._tell(ListenerChanged(self.listener))
        self._take_seat(self.listener)
        if self._options.on_listening and self.listener.answers and not before.answers:
            store, url = self.store, self.listener.url
            assert store is not None  # noqa: S101 - the listener was made with it
            threading.Thread(
                target=self._options.on_listening,
                args=(store, url),
                name="optdesk-demo",
                daemon=True,
            ).start()

    def _take_seat(self, report: ListenerReport) -> None:
        """Lets the others on the store know of this desk, and where it takes leads in."""
        from storage.seats import Presence

        if report.kind in (ListenerKind.STARTING, ListenerKind.STOPPED) or self.store is None:
            return
        address = report.url if report.kind is ListenerKind.LISTENING else ""
        if self._presence is None:
            seat = Presence(self.store, "desk", self._actor, address, self._met, self._others_look)
            # The person may look elsewhere in this very moment.
            with self._looking:
                self._presence = seat
                seat.look(*self._looks_at)
            seat.start()
        else:
            self._presence.moved(address)

    def _others_look(self, looks: Looks) -> None:
        found: dict[int, tuple[str, ...]] = {}
        for contact_id, name in looks:
            found[contact_id] = (*found.get(contact_id, ()), name)
        self._tell(LooksChanged(found))

    def _met(self, seats: tuple[SeatView, ...]) -> None:
        from screens.clock import clock

        for seat in seats:
            self._tell(ServedElsewhere(seat.told(clock(seat.started_at))))


def import_the_rest() -> None:
    """Imports what the first frame did not need.

    Otherwise a package that is replaced under a running desk would end it at the next place.
    """
    import screens

    for found in pkgutil.iter_modules(screens.__path__, "screens."):
        importlib.import_module(found.name)
    for name in _NEEDED_LATER:
        importlib.import_module(f"storage.{name}")


def _post(post: Callable[[Message], object], message: Message) -> None:
    # The screen may have closed meanwhile; then nobody wants to know.
    with suppress(RuntimeError):
        post(message)
