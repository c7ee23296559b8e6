"""Bodies whose branches were written into their names: the tree that they were before.

Such as `answers[0][question]=Phone` of a program that knows no lists, `data__0__name` of a tool
that flattened what it was given, or `question_1_title` beside `question_1_value`.
"""

from __future__ import annotations

import re
from typing import Any

from server.mapping.aliases import meaning_of
from server.mapping.forms import MOST_DEPTH

_SEPARATORS = ("__", ".", "/")
_MOST_NAMES = 1000
_COUNTED = re.compile(r"([A-Za-z _-]{0,40})(\d{1,3})([A-Za-z _-]{0,40})")
"""A name with one number in it, such as `question_1_title`."""
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_TITLES = frozenset(("title", "label", "name", "question", "key", "heading"))
_VALUES = frozenset(("value", "answer", "response"))


def unfolded(tree: Any) -> Any:
    """The tree that a body was made of, or None where nothing shows that it was another one."""
    if type(tree) is not dict:
        return None
    made = _with_lists(_nested(tree))
    return None if made == tree else made


def _paired(tree: dict[str, Any]) -> dict[str, Any]:
    """Titles and values that stand apart and have the same number, as one list of both."""
    titles: dict[str, str] = {}
    values: dict[str, str] = {}
    for name in tree:
        counted = _COUNTED.fullmatch(name)
        words = _WORDS.findall(f"{counted[1]} {counted[3]}") if counted else []
        last = words[-1].lower() if words else ""
        if counted and last in _TITLES | _VALUES:
            (titles if last in _TITLES else values)[counted[2]] = name
    pairs = [(titles[number], values[number]) for number in titles if number in values]
    said = [tree[title] for title, _ in pairs]
    if not any(type(title) is str and meaning_of(title) is not None for title in said):
        return tree
    taken = {name for pair in pairs for name in pair}
    fields = [{"label": tree[title], "value": tree[value]} for title, value in pairs]
    rest = {name: value for name, value in tree.items() if name not in taken}
    return rest | {"questions and answers": fields}


def _nested(tree: dict[str, Any]) -> dict[str, Any]:
    """Names with a separator as branches, where one separates most of several."""
    if len(tree) > _MOST_NAMES:
        return tree
    tree = _paired(tree)
    for separator in _SEPARATORS:
        if sum(separator in name.strip(separator) for name in tree) >= max(2, len(tree) // 3):
            made: dict[str, Any] = {}
            for name, value in tree.items():
                _put(made, name, separator, value)
            return made
    return {name: _nested(value) if type(value) is dict else value for name, value in tree.items()}


def _put(tree: dict[str, Any], name: str, separator: str, value: Any) -> None:
    """Puts a value where its name says; under the whole name where something else is there."""
    top, steps = tree, name.split(separator)
    if all(steps) and len(steps) <= MOST_DEPTH:
        for step in steps[:-1]:
            below = tree.setdefault(step, {})
            if type(below) is not dict:
                break
            tree = below
        else:
            if steps[-1] not in tree:
                tree[steps[-1]] = value
                return
    top[name] = value


def _with_lists(tree: Any) -> Any:
    """A tree with a list for each branch whose names count from nought on."""
    if type(tree) is list:
        return [_with_lists(item) for item in tree]
    if type(tree) is not dict:
        return tree
    made = {name: _with_lists(value) for name, value in tree.items()}
    if made and all(name == str(place) for place, name in enumerate(made)):
        return list(made.values())
    return made
