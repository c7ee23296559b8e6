"""A real desk on a real store, with a hand on its keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from app.desk import Desk
from app.options import DeskOptions
from screens.contacts import Contacts
from screens.place import Place
from storage.store import Store
from storage.words import ContactRow
from tests.screens.calm import calm, press, resize, seen
from tests.waiting import PATIENCE, awake
from widgets.contact_table import ContactTable


class Hand:
    """Presses keys and looks."""

    def __init__(self, desk: Desk, pilot: Pilot[None]) -> None:
        self.desk = desk
        self.pilot = pilot
        self.copied: list[str] = []
        desk.copy_to_clipboard = self.copied.append  # type: ignore[method-assign, assignment]
        self.toasts: list[str] = []
        """What was said, the newest last."""
        notify = desk.notify

        def heard(message: str, **options: Any) -> None:
            self.toasts.append(message)
            notify(message, **options)

        desk.notify = heard  # type: ignore[method-assign]

    async def press(self, *keys: str) -> None:
        """Presses keys, each once the one before has taken effect."""
        await press(self.desk, *keys)

    async def resize(self, width: int, height: int) -> None:
        """Gives the terminal another size."""
        await resize(self.desk, width, height)

    def burst(self, *keys: str) -> None:
        """Lets keys arrive all at once, as over a slow line."""
        for key in keys:
            self.desk.post_message(events.Key(key, key if len(key) == 1 else None))

    async def type(self, text: str) -> None:
        """Types a text into whatever has the focus."""
        await self.press(*("space" if letter == " " else letter for letter in text))

    async def until(self, met: Callable[[], object], what: str = "") -> None:
        """Waits until something is so."""
        end = awake() + PATIENCE
        while not met():
            assert awake() < end, what or "it did not happen"
            await asyncio.sleep(0.01)
            await calm(self.desk)
        await calm(self.desk)

    # What is there.

    @property
    def place(self) -> Place:
        """The place that is shown."""
        return self.desk.main.places.place

    @property
    def contacts(self) -> Contacts:
        """The list that is shown."""
        assert isinstance(self.place, Contacts)
        return self.place

    @property
    def table(self) -> ContactTable:
        """The table of the list that is shown."""
        return self.contacts.table

    @property
    def has_rows(self) -> bool:
        """Whether a list of contacts was read."""
        place = self.place
        return isinstance(place, Contacts) and place.table.total is not None

    @property
    def here(self) -> ContactRow:
        """The contact under the cursor."""
        contact = self.table.cursor_contact
        assert contact is not None
        return contact

    @property
    def names(self) -> list[str]:
        """The names in the rows on the screen."""
        return [row.name for row in self.table.visible_rows]

    @property
    def panel(self) -> str:
        """The open contact as text; empty where none is open."""
        panel = self.contacts.panel
        return "" if panel is None else panel.text

    @property
    def sidebar(self) -> list[str]:
        """The lines of the sidebar with their counts."""
        return [f"{entry.text} {entry.note}".strip() for entry in self.desk.main.sidebar.entries]

    @property
    def status(self) -> str:
        """The status line."""
        return self.desk.main.status.text

    @property
    def dialog(self) -> str:
        """The kind of dialog that is open, or an empty string."""
        screen = self.desk.screen
        return "" if screen is self.desk.main else type(screen).__name__

    @property
    def choices(self) -> list[str]:
        """The lines of the open picker."""
        found = self.desk.screen.query_one(OptionList)
        return [" ".join(str(option.prompt).split()) for option in found.options]

    @property
    def typed(self) -> str:
        """What stands in the open dialog's line; nothing before it is there."""
        return next((line.value for line in self.desk.screen.query(Input)), "")

    @property
    def text(self) -> str:
        """The whole screen as text."""
        return seen(self.desk)

    @property
    def store(self) -> Store:
        """The desk's own store."""
        store = self.desk.backstage.store
        assert store is not None
        return store


async def _nothing() -> None:
    """What an empty store opens on for tests of something else; it would take half their time."""


@asynccontextmanager
async def at_desk(
    url: str,
    size: tuple[int, int] = (120, 40),
    actor: str = "ana",
    *,
    first_run: bool = False,
    **flags: object,
) -> AsyncIterator[Hand]:
    """Opens a desk with its listener on a free port, ready to be used.

    Args:
        url: Its store.
        size: Columns and lines.
        actor: Who sits there.
        first_run: Let an empty store open on the set-up; otherwise as if that had been left.
        flags: Others of `DeskOptions`.
    """
    options = {"store_url": url, "port": 0, "actor": actor} | flags
    desk = Desk(DeskOptions(**options))  # type: ignore[arg-type]
    if not first_run:
        desk.main._first_run = _nothing  # type: ignore[method-assign]
    async with desk.run_test(size=size, notifications=True) as pilot:
        hand = Hand(desk, pilot)
        await hand.until(
            lambda: (
                desk.main.overview.known
                and desk.backstage.listener.kind != "starting"
                and (hand.dialog == "Ask" or hand.has_rows)
            ),
            "the desk did not open",
        )
        yield hand
    await asyncio.to_thread(desk.backstage.close)
