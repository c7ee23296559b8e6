"""JSON as the doors read it: what one reader would take differently is not taken at all."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.strict_json import MalformedJson, read_object

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
)
_TEXT = st.text(st.characters(codec="utf-8"))
_VALUES = st.recursive(
    _SCALARS | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(_TEXT, _VALUES, max_size=6), st.booleans())
def test_any_clear_object_is_read_as_it_was_meant(
    said: dict[str, object], ascii_only: bool
) -> None:
    assert read_object(json.dumps(said, ensure_ascii=ascii_only).encode()) == said


@given(st.binary(max_size=200))
def test_any_bytes_are_either_read_or_refused(body: bytes) -> None:
    try:
        read = read_object(body)
    except MalformedJson:
        return
    json.dumps(read, ensure_ascii=False, allow_nan=False).encode()


@given(_TEXT, _VALUES, _VALUES)
def test_a_name_that_stands_twice_is_refused(name: str, one: object, two: object) -> None:
    key = json.dumps(name)
    with pytest.raises(MalformedJson):
        read_object(f"{{{key}: {json.dumps(one)}, {key}: {json.dumps(two)}}}".encode())


@pytest.mark.parametrize("depth", [64, 65, 200])
def test_depth_is_counted_outside_of_texts_alone(depth: int) -> None:
    nested = '{"a": ' * (depth - 1) + "{}" + "}" * (depth - 1)
    if depth <= 64:
        assert read_object(nested.encode())
    else:
        with pytest.raises(MalformedJson, match="deeply"):
            read_object(nested.encode())
    flat = json.dumps({"text": '{["\\' * 100, "list": [{} for _ in range(100)]})
    assert read_object(flat.encode())


def test_a_very_long_number_takes_no_time() -> None:
    began = time.thread_time()
    read = read_object(b'{"a": ' + b"9" * 5_000_000 + b', "b": 1.' + b"3" * 5_000_000 + b"}")
    assert time.thread_time() - began < 1
    assert read["a"] > 1e300
    assert 1.3 < read["b"] < 1.4
