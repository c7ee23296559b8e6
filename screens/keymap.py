"""Which keys give which verb: the declarations, changed by the person's settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from textual.binding import Binding, BindingType
from textual.keys import Keys, key_to_character

from screens.commands import BY_ID, VERBS, Context, Verb, families, show_key, verb, verbs_in


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
    least: int = 0
    """Cells of the word that the footer has to show; of more, what room is left. 0: all of it."""
    short: str = ""
    """What is shown where there is no room for so many."""
    kept: bool = False
    """Whether there is always room for it, before others."""


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
        found = [
            Hint(each.id, show_key(keys[0]), each.word)
            for where in contexts
            for each in verbs_in(where)
            if each.word
            and (keys := [key for key in self.keys_of(each) if not (typing and len(key) == 1)])
        ]
        # A key does what it means in the nearest context, and nothing else.
        nearest = dict[str, Hint]()
        for hint in found:
            nearest.setdefault(hint.key, hint)
        given = nearest.values()
        # The same key comes first wherever it means something; typing, the nearest context does.
        return tuple(given if typing else sorted(given, key=lambda hint: hint.key != "enter"))

    def help_lines(self, context: Context) -> list[HelpLine]:
        """What the help says about one context."""
        given = [each for each in verbs_in(context) if self.keys_of(each)]
        return [self._help_line(first, others) for first, *others in families(given)]

    def _help_line(self, first: Verb, others: list[Verb]) -> HelpLine:
        if not others:
            return HelpLine(first.id, self.shown(first), first.help)
        last = others[-1]
        keys = f"{self.key_of(first.id)} … {self.key_of(last.id)}"
        return HelpLine(f"{first.id} …", keys, first.family)

    def clashes(self) -> list[str]:
        """A sentence for each key that two verbs share where both can be given."""
        return [clash.sentence for clash in self._clashes()]

    def troubles(self, where: Callable[[str], str]) -> list[str]:
        """What is wrong with the keys in the settings, each with its place there.

        Args:
            where: Tells where the settings speak of a verb, such as `config.toml, line 7`.
        """
        said = []
        for ident in self.unknown:
            near = get_close_matches(ident, BY_ID, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            said.append(f"{where(ident)}: there is no verb {ident}.{hint}")
        for ident in self.changes:
            odd = (key for key in self.keys_of(verb(ident)) if not _is_key(key))
            said.extend(f"{where(ident)}: “{key}” is no key." for key in odd)
        for clash in self._clashes():
            changed = clash.second if clash.second in self.changes else clash.first
            said.append(f"{where(changed)}: {clash.sentence}")
        return said

    def _clashes(self) -> list[Clash]:
        found: dict[tuple[str, ...], Clash] = {}
        for context in Context:
            owners: dict[str, str] = {}
            for each in verbs_in(context):
                for key in self.keys_of(each):
                    other = owners.setdefault(key, each.id)
                    if other != each.id:
                        clash = Clash(key, other, each.id)
                        found.setdefault((key, *sorted((other, each.id))), clash)
        for clash in self._hidden():
            found.setdefault((clash.key, *sorted((clash.first, clash.second))), clash)
        return list(found.values())

    def _hidden(self) -> Iterator[Clash]:
        """Keys of one place, changed so that one which works everywhere does not work there."""
        everywhere = {key: each for each in verbs_in(Context.DESK) for key in self.keys_of(each)}
        for each in VERBS:
            if Context.DESK in each.contexts:
                continue
            for key in self.keys_of(each):
                other = everywhere.get(key)
                if other is not None and {each.id, other.id} & set(self.changes):
                    yield Clash(key, other.id, each.id)


@dataclass(frozen=True, slots=True)
class Clash:
    """A key that is given to two verbs."""

    key: str
    first: str
    second: str

    @property
    def sentence(self) -> str:
        """The key and both verbs."""
        return f"{show_key(self.key)} is given to both {self.first} and {self.second}."


_MODIFIERS = ("ctrl+", "alt+", "shift+", "super+", "hyper+", "meta+")


def _is_key(written: str) -> bool:
    """Whether a terminal can send such a key."""
    key = written
    while key.startswith(_MODIFIERS) and len(key.split("+", 1)[1]):
        key = key.split("+", 1)[1]
    named = {each.value for each in Keys}
    return len(key) == 1 or key in named or key_to_character(key) is not None


def offered(contexts: tuple[Context, ...]) -> list[Verb]:
    """The verbs that the palette offers in these contexts."""
    return [each for each in VERBS if each.title and set(each.contexts) & set(contexts)]


def _split(keys: str) -> tuple[str, ...]:
    # A comma separates keys, so the comma key itself has to go by its name.
    return tuple(part.strip() for part in keys.split(",") if part.strip())
