"""Which keys give which verb: the declarations, changed by the person's settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType

from screens.commands import BY_ID, VERBS, Context, Verb, show_key, verb, verbs_in


def bindings(*contexts: Context) -> list[BindingType]:
    """The bindings of the node that carries out the verbs of these contexts."""
    return _bind(each for where in contexts for each in verbs_in(where) if not each.anywhere)


def bindings_anywhere() -> list[BindingType]:
    """The bindings of the app: verbs that are given also while a dialog is open."""
    return _bind(each for each in VERBS if each.anywhere)


def _bind(verbs: Iterable[Verb]) -> list[BindingType]:
    return [
        Binding(
            ",".join(each.keys),
            each.action,
            each.help,
            show=False,
            priority=each.anywhere,
            id=each.id,
        )
        for each in verbs
        if each.keys
    ]


@dataclass(frozen=True, slots=True)
class Hint:
    """A key and a word, as the footer shows them."""

    verb_id: str
    key: str
    word: str


@dataclass(frozen=True, slots=True)
class HelpLine:
    """A line of the help."""

    id: str
    keys: str
    help: str


class Keymap:
    """The keys in force.

    Args:
        changes: Keys by verb id, several separated by commas, as the settings have them.
    """

    def __init__(self, changes: Mapping[str, str] | None = None) -> None:
        changes = changes or {}
        self.unknown = tuple(sorted(set(changes) - set(BY_ID)))
        """Ids in the settings that name no verb."""
        self.changes = {
            ident: ",".join(_split(keys))
            for ident, keys in changes.items()
            if ident in BY_ID and _split(keys)
        }
        """The changes that are in force, as Textual's keymap takes them."""
        self._hints: dict[object, tuple[Hint, ...]] = {}

    def keys_of(self, each: Verb) -> tuple[str, ...]:
        """The keys that give a verb."""
        changed = self.changes.get(each.id)
        return _split(changed) if changed else each.keys

    def key_of(self, ident: str) -> str:
        """The first key of a verb as people write it, or an empty string."""
        keys = self.keys_of(verb(ident))
        return show_key(keys[0]) if keys else ""

    def shown(self, each: Verb) -> str:
        """All keys of a verb as people write them."""
        return " ".join(show_key(key) for key in self.keys_of(each))

    def hints(self, *contexts: Context, typing: bool = False) -> tuple[Hint, ...]:
        """What the footer shows in these contexts, the first ones first.

        Args:
            contexts: Where the person is.
            typing: A text is being typed, so that keys with a character of their own are out.
        """
        known = self._hints.get((contexts, typing))
        if known is None:
            known = self._hints[contexts, typing] = self._all_hints(contexts, typing=typing)
        return known

    def _all_hints(self, contexts: Iterable[Context], *, typing: bool) -> tuple[Hint, ...]:
        return tuple(
            Hint(each.id, show_key(keys[0]), each.word)
            for where in contexts
            for each in verbs_in(where)
            if each.word
            and (keys := [key for key in self.keys_of(each) if not (typing and len(key) == 1)])
        )

    def help_lines(self, context: Context) -> list[HelpLine]:
        """What the help says about one context."""
        return [
            HelpLine(each.id, self.shown(each), each.help)
            for each in verbs_in(context)
            if self.keys_of(each)
        ]

    def clashes(self) -> list[str]:
        """A sentence for each key that two verbs of one context share."""
        sentences = []
        for context in Context:
            owners: dict[str, str] = {}
            for each in verbs_in(context):
                for key in self.keys_of(each):
                    other = owners.setdefault(key, each.id)
                    if other != each.id:
                        sentences.append(f"{show_key(key)} is given to both {other} and {each.id}.")
        return sentences


def offered(contexts: tuple[Context, ...]) -> list[Verb]:
    """The verbs that the palette offers in these contexts."""
    return [each for each in VERBS if each.title and set(each.contexts) & set(contexts)]


def _split(keys: str) -> tuple[str, ...]:
    # A comma separates keys, so the comma key itself has to go by its name.
    return tuple(part.strip() for part in keys.split(",") if part.strip())
