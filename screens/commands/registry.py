"""All verbs of the desk in one list, and what is read from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.keys import key_to_character

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
    "at": "@",
    "backslash": "\\",
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
    "minus": "-",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "plus": "+",
    "question_mark": "?",
    "right": "→",
    "right_curly_bracket": "}",
    "right_square_bracket": "]",
    "slash": "/",
    "underscore": "_",
    "up": "↑",
}


def show_key(key: str) -> str:
    """A key as people write it: `?` for `question_mark`."""
    if key in _KEY_NAMES or len(key) == 1:
        return _KEY_NAMES.get(key, key)
    sign = key_to_character(key)
    return sign if sign and sign.isprintable() and sign != " " else key


def families(verbs: Iterable[Verb]) -> list[list[Verb]]:
    """The verbs in their order, neighbours of one family together."""
    found: list[list[Verb]] = []
    for each in verbs:
        if found and each.family and found[-1][0].family == each.family:
            found[-1].append(each)
        else:
            found.append([each])
    return found


def key_tables(*contexts: Context) -> str:
    """Tables of the keys in some contexts, or in all, in Markdown."""
    return "\n".join(part for context in contexts or Context for part in _key_table(context))


def _key_table(context: Context) -> Iterator[str]:
    verbs = [each for each in verbs_in(context) if each.keys]
    if not verbs:
        return
    yield f"### {context.value}\n\n| key | what it does |\n|---|---|"
    for first, *others in families(verbs):
        if others:
            keys, says = f"`{first.keys[0]}` … `{others[-1].keys[0]}`", first.family
        else:
            keys, says = " ".join(f"`{show_key(key)}`" for key in first.keys), first.help
        yield f"| {keys} | {says} |"
    yield ""
