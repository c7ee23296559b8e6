"""From a tree of values to a flat list of named ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from server.mapping.aliases import LONGEST, branch_name, exact_meaning, folded, meaning_of
from server.mapping.memo import Memo
from server.mapping.numbers import is_strict
from server.mapping.places import Place, place_of
from server.mapping.records import Alike, Record, as_record, is_value
from server.mapping.vocabulary import STAFF
from storage.mapping_rules import step

_EMBEDDED_FULL = ("e164phone", "e164", "e164format", "internationalnumber", "international", "full")
_AREAS = ("area", "areacode")
_COUNTRIES = (
    *("dialcode", "callingcode", "phonecountrycode", "countrycallingcode", "countrycode"),
    *("prefix", "country", "code", "iso2", "countryiso", "countryname"),
)
_LINES = (
    *("phone", "number", "phonenumber", "line", "nationalnumber", "national", "value"),
    *("formatted", "raw", "text"),
)
_EXTENSIONS = ("extension", "ext")
_ADDRESSES = ("id", "address", "identifier", "handle", "destination")
_MOST_MEMBERS = 128
"""Members of an object whose places are kept together."""
_PLAIN = frozenset(("value", "content", "plain_text"))
"""Keys of a value that is wrapped into an object with more about it."""
_SORTS = ("type", "label", "tag", "kind")
"""What a list of phones calls the sort of each."""


@dataclass(slots=True)
class Leaf:
    """One value with all that it is called."""

    place: Place
    text: str
    country: str = ""
    """The country that a phone which was taken apart is said to be of, as it was written."""

    @property
    def path(self) -> str:
        """What a rule calls it."""
        return self.place.path

    @property
    def names(self) -> tuple[str, ...]:
        """The most telling first."""
        return self.place.names

    @property
    def within(self) -> tuple[str, ...]:
        """The folded names of the branches around it, from the outside in."""
        return self.place.within

    @property
    def labelled(self) -> bool:
        """Whether it has a name of its own, beside its key."""
        return self.place.labelled


def flatten(tree: Any) -> list[Leaf]:
    """Every value of a tree, in its order. The tree is at most as deep as the readers let in."""
    leaves: list[Leaf] = []
    _walk(tree, "", (), (), leaves)
    return leaves


def written(value: Any) -> str:
    """A single value as text."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _walk(
    node: Any,
    path: str,
    names: tuple[str, ...],
    within: tuple[str, ...],
    leaves: list[Leaf],
    *,
    phone: bool = False,
    labelled: bool = False,
) -> None:
    if type(node) is dict:
        _walk_object(node, path, names, within, leaves, phone=phone)
    elif type(node) is list:
        _walk_list(node, path, names, within, leaves, phone=phone, labelled=labelled)
    else:
        leaves.append(Leaf(place_of(path, names, within, phone, labelled), written(node)))


def _walk_list(
    node: list[Any],
    path: str,
    names: tuple[str, ...],
    within: tuple[str, ...],
    leaves: list[Leaf],
    *,
    phone: bool,
    labelled: bool,
) -> None:
    phones = bool(names) and (phone or _is_phone(names[0]))
    if len(node) == 1 and (phones or type(node[0]) is not dict or as_record(node[0]) is None):
        _walk(node[0], path, names, within, leaves, phone=phone, labelled=labelled)
        return
    if type(node[0] if node else None) is list and _are_pairs(node):
        for name, value in node:
            _walk(value, _joined(path, name), (name,), within, leaves, labelled=True)
        return
    alike = Alike.to(node[0]) if node and not phones and type(node[0]) is dict else None
    for place, item in enumerate(node):
        if alike is not None and (known := alike.record(item)) is not None:
            leaves.append(Leaf(_place_of_record(known[0], path, within), known[1]))
        elif phones and type(item) is dict:
            _walk(item, path, names, within, leaves, phone=phone)
        elif type(item) is dict and (record := as_record(item)) is not None:
            # HubSpot says `0-1` of a contact's field; the others are a company's and so on.
            own = within if item.get("objectTypeId", "0-1") == "0-1" else (*within, "company")
            if names and exact_meaning(names[0] + record.names[0]) is not None:
                # Such as `"name": [{"part": "first", "text": "Ada"}, …]`.
                own = (*own, branch_name(names[0]))
            _walk_record(item, record, path, own, leaves)
        elif type(item) is dict:
            inside = (*within, "staff") if _is_staff(item) else within
            _walk(item, _joined(path, str(place)), names, inside, leaves)
        elif type(item) is list:
            _walk(item, _joined(path, str(place)), names, within, leaves)
        else:
            leaves.append(Leaf(place_of(path, names, within, phone, labelled), written(item)))


