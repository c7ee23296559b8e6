"""Wishes that only the frame can fulfil: another place, a contact in its list."""

from __future__ import annotations

from textual.message import Message


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
