"""Heads that were said before are not read again, and mean the same."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from server.heads import Head, Heads, plain_head
from server.line import Line
from storage import keys
from storage.words import Actor
from tests.server.served import Served, answers_in, read_answer
from tests.waiting import soon


class Message:
    """A head as the parser gives it."""

    def __init__(self, **said: Any) -> None:
        self.headers = CIMultiDictProxy(CIMultiDict(said.pop("headers", {})))
        self.chunked = said.pop("chunked", False)
        self.upgrade = said.pop("upgrade", False)


@pytest.fixture
def read_by_parser(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The first bytes of each request that the parser was given."""
    seen: list[bytes] = []
    mark_end = Line._mark_end

    def note(line: Line, message: Any, data: bytes) -> None:
        seen.append(data)
        mark_end(line, message, data)

    monkeypatch.setattr(Line, "_mark_end", note)
    return seen


def test_a_head_is_read_once_and_each_body_behind_it(
    served: Served, read_by_parser: list[bytes]
) -> None:
    phones = [f"+1415555{number}" for number in (2671, 2672, 2673)]
    told = []
    with served.connect() as line, served.connect() as other:
        for connection, phone in zip((line, line, other), phones, strict=True):
            body = json.dumps(served.body(mobile_phone=phone)).encode()
            connection.sendall(served.request(body=body, close=False))
            status, headers, answer = read_answer(connection)
            assert status == 200
            said = json.loads(answer)
            assert headers["x-request-id"] == said["request_id"]
            told.append((said["data"]["phone_number"], said["request_id"]))
    assert [phone for phone, _ in told] == phones
    assert len({request for _, request in told}) == 3
    assert len(read_by_parser) == 1


def test_a_key_is_dead_at_once_although_its_head_is_remembered(
    served: Served, read_by_parser: list[bytes]
) -> None:
    with served.store.read() as conn:
        (row,) = keys.listing(conn)
    with served.connect() as line:
        line.sendall(served.request(close=False))
        assert read_answer(line)[0] == 200
        served.store.do(lambda conn: keys.revoke(conn, Actor.person("op"), row.id))
        line.sendall(served.request(close=False))
        assert read_answer(line)[0] == 401
    assert len(read_by_parser) == 1


def test_a_head_that_is_refused_is_not_remembered(
    served: Served, read_by_parser: list[bytes]
) -> None:
    with served.connect() as line:
        for _ in range(2):
            line.sendall(served.request(body=b"{", close=False))
            assert read_answer(line)[0] == 400
    assert len(read_by_parser) == 2


@pytest.mark.parametrize("extra", [b"", b"x"])
def test_a_known_head_with_less_or_more_behind_it_is_for_the_parser(
    served: Served, read_by_parser: list[bytes], extra: bytes
) -> None:
    request = served.request(close=False)
    with served.connect() as line:
        line.sendall(request)
        assert read_answer(line)[0] == 200
        if extra:
            line.sendall(request + request)
            assert [read_answer(line)[0] for _ in range(2)] == [409, 409]
        else:
            line.sendall(request[:-10])
            soon(lambda: len(read_by_parser) == 2)
            line.sendall(request[-10:])
            assert read_answer(line)[0] == 409
    assert len(read_by_parser) == 2 + bool(extra)


KINDS = {
    "good": 200,
    "again": 409,
    "no key": 401,
    "no json": 400,
    "in chunks": 200,
    "named": 200,
    "nowhere": 404,
}


def _written(served: Served, kind: str) -> bytes:
    if kind == "again":
        body = json.dumps(served.body(mobile_phone="+15555550101")).encode()
        return served.request(body=body, close=False)
    if kind == "no json":
        return served.request(body=b"[]{", close=False)
    if kind == "in chunks":
        body = json.dumps(served.body()).encode()
        chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        return served.request(b"Transfer-Encoding: chunked", body=chunked, close=False)
    request = served.request(close=False)
    if kind == "named":
        return served.request(b"Idempotency-Key: %x" % time.monotonic_ns(), close=False)
    if kind == "no key":
        return request.replace(served.key.encode(), b"0" * len(served.key))
    return request.replace(b"/v1/public", b"/v2/public") if kind == "nowhere" else request


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    kinds=st.lists(st.sampled_from([*KINDS, "good", "good"]), min_size=1, max_size=6),
    cuts=st.lists(st.floats(0, 1), max_size=4),
    apart=st.booleans(),
)
def test_what_is_answered_does_not_depend_on_how_requests_arrive(
    lasting: Served, kinds: list[str], cuts: list[float], apart: bool
) -> None:
    if not apart:
        # Behind another request in one piece, a body in chunks ends the connection; and so does
        # an answer that is given before its request is there.
        kinds = [kind for kind in kinds if kind not in ("in chunks", "nowhere")]
    requests = [_written(lasting, kind) for kind in kinds]
    expected = [KINDS[kind] for kind in kinds]
    if apart:
        with lasting.connect() as line:
            answers = []
            for request in requests:
                line.sendall(request)
                answers.append(read_answer(line)[0])
        assert answers == expected
        return
    whole = b"".join(requests) + lasting.request()
    places = sorted({0, len(whole), *(int(cut * len(whole)) for cut in cuts)})
    with lasting.connect() as line:
        for start, end in pairwise(places):
            line.sendall(whole[start:end])
            time.sleep(0.003)
        got = b""
        while part := line.recv(65536):
            got += part
    assert [status for status, _ in answers_in(got)] == [*expected, 200]


def test_only_what_every_reader_sees_alike_can_be_remembered() -> None:
    good = b"PUT / HTTP/1.1\r\nContent-Length: 2\r\n\r\n"
    said = {"Content-Length": "2"}
    head = plain_head(Message(headers=said), good + b"{}")
    assert head is not None
    assert (head.raw, head.end, head.length) == (good, len(good), 2)
    for data in (
        b"\r\n" + good + b"{}",
        b"\r\n\r\n" + good + b"{}",
        b"PUT / HTTP/1.1\nContent-Length: 2\r\n\r\n{}",
        b"PUT / HTTP/1.1\nContent-Length: 2\n\n{}",
        b"PUT / HTTP/1.1\r\nX: " + b"x" * 4096 + b"\r\n\r\n",
    ):
        assert plain_head(Message(headers=said), data) is None, data
    assert plain_head(Message(headers=said, chunked=True), good) is None
    assert plain_head(Message(headers=said, upgrade=True), good) is None


def test_heads_that_are_remembered_do_not_become_ever_more() -> None:
    heads = Heads()
    for number in range(5_000):
        raw = b"PUT / HTTP/1.1\r\nX: %d\r\nContent-Length: 2\r\n\r\n" % number
        heads.learn(Head(None, raw, 2))
        assert heads.find(raw + b"{}") is not None
        assert heads.find(raw + b"{") is None
        assert heads.find(raw + b"{}{") is None
    assert len(heads._known) <= 256
