"""What opened records share: the keys that leave, help and find verbs everywhere do so in them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from screens.asked import PlaceAsked
from screens.dialog import Dialog
from screens.keymap import Hint

_UNSAID = ("desk.help", "desk.palette")
"""Verbs that the line of keys leaves out here: its room is for what is particular."""


class Opened(Dialog[Message]):
    """A record that fills the screen. Gives back a wish for the frame, or nothing."""

    lapses = True

    def hints(self) -> Sequence[Hint]:
        """The keys shown at the bottom."""
        return [hint for hint in super().hints() if hint.verb_id not in _UNSAID]

    # What the keys do.

    def action_desk_back(self) -> None:
        """Back to where the record was opened."""
        self.dismiss(None)

    def action_desk_help(self) -> None:
        """Help for where one is."""
        from screens.help import Help

        self.app.push_screen(Help(self.contexts))

    def action_desk_palette(self) -> None:
        """What can be done to the record, and any place, by name."""
        from screens.main_verbs import MainVerbs
        from screens.palette import GO, Palette

        async def chosen(key: str | None) -> None:
            if key is not None and key.startswith(GO):
                self.dismiss(PlaceAsked(key.removeprefix(GO)))
            elif key is not None:
                await self.run_action(key.replace(".", "_"))

        frame = self.app.screen_stack[0]
        places = frame.place_names if isinstance(frame, MainVerbs) else []
        self.app.push_screen(Palette(self.contexts, places), chosen)
