"""Wishes that only the frame can fulfil, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from textual.message_pump import MessagePump

    from screens.acting import LongJob
    from screens.navigation import GroupFacts
    from storage.errors import OptdeskError
    from storage.words import View


class ContactAsked(Message):
    """The person wants to see a contact in its list."""

    def __init__(self, contact_id: int) -> None:
        super().__init__()
        self.contact_id = contact_id


class PlaceAsked(Message):
    """The person wants to go to another place."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
        """As in `screens.navigation`."""


class RefusedAsked(Message):
    """The person wants to see what was refused in the intake log."""


class DeliveriesAsked(Message):
    """The person wants to see what became of an endpoint's events."""

    def __init__(self, endpoint_id: int, url: str) -> None:
        super().__init__()
        self.endpoint_id = endpoint_id
        self.url = url
        """Its address. Untrusted."""


class ThemeChosen(Message):
    """The person chose a theme, to be remembered."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class GroupAsked(Message):
    """The person wants to do something to a group.

    Args:
        group_id: Which.
        verb: `rename`, `merge` or `delete`; empty to be asked.
    """

    def __init__(self, group_id: int, verb: str = "") -> None:
        super().__init__()
        self.group_id = group_id
        self.verb = verb


class GroupMergeAsked(Message):
    """The person wants a group merged into another."""

    def __init__(self, group: GroupFacts, into_id: int) -> None:
        super().__init__()
        self.group = group
        self.into_id = into_id


class GroupTurned(Message):
    """Something was done to a group."""

    def __init__(self, sentence: str, gone: int | None = None, into: int | None = None) -> None:
        super().__init__()
        self.sentence = sentence
        self.gone = gone
        """The group that is no more."""
        self.into = into
        """Where its contacts are now."""


class ViewAsked(Message):
    """The person wants to go to a view."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view


class SwitchAsked(Message):
    """The person wants the Opt-In API on, or off."""


class SwitchRefused(Message):
    """A rule said no, or the store failed."""

    def __init__(self, error: OptdeskError) -> None:
        super().__init__()
        self.error = error


class Switched(Message):
    """The Opt-In API was switched."""

    def __init__(self, on: bool, changed: bool) -> None:
        super().__init__()
        self.on = on
        self.changed = changed

    @property
    def sentence(self) -> str:
        """What became of it."""
        state = "on. Leads are taken in" if self.on else "off. New leads are turned away"
        return f"The Opt-In API is {state}." if self.changed else f"It was {state}, already."


class WorkAsked(Message):
    """Something that may take long begins; the main screen shows how far it is.

    Args:
        name: What it is, such as `delete “May offer”`. May quote strangers.
        job: Does it.
        owner: Is told what came of it.
    """

    def __init__(self, name: str, job: LongJob, owner: MessagePump) -> None:
        super().__init__()
        self.name = name
        self.job = job
        self.owner = owner
