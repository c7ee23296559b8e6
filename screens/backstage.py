"""What screens ask of the app that holds them, and the messages by which it answers.

Screens know neither the listener nor the settings. They ask the backstage for work in the
background; what comes of it arrives as a message, and handlers change the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from textual.message import Message

from screens.keymap import Keymap
from storage.errors import OptdeskError
from widgets.display import clean

if TYPE_CHECKING:
    from pathlib import Path

    from textual.message_pump import MessagePump

    from screens.lead_tools import LeadTools
    from storage.checklist import Item
    from storage.delivery_log import DeliveryView
    from storage.first_look import FirstLook
    from storage.glimpses import Rows
    from storage.store import Store, StoreHealth
    from storage.words import Actor


class ListenerKind(StrEnum):
    """How the listener of this desk is doing."""

    STARTING = "starting"
    LISTENING = "listening"
    ATTACHED = "attached"
    """Another process serves this store; this desk relies on it."""
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ListenerReport:
    """What the listener says of itself."""

    kind: ListenerKind = ListenerKind.STARTING
    url: str = ""
    sentence: str = ""

    @property
    def answers(self) -> bool:
        """Whether senders are answered."""
        return self.kind in (ListenerKind.LISTENING, ListenerKind.ATTACHED)

    @property
    def address(self) -> str:
        """Host and port."""
        return self.url.split("://", 1)[-1].rstrip("/")


class RowsReadable(Message):
    """Lists can be read: what was seen at a first look at once, the rest when the store is open."""

    def __init__(self, rows: Rows, look: FirstLook | None) -> None:
        super().__init__()
        self.rows = rows
        self.look = look


class StoreOpened(Message):
    """The store is open; screens may read and write."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store


class StoreChanged(Message):
    """Something in the store changed, here or in another process: look again."""


class HealthChanged(Message):
    """The store fell ill or recovered."""

    def __init__(self, health: StoreHealth) -> None:
        super().__init__()
        self.health = health


class ListenerChanged(Message):
    """The listener says something new of itself."""

    def __init__(self, report: ListenerReport) -> None:
        super().__init__()
        self.report = report


class ServedElsewhere(Message):
    """Another process takes leads into this store as well."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class Captioned(Message):
    """A story that plays says what is going on."""

    def __init__(self, text: str, place: str = "") -> None:
        super().__init__()
        self.text = text
        """Empty: no caption any more."""
        self.place = place
        """Where it can be seen, as in `screens.navigation`; empty: anywhere."""


class LooksChanged(Message):
    """Other people on this store look at other contacts now."""

    def __init__(self, looks: Mapping[int, tuple[str, ...]]) -> None:
        super().__init__()
        self.looks = looks
        """Their names by contact id. Untrusted."""


class WorkFailed(Message):
    """What was asked for was refused or could not be done."""

    def __init__(self, error: OptdeskError) -> None:
        super().__init__()
        self.error = error


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door answered to a test request. The sentence is shown as untrusted text."""

    status: int
    """The HTTP status; 0 when there was no answer."""
    sentence: str
    seconds: float

    @property
    def taken(self) -> bool:
        """Whether the lead was taken in."""
        return self.status == 200


@dataclass(frozen=True, slots=True)
class Letter:
    """The request of a delivery as it can be shown: what signs it is never shown."""

    headers: tuple[tuple[str, str], ...]
    body: str


class Remembers(Protocol):
    """Keeps values from one start of the desk to the next."""

    def recall(self, name: str) -> Any:
        """A value, or None. It may be of any shape: others may have written the file."""

    def remember(self, name: str, value: Any) -> None:
        """Keeps a value that JSON can hold."""


NEWS_SECONDS = 0.01
"""The least time between two `StoreChanged`; what is made of them, each decides by itself."""


class Backstage(Protocol):
    """What the app offers to its screens."""

    @property
    def actor(self) -> Actor:
        """Who acts at this desk."""

    @property
    def keymap(self) -> Keymap:
        """The keys in force."""

    @property
    def store(self) -> Store | None:
        """The store, once it is open."""

    @property
    def listener(self) -> ListenerReport:
        """How the listener is doing."""

    @property
    def memory(self) -> Remembers:
        """What is remembered of this store from one start to the next."""

    @property
    def base_url(self) -> str:
        """The start of the addresses that senders are given."""

    @property
    def throwaway(self) -> bool:
        """Whether the store goes when the desk closes."""

    @property
    def simulated(self) -> bool:
        """Whether texts are carried by the simulated gateway."""

    def reach(self, store: Store) -> tuple[Item | None, Item | None]:
        """Whether senders reach the listener, and at its public address. For background jobs."""

    def letter(self, view: DeliveryView) -> Letter:
        """The request that a delivery makes."""

    def delivers_inside(self, host: str) -> bool:
        """Whether the setting lets webhooks be delivered to a host that is inside."""

    @property
    def papers(self) -> Path:
        """The folder that evidence is written into; it need not exist."""

    @property
    def lead_tools(self) -> LeadTools:
        """What reads senders' bodies."""

    def send(self, url: str, body: Mapping[str, str]) -> Answer:
        """Sends a JSON body over HTTP and waits for the answer. For jobs in the background."""

    def look_at(self, contact_id: int | None, *, open_: bool = False) -> None:
        """The person looks at a contact, or at none: the others on the store are told soon.

        Args:
            contact_id: Which.
            open_: It is open, rather than under the cursor.
        """

    def tell_news(self, every: float) -> None:
        """How often the main screen hears at most that the store has changed.

        Args:
            every: Seconds between two `StoreChanged`.
        """

    def rows_shown(self) -> None:
        """The person can read the list now."""

    def work(
        self,
        owner: MessagePump,
        job: Callable[[Store], Message],
        failed: Callable[[OptdeskError], Message] = WorkFailed,
    ) -> None:
        """Does a job in the background; the message that it returns is posted to the owner.

        Args:
            owner: Who asks.
            job: What to do with the store. Before the store is open it is refused.
            failed: Makes the message for an `OptdeskError`.
        """


class OnStage(Protocol):
    """An app that has a backstage."""

    @property
    def backstage(self) -> Backstage:
        """It."""


def backstage(widget: MessagePump) -> Backstage:
    """The backstage of the app that a widget is in."""
    return cast("OnStage", widget.app).backstage


def say(
    widget: MessagePump,
    text: str,
    *,
    title: str = "",
    severity: Literal["information", "warning", "error"] = "information",
) -> None:
    """Shows a toast. The text may quote strangers."""
    widget.app.notify(clean(text), title=clean(title), severity=severity, markup=False)


def copy(widget: MessagePump, text: str, what: str) -> None:
    """Puts a text into the clipboard of the person's terminal (OSC 52) and says so.

    Args:
        widget: Any widget of the app.
        text: What to copy.
        what: What it is, for the toast; shown as it is, so that it can be read off as well.
    """
    widget.app.copy_to_clipboard(text)
    say(widget, what, title="Copied")
