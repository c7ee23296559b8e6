"""What all places at the right of the sidebar share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from screens.backstage import backstage
from screens.commands import Context
from screens.overview import Overview
from widgets.bare import BareColumn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.glimpses import Rows


class Told(Message):
    """Something that the status line tells has changed."""


class Place(BareColumn):
    """One place: a list of contacts, the integrations, the numbers, the keys."""

    contexts: tuple[Context, ...] = ()
    """Whose verbs can be given here, the nearest first."""

    takes_back = False
    """Whether undo makes sense here: what is done to contacts, groups and campaigns is seen."""

    @property
    def contexts_now(self) -> tuple[Context, ...]:
        """The contexts that the focus is in, the nearest first."""
        return self.contexts

    @property
    def idle_verbs(self) -> frozenset[str]:
        """Verbs that make no sense at present; the footer leaves them out."""
        return frozenset()

    @property
    def hurried(self) -> bool:
        """Whether more comes and goes here than a person can follow."""
        return False

    @property
    def low(self) -> bool:
        """Whether the person is at the lower edge, where toasts would cover it."""
        return False

    @property
    def ways_out(self) -> tuple[tuple[str, str], ...]:
        """Verbs that leave a state which the person is in, with the footer's words for that."""
        return ()

    @property
    def modes(self) -> tuple[str, ...]:
        """What goes on until the person ends it, in a word each."""
        return ()

    def rows_readable(self, rows: Rows) -> None:
        """Lists can be read from now on."""

    def store_changed(self) -> None:
        """Something in the store changed; called only while the place is shown."""

    def overview_read(self, overview: Overview) -> None:
        """The figures of the whole desk were read; called only while the place is shown."""

    def listener_changed(self) -> None:
        """The listener says something new of itself."""

    def left(self) -> None:
        """Another place is shown from now on."""

    def step_back(self) -> bool:
        """Leaves what is open inside the place; returns whether there was any."""
        return False

    def remember(self) -> None:
        """Keeps where the person is, for the next start of the desk and for the others."""
        backstage(self).look_at(None)

    def others_look(self, looks: Mapping[int, tuple[str, ...]]) -> None:
        """Other people look at these contacts; called only while the place is shown."""

    def take_focus(self) -> None:
        """Gives the focus to what the keys are for."""

    @property
    def sentence(self) -> str:
        """What is shown, for the status line. Untrusted."""
        return ""

    @property
    def sentences(self) -> tuple[str, ...]:
        """The same, then shorter and shorter for where room is short. Untrusted."""
        return (self.sentence,)

    @property
    def marks(self) -> str:
        """How many are marked, as people read it; empty for none."""
        return ""
