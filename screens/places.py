"""Holds the places and shows one at a time; each keeps its cursor, marks and search."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from screens.backstage import backstage
from screens.commands import Context
from screens.navigation import (
    CAMPAIGNS,
    DELIVERIES,
    DNC,
    INTAKE,
    INTEGRATIONS,
    KEYS,
    MESSAGES,
    NUMBERS,
    QUEUE,
    WEBHOOKS,
    view_of,
)
from screens.overview import Overview
from screens.place import Place
from widgets.bare import BareColumn
from widgets.display import glyphs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from screens.acting import Deed
    from storage.glimpses import Key, Rows
    from storage.words import View

MOST_KEPT = 8
"""Places that are kept with their cursor and marks; the one left longest ago goes first."""

MOST_BACK = 100
"""How many places back one can go."""


class Opening(Place):
    """What stands for the Opt-in queue while its store is being opened; of the first frame."""

    contexts = (Context.LIST,)

    def compose(self) -> ComposeResult:
        """The title of the queue and what is going on."""
        yield Static(Content("Opt-in queue"), classes="title")
        yield Static(Content(f"Opening the store{glyphs().ellipsis}"), classes="empty")

    @property
    def sentence(self) -> str:
        """What is about to be shown."""
        return "Opt-in queue, newest first"


class Places(BareColumn):
    """The area at the right of the sidebar."""

    class Shown(Message):
        """Another place is shown."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._opening = Opening()
        self._places: dict[str, Place] = {}
        self._rows: Rows | None = None
        self._left: deque[str] = deque(maxlen=MOST_BACK)
        self._one_at_a_time = asyncio.Lock()
        self._resumed: tuple[str, View, Key | None] | None = None
        self._looks: Mapping[int, tuple[str, ...]] = {}
        self.current = QUEUE
        self.overview = Overview()
        self.last_deed: Deed | None = None
        """What the person did last, to be repeated in any place."""

    def compose(self) -> ComposeResult:
        """What stands for the queue until the store is open."""
        yield self._opening

    @property
    def place(self) -> Place:
        """The place that is shown."""
        return self._places.get(self.current, self._opening)

    async def show(self, key: str, *, back: bool = False) -> None:
        """Shows a place.

        Args:
            key: As in `screens.navigation`.
            back: It was shown before and is returned to, so it is not remembered twice.
        """
        # Keys and answers come by different ways, and making a place takes a moment.
        async with self._one_at_a_time:
            await self._show(key, back=back)
        await self._forget()

    async def _show(self, key: str, *, back: bool) -> None:
        if self._rows is None or (key == self.current and key in self._places):
            self.place.take_focus()
            return
        if not back and key != self.current:
            self._left.append(self.current)
        # One frame from the old place to the new one.
        with self.app.batch_update():
            self.place.display = False
            self.place.left()
            self.current = key
            place = self._places.pop(key, None)
            if place is None:
                place = self._make(key)
                await self.mount(place)
                place.rows_readable(self._rows)
            self._places[key] = place  # The one shown last comes last.
            place.display = True
            place.overview_read(self.overview)
            place.store_changed()
            place.take_focus()
            place.remember()
            place.others_look(self._looks)
        self.post_message(self.Shown())

    async def go_back(self) -> bool:
        """Shows the place that was shown before; says whether there was one."""
        while self._left:
            key = self._left.pop()
            if key != self.current:
                await self.show(key, back=True)
                return True
        return False

    async def rows_readable(self, rows: Rows) -> None:
        """Lists can be read: the one that was shown last is shown, else the queue."""
        from screens.resuming import resumed

        self._rows = rows
        self._resumed = resumed(backstage(self).memory)
        if self._resumed is not None:
            self.current = self._resumed[0]
        await self.show(self.current)

    def store_changed(self) -> None:
        """The place that is shown looks again."""
        self.place.store_changed()

    def overview_read(self, overview: Overview) -> None:
        """The place that is shown learns of the figures."""
        self.overview = overview
        self.place.overview_read(overview)

    def others_look(self, looks: Mapping[int, tuple[str, ...]]) -> None:
        """Other people look at these contacts."""
        self._looks = looks
        self.place.others_look(looks)

    def listener_changed(self) -> None:
        """The places that show the listener learn of it."""
        for place in self._places.values():
            place.listener_changed()

    def _make(self, key: str) -> Place:
        # Imported where they are made: what the first frame does not show would delay it.
        view, at = view_of(key, self.overview.figures), None
        if self._resumed is not None and self._resumed[0] == key:
            _, view, at = self._resumed
            self._resumed = None
        if view is not None:
            from screens.contacts import Contacts

            return Contacts(view, at)
        if key == INTEGRATIONS:
            from screens.integrations import Integrations

            return Integrations()
        if key == CAMPAIGNS:
            from screens.campaigns import Campaigns

            return Campaigns()
        if key == DNC:
            from screens.do_not_contact import DoNotContact

            return DoNotContact()
        if key == INTAKE:
            from screens.intake_log import IntakeLog

            return IntakeLog()
        if key == MESSAGES:
            from screens.texts import Texts

            return Texts()
        if key == WEBHOOKS:
            from screens.webhooks import Webhooks

            return Webhooks()
        if key == DELIVERIES:
            from screens.deliveries import Deliveries

            return Deliveries()
        if key == NUMBERS:
            from screens.numbers import Numbers

            return Numbers()
        if key == KEYS:
            from screens.api_keys import ApiKeys

            return ApiKeys()
        raise KeyError(key)

    async def _forget(self) -> None:
        """Lets go of what was left longest ago."""
        left = [key for key in self._places if key != self.current][:-MOST_KEPT]
        # Taken out at once: while one is removed, somebody else may come here.
        for place in [self._places.pop(key) for key in left]:
            await place.remove()
