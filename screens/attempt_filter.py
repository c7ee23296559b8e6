"""What the intake log lets through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from textual.content import Content

from screens.picker import Choice, Picker
from storage.refusals import in_words
from storage.words import AttemptView
from widgets.display import glyphs

_ALL = "all"
_OUTCOMES = ("refused", "accepted", "duplicate")
_DOORS = {"api": "API door", "hook": "Hook door"}


class AttemptFilter(Picker[AttemptView]):
    """Choosing what is ticked already lets go of it again.

    Args:
        view: What is let through at present.
        senders: Names and titles of those seen lately. Untrusted.
    """

    placeholder = "show only…"

    def __init__(self, view: AttemptView, senders: Mapping[str, str]) -> None:
        super().__init__()
        self._view = view
        self._wanted: dict[str, AttemptView] = {_ALL: AttemptView()}
        tick = glyphs().marked
        choices = [Choice(_ALL, "All attempts", mark=tick if view == AttemptView() else " ")]

        def offer(key: str, text: str, aside: str, field: str, value: str) -> None:
            on = getattr(view, field) == value
            self._wanted[key] = replace(view, **{field: "" if on else value})
            choices.append(Choice(key, text, aside, mark=tick if on else " "))

        for outcome in _OUTCOMES:
            offer(outcome, outcome.capitalize(), "outcome", "outcome", outcome)
        for door, name in _DOORS.items():
            offer(f"door:{door}", name, "door", "door", door)
        for sender, title in senders.items():
            offer(f"sender:{sender}", title, "sender", "sender", sender)
        if view.code:
            offer(f"code:{view.code}", in_words(view.code, ""), "error code", "code", view.code)
        self.offer(choices)

    def title_text(self) -> Content:
        """What is chosen."""
        return Content("Show only")

    def choose(self, choice: Choice) -> None:
        """Give back what to let through."""
        self.dismiss(self._wanted[choice.key])