def _is_staff(item: dict[str, Any]) -> bool:
    """Whether one of several who take part is on the other side: `{"type": "agent", …}`."""
    return any(type(said) is str and said in STAFF for said in map(item.get, ("type", "role")))


def _walk_object(
    node: dict[str, Any],
    path: str,
    names: tuple[str, ...],
    within: tuple[str, ...],
    leaves: list[Leaf],
    *,
    phone: bool,
) -> None:
    called = names[0] if names else ""
    if called and len(node) <= 12 and (phone or _is_phone(called)):
        whole = _whole_phone(node)
        if whole is not None:
            text, country = whole
            leaves.append(Leaf(place_of(path, _sorted(node, names), within, True), text, country))
            return
    record = as_record(node)
    if record is not None:
        if called and not record.keys.labels:
            # Such as `"Agent phone": {"type": "phone", "value": "…"}`.
            record = Record(record.keys, (called, *record.names), record.phone)
        _walk_record(node, record, path.rpartition("/")[0], within, leaves)
        return
    reached = _reached_at(node)
    if reached:
        leaves.append(Leaf(place_of(path, ("phone",), within, True), reached))
        return
    inside = (*within, branch_name(called)) if called else within
    kind = node.get("type")
    plain, heading = _only_value(node) if called else ("", "")
    numbered = bool(called) and _is_phone(called)
    for (key, value), place in zip(node.items(), _members(node, path, inside), strict=True):
        below = place.path
        if type(value) is dict or type(value) is list:
            # A form spells the first of a list `phones[0]`.
            own = names if called and (is_value(key) or key.isdecimal()) else (key,)
            if called and key == kind:
                # Such as `{"type": "title", "title": [...]}`.
                own = (*names, key)
            _walk(value, below, own, inside, leaves)
        elif called and (key in _PLAIN or key in (plain, kind) or (numbered and key.isdecimal())):
            # Such as `{"firstname": {"value": "Ada"}}`, or `{"type": "number", "number": "…"}`.
            own = (heading,) if heading else (*names, key)
            leaves.append(Leaf(place_of(below, own, within), written(value)))
        else:
            leaves.append(Leaf(place, value if type(value) is str else written(value)))


_recorded: Memo[tuple[Record, str, tuple[str, ...]], Place] = Memo(4096, 512)
_Shape: TypeAlias = tuple[tuple[str, ...], str, tuple[str, ...]]
_shapes: Memo[_Shape, tuple[Place, ...]] = Memo(128, 4096)


def _members(node: dict[str, Any], path: str, inside: tuple[str, ...]) -> tuple[Place, ...]:
    """The places of an object's members, all looked up at once where it has been seen before."""
    keys = tuple(node)
    shape = (keys, path, inside)
    known = _shapes.get(shape)
    if known is not None:
        return known
    made = tuple(place_of(_joined(path, key), (key,), inside) for key in keys)
    if len(keys) > _MOST_MEMBERS:
        return made
    around = len(keys) * len(path) + sum(map(len, inside))
    return _shapes.keep(shape, made, sum(map(len, keys)) + around)


