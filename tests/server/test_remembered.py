"""What the mapping remembers of bodies makes it faster and changes nothing, and has bounds."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import server.mapping
from server.mapping.mapper import Fault, Mapped, map_lead
from server.mapping.memo import Memo
from server.mapping.reading import read_body
from tests.server.senders.shapes import SHAPES


def kept() -> Iterator[tuple[str, Any]]:
    """All that the modules of the mapping remember things in."""
    for found in pkgutil.iter_modules(server.mapping.__path__):
        module = import_module(f"server.mapping.{found.name}")
        for name, value in vars(module).items():
            if isinstance(value, Memo) or hasattr(value, "cache_clear"):
                yield f"{found.name}.{name}", value


def forget() -> None:
    """As at the start of the program."""
    for _, one in kept():
        if isinstance(one, Memo):
            one.clear()
        else:
            one.cache_clear()


def told(found: Mapped | Fault) -> str:
    """All that was found, in its order."""
    return repr(found)


NAMES = st.sampled_from(
    (
        *("phone", "Mobile", "first_name", "Last name", "name", "number", "user", "contact"),
        *("customer", "value", "label", "type", "company", "billing", "country", "area", "prefix"),
        *("exchange", "ext", "data", "fields", "text", "title", "id", "staff", "1.3", "1.6"),
    )
)
TEXTS = st.sampled_from(
    (
        *("+12025550146", "(202) 555-0147", "Ada", "Byron", "Ada Byron", "", "null", "GB", "202"),
        *("MobilePhone", "phone", "First name", "agent", "yes", "+447911123456", " ", "user"),
    )
)
BODIES = st.dictionaries(
    NAMES,
    st.recursive(
        st.one_of(TEXTS, st.none(), st.booleans(), st.integers(0, 9)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)
        ),
        max_leaves=8,
    ),
    max_size=6,
)


@settings(max_examples=30)
@given(st.lists(BODIES, min_size=2, max_size=6))
def test_a_body_maps_the_same_whatever_came_before_it(bodies: list[dict[str, Any]]) -> None:
    trees = [read_body(json.dumps(body).encode(), "application/json").tree for body in bodies]
    cold = []
    for tree in trees:
        forget()
        cold.append(told(map_lead(tree, (), "US")))
    forget()
    for _ in range(2):
        assert [told(map_lead(tree, (), "US")) for tree in trees] == cold


def test_every_senders_body_maps_the_same_at_first_and_among_the_others() -> None:
    trees = [(read_body(one.body.encode(), one.media).tree, one.region) for one in SHAPES]
    warm = [told(map_lead(tree, (), region)) for tree, region in trees]
    for place in range(0, len(trees), 5):
        forget()
        tree, region = trees[place]
        assert told(map_lead(tree, (), region)) == warm[place]


def test_endless_new_names_do_not_fill_the_memory() -> None:
    forget()
    for turn in range(100):
        body: dict[str, Any] = {f"{'long ' * (turn % 60)}{turn} {n}": "x" for n in range(60)}
        body["branch" * (turn % 90)] = {f"{turn} {n}": {"text": "x"} for n in range(4)}
        body["fields"] = [
            {"label": f"{turn} {n}" + "?" * (n * turn), "value": "x", f"{turn}": "y"}
            for n in range(8)
        ]
        body["keys"] = [{f"{turn} {n}": "a", "value": "b", "name": "c" * turn} for n in range(4)]
        assert isinstance(map_lead(body, (), "US"), Fault)
    for name, one in kept():
        if isinstance(one, Memo):
            assert len(one) <= one.most, name
            assert one.most * one.longest <= 2**21, name
            assert all(len(repr(key)) < 4 * one.longest + 500 for key in one), name
        else:
            assert 0 < one.cache_info().maxsize <= 4096, name


def test_what_is_too_long_or_too_much_is_not_remembered() -> None:
    memo: Memo[str, int] = Memo(3, 5)
    assert memo.keep("longer", 1, 6) == 1
    assert memo.get("longer") is None
    for n in range(4):
        memo.keep(f"{n}", n, 1)
    assert dict(memo) == {"3": 3}
