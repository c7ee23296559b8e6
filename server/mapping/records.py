"""Named values: objects that hold a value and, beside it, what it is called.

Such as `{"label": "Mobile", "type": "INPUT_PHONE", "value": "…"}`, of which builders post lists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from server.mapping.aliases import LONGEST, folded, meaning_of
from server.mapping.memo import Memo
from server.mapping.vocabulary import PHONE_TYPES

_VALUES = (
    *("value", "values", "stringvalue", "answer", "answers", "fieldvalue", "response"),
    *("useranswer", "answertext", "textanswers", "answervalues", "displayvalue", "textvalue"),
    *("text", "rawvalue", "val", "v"),
)
"""What builders call the value of a field that has a name beside it, folded; the first counts."""

_LABELS = (
    *("label", "title", "question", "columnname", "fieldlabel", "questiontext", "text", "name"),
    *("fieldname", "key", "field", "columnid", "customkey", "heading", "row", "variable", "ref"),
    *("slug", "item", "prompt", "k", "part", "tablabel", "id"),
)
"""What they call the name, folded, the most telling first."""

_VALUE_SET = frozenset(_VALUES)
_LABEL_SET = frozenset(_LABELS)
_VALUE_RANKS = {name: rank for rank, name in enumerate(_VALUES)}
_LABEL_RANKS = {name: rank for rank, name in enumerate(_LABELS)}
_TYPES = frozenset(
    (*("type", "fieldtype", "inputtype", "fielddatatype", "questiontype", "kind", "system"),)
)
_NAMING = _LABEL_SET | _TYPES
_SAID = ("title", "label", "text", "name")
"""Where a question that is an object of its own keeps its words."""
_MOST_KEYS = 64
"""Keys of an object that may be one named value."""


def is_value(key: str) -> bool:
    """Whether builders call a value so."""
    return len(key) <= LONGEST and _folds_to_value(key)


@lru_cache(maxsize=1024)
def _folds_to_value(key: str) -> bool:
    return folded(key) in _VALUE_SET


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """What the keys of a named value are: all that builders list have the same ones."""

    value: str
    """Under which the value is."""
    labels: tuple[str, ...]
    """Under which it is named, the most telling first."""
    types: tuple[str, ...]
    """Under which the kind of field is."""
    others: tuple[str, ...]
    tells_more: bool
    """Whether some others are a person's fields: then these may be no name and value."""
    naming: Callable[[dict[str, Any]], Any]
    """What an object says under the labels and types, or the one thing that it says there."""


_NEW: Any = object()
"""What was not asked before."""
_key_sorts: Memo[tuple[str, ...], Keys | None] = Memo(512, 2048)


def _sort_keys(keys: tuple[str, ...]) -> Keys | None:
    """Sorts the keys of an object; None where they are not those of a named value."""
    known: Keys | None = _key_sorts.get(keys, _NEW)
    if known is not _NEW:
        return known
    return _key_sorts.keep(keys, _sort_new_keys(keys), sum(map(len, keys)))


def _sort_new_keys(keys: tuple[str, ...]) -> Keys | None:
    if len(keys) > _MOST_KEYS:
        return None
    named = {key: folded(key[:LONGEST]) for key in keys}
    if _VALUE_SET.isdisjoint(named.values()) or _NAMING.isdisjoint(named.values()):
        return None
    values = [key for key in keys if named[key] in _VALUE_SET]
    value = min(values, key=lambda key: _VALUE_RANKS[named[key]])
    left = [key for key in keys if key != value]
    labels = [key for key in left if named[key] in _LABEL_SET]
    labels.sort(key=lambda key: _LABEL_RANKS[named[key]])
    types = tuple(key for key in left if named[key] in _TYPES)
    if not labels and not types:
        return None
    others = tuple(key for key in left if named[key] not in _NAMING)
    own = (meaning_of(key) for key in others if named[key] not in _VALUE_SET)
    tells_more = any(known is not None and known.field for known in own)
    return Keys(value, tuple(labels), types, others, tells_more, itemgetter(*labels, *types))


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What is known of a named value; one that is remembered is always the same object."""

    keys: Keys
    names: tuple[str, ...]
    phone: bool
    """Its builder says that it asks for a phone."""


_records: Memo[tuple[Keys, Any], Record | None] = Memo(4096, 512)


def as_record(node: dict[str, Any]) -> Record | None:
    """Where a dict is a named value: its keys, what it is called, whether it asks for a phone."""
    keys = _sort_keys(tuple(node))
    if keys is None:
        return None
    value = node[keys.value]
    if type(value) is list and _holds_records(value):
        return None
    asked = keys, keys.naming(node)
    try:
        known: Record | None = _records.get(asked, _NEW)
    except TypeError:
        # A label that is an object or a list.
        return _read_record(keys, node)
    if known is not _NEW:
        return known
    return _records.keep(asked, _read_record(keys, node), len(repr(asked[1])))


class Alike:
    """The named values of one list, which builders give the same keys: those are sorted once."""

    __slots__ = ("_keys", "_names", "_naming", "_value")

    def __init__(self, keys: Keys, names: tuple[str, ...]) -> None:
        self._keys = keys
        self._names = names
        self._naming = keys.naming
        self._value = keys.value

    @classmethod
    def to(cls, node: dict[str, Any]) -> Alike | None:
        """Those that are like one, where that is all that a value has beside its name."""
        names = tuple(node)
        keys = _sort_keys(names)
        return None if keys is None or keys.others else cls(keys, names)

    def record(self, node: Any) -> tuple[Record, str] | None:
        """What is known of a value with these keys, and its text; None to look at it anew."""
        if type(node) is not dict or tuple(node) != self._names:
            return None
        value = node[self._value]
        if type(value) is not str:
            return None
        try:
            known = _records.get((self._keys, self._naming(node)))
        except TypeError:
            return None
        return None if known is None else (known, value)


def _read_record(keys: Keys, node: dict[str, Any]) -> Record | None:
    names: list[str] = []
    phone, kinds = False, [node[key] for key in keys.types if type(node[key]) is str]
    for key in keys.labels:
        label = node[key]
        if type(label) is dict:
            phone = phone or _asks_for_phone(str(label.get("type", "")))
            label = next((label[name] for name in _SAID if type(label.get(name)) is str), "")
        elif type(label) is list:
            # Words of which some are marked up.
            label = "".join(part for part in label if type(part) is str)
        if type(label) is str and label:
            names.append(label)
    phone = phone or any(map(_asks_for_phone, kinds))
    if not names and phone:
        # Such as `{"type": "MobilePhone", "value": "…"}`.
        return Record(keys, ("phone",), True)
    # Such as `{"question_type": "FIRST_NAME", "answers": ["Ada"]}`.
    names = names or [kind for kind in kinds if meaning_of(kind) is not None]
    if not names:
        return None
    if keys.tells_more and not phone and not any(map(meaning_of, names)):
        return None
    return Record(keys, tuple(names), phone)


def _holds_records(value: list[Any]) -> bool:
    """Whether a value is a list of named ones: what holds it has a name and is none."""
    return bool(value) and type(value[0]) is dict and as_record(value[0]) is not None


def _asks_for_phone(kind: str) -> bool:
    return len(kind) <= LONGEST and _folds_to_phone(kind)


@lru_cache(maxsize=256)
def _folds_to_phone(kind: str) -> bool:
    return folded(kind) in PHONE_TYPES
