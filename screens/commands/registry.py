"""All verbs of the desk in one list, and what is read from it."""

from __future__ import annotations

from screens.commands import (
    contacts,
    dialogs,
    everywhere,
    finding,
    integrations,
    logs,
    webhooks,
)
from screens.commands.declaration import Context, Verb

VERBS: tuple[Verb, ...] = (
    *contacts.VERBS,
    *finding.VERBS,
    *logs.VERBS,
    *webhooks.VERBS,
    *integrations.VERBS,
    *everywhere.VERBS,
    *dialogs.VERBS,
)
"""All verbs, in the order in which help and footer list them."""

BY_ID: dict[str, Verb] = {verb.id: verb for verb in VERBS}


def verb(ident: str) -> Verb:
    """The verb with this id."""
    return BY_ID[ident]


def verbs_in(context: Context) -> tuple[Verb, ...]:
    """The verbs of one context, in their order."""
    return tuple(each for each in VERBS if context in each.contexts)


_KEY_NAMES = {
    "asterisk": "*",
    "colon": ":",
    "down": "↓",
    "end": "end",
    "escape": "esc",
    "full_stop": ".",
    "home": "home",
    "delete": "del",
    "left": "←",
    "left_curly_bracket": "{",
    "left_square_bracket": "[",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "question_mark": "?",
    "right": "→",
    "right_curly_bracket": "}",
    "right_square_bracket": "]",
    "slash": "/",
    "up": "↑",
}


def show_key(key: str) -> str:
    """A key as people write it: `?` for `question_mark`."""
    return _KEY_NAMES.get(key, key)


def key_table() -> str:
    """The README's table of keys, in Markdown."""
    lines = ["| key | where | what it does |", "|---|---|---|"]
    for context in Context:
        for each in verbs_in(context):
            if each.keys and context is each.contexts[0]:
                keys = " ".join(f"`{show_key(key)}`" for key in each.keys)
                where = " · ".join(place.value for place in each.contexts)
                lines.append(f"| {keys} | {where} | {each.help} |")
    return "\n".join(lines) + "\n"
