"""“No new contacts?”: what was looked at, what was found, and the key that helps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from screens.keymap import Keymap
from widgets.display import ascii_only, clean, safe

if TYPE_CHECKING:
    from storage.checklist import Item, Remedy

_SIGNS = {
    "ok": ("✓", "+", "$success"),
    "warn": ("!", "!", "$warning"),
    "bad": ("✗", "x", "$error"),
}

WORD = 2
"""Cells of the sign before a sentence."""


def remedies() -> dict[Remedy, tuple[str, str]]:
    """The verb for each remedy, and what its key does."""
    from storage.checklist import Remedy

    return {
        Remedy.ADD: ("integration.add", "sets it up"),
        Remedy.SWITCH_ON: ("integration.toggle", "switches it on"),
        Remedy.ADD_NUMBER: ("integration.numbers", "goes to the phone numbers"),
        Remedy.APPROVE_NUMBER: ("integration.numbers", "goes to the phone numbers"),
        Remedy.MAKE_KEY: ("integration.keys", "goes to the API keys"),
        Remedy.SEND_TEST: ("integration.test", "sends a test lead"),
        Remedy.READ_LOG: ("integration.refused", "shows the refused attempts"),
        Remedy.SHOW_URL: ("integration.copy", "copies the URL in force"),
    }


def check_list(items: Sequence[Item], keymap: Keymap, room: int) -> Content:
    """The whole list.

    Args:
        items: What was found, the nearest cause first.
        keymap: The keys in force.
        room: Cells in a line.
    """
    helps = remedies()
    lines: list[Content] = []
    for item in items:
        full, plain, style = _SIGNS[item.state.value]
        sign = plain if ascii_only() else full
        lines.append(_item(sign, style, safe(item.sentence), room))
        help_ = helps.get(item.remedy) if item.remedy is not None else None
        if help_ is not None:
            verb_id, words = help_
            step = Content.assemble(
                (keymap.key_of(verb_id), "bold $footer-key-foreground"), f" {words}"
            )
            lines.append(_item(" ", "", step, room))
        elif item.next_step:
            step = Content.styled(clean(item.next_step), "$text-muted")
            lines.append(_item(" ", "", step, room))
    return Content("\n").join(lines)


def _item(sign: str, style: str, value: Content, room: int) -> Content:
    wrapped = Content("\n" + " " * WORD).join(value.wrap(max(10, room - WORD)))
    return Content.assemble((f"{sign:<{WORD}}", style), wrapped)