def _only_value(node: dict[str, Any]) -> tuple[str, str]:
    """The key of the one value in an object that only wraps it, and what heads it there.

    Such as `{"row_id": "9", "text": "Ada", "simple_text": "First name | Ada"}`.
    """
    said = [
        key
        for key, value in node.items()
        if type(value) not in (dict, list) and not key.endswith("_id") and key != "simple_text"
    ]
    if len(said) != 1 or not is_value(said[0]):
        return "", ""
    whole, text = node.get("simple_text"), node[said[0]]
    if type(whole) is str and type(text) is str and whole.endswith(f" | {text}"):
        return said[0], whole.removesuffix(f" | {text}")
    return said[0], ""


def _walk_record(
    node: dict[str, Any], record: Record, path: str, within: tuple[str, ...], leaves: list[Leaf]
) -> None:
    keys, names, phone = record.keys, record.names, record.phone
    place = _place_of_record(record, path, within)
    path, value = place.path, node[keys.value]
    if type(value) is str:
        leaves.append(Leaf(place, value))
    else:
        _walk(value, path, names, within, leaves, phone=phone, labelled=True)
    if keys.others:
        inside = (*within, branch_name(names[0]))
        for key in keys.others:
            _walk(node[key], _joined(path, key), (key,), inside, leaves)


def _place_of_record(record: Record, path: str, within: tuple[str, ...]) -> Place:
    """The place of a named value below a path."""
    asked = record, path, within
    place = _recorded.get(asked)
    if place is not None:
        return place
    names = record.names
    place = place_of(_joined(path, names[0]), names, within, record.phone, True)
    length = len(place.path) + sum(map(len, names)) + sum(map(len, within))
    return _recorded.keep(asked, place, length)


def _are_pairs(node: list[Any]) -> bool:
    """Whether a list holds names and values, such as `[["Phone", "…"], ["Name", "…"]]`."""
    return all(
        type(item) is list and len(item) == 2 and type(item[0]) is str for item in node
    ) and any(meaning_of(item[0]) is not None for item in node)


def _joined(path: str, key: str) -> str:
    return f"{path}/{step(key)}" if path else step(key)


def _is_phone(name: str) -> bool:
    known = meaning_of(name)
    return known is not None and known.field == "phone"


def _whole_phone(node: dict[str, Any]) -> tuple[str, str] | None:
    """A phone that a builder takes apart, put together, and its country; None where it is none."""
    said = {
        folded(key): written(value).strip()
        for key, value in node.items()
        if type(value) is not dict and type(value) is not list
    }
    prefix, line = said.get("prefix", ""), said.get("line", "")
    if said.get("areacode") and len(prefix) == 3 and line:
        # The three parts of a North American number.
        said |= {"prefix": "", "line": prefix + line}
    if said.get("area") and said.get("detail1"):
        said["line"] = said["detail1"] + said.get("detail2", "")
    country = next((said[name] for name in _COUNTRIES if said.get(name)), "")
    for name in _EMBEDDED_FULL:
        if said.get(name):
            return said[name], country
    line = next((said[name] for name in _LINES if said.get(name)), "")
    if not line:
        return None
    area = next((said[name] for name in _AREAS if said.get(name)), "")
    more = next((said[name] for name in _EXTENSIONS if said.get(name)), "")
    line = line if line.startswith("+") else f"{area} {line}".strip()
    return (f"{line} ext. {more}" if more else line), country


def _reached_at(node: dict[str, Any]) -> str:
    """The number of one of several ways to reach somebody: `{"type": "phone", "id": "+1202…"}`."""
    kind = node.get("type")
    if type(kind) is not str or not _is_phone(kind):
        return ""
    said = (node.get(key) for key in _ADDRESSES)
    return next((text for text in said if type(text) is str and is_strict(text)), "")


def _sorted(node: dict[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of one of several phones: a `work` phone is none that is meant."""
    for key in _SORTS:
        sort = node.get(key)
        if type(sort) is str and len(sort) < LONGEST and meaning_of(f"{sort} phone") is not None:
            return f"{sort} phone", *names
    return names
