"""Guards: slow, greedy, broken and hostile senders, and the good ones beside them."""

from __future__ import annotations

import gzip
import json
import resource
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from server.bodies import Body
from server.runtime import room_for
from storage import attempts
from storage.errors import NotFound
from storage.ids import parse as parse_id
from storage.jobs import Item
from storage.store import Store
from storage.words import AttemptView
from tests.server.served import Served, answers_in, read_all, read_answer, serving
from tests.waiting import PATIENCE, awake, soon


def one_refusal(raw: bytes, status: int, code: str) -> None:
    """Checks that a connection said one thing and hung up."""
    ((found, said),) = answers_in(raw)
    assert (found, said["error_code"]) == (status, code), raw
    assert b"connection: close" in raw.lower()


SLOW = {
    "nothing": b"",
    "half a line": b"PUT /v1/pub",
    "half the headers": b"PUT /v1/public/opt-in HTTP/1.1\r\nHost: x\r\nX-Some",
    "half the body": b"PUT /v1/public/opt-in HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
}


def test_slow_senders_are_all_cut_off_in_time_and_hold_up_nobody(sqlite_store: Store) -> None:
    with (
        serving(
            sqlite_store,
            header_timeout=2.0,
            body_timeout=2.0,
            idle_timeout=2.0,
            connections_per_peer=0,
        ) as served,
        ExitStack() as stack,
    ):
        began = awake()
        lines = []
        for _ in range(50):
            for start in SLOW.values():
                line = stack.enter_context(served.connect())
                line.sendall(start)
                lines.append(line)
        worst = 0.0
        while awake() < began + 1.0:
            asked = awake()
            assert served.put().status_code == 200
            worst = max(worst, awake() - asked)
        assert worst < 1.0
        # One byte now and then does not help.
        for place, line in enumerate(lines):
            if place % 4 == 2:
                line.sendall(b"e")
        for line in lines:
            line.settimeout(PATIENCE)
            assert len(answers_in(read_all(line))) <= 1
        assert awake() - began < 5


def test_who_sends_half_a_request_hears_why_it_is_cut_off(sqlite_store: Store) -> None:
    with serving(sqlite_store, header_timeout=1.0, body_timeout=1.0) as served:
        assert served.raw(SLOW["nothing"]) == b""
        one_refusal(served.raw(SLOW["half the headers"]), 408, "REQUEST_TIMEOUT")
        one_refusal(served.raw(SLOW["half the body"]), 408, "REQUEST_TIMEOUT")


def test_a_connection_that_rests_too_long_is_closed(sqlite_store: Store) -> None:
    with serving(sqlite_store, idle_timeout=1.0) as served, served.connect() as line:
        for _ in range(2):
            line.sendall(served.request(close=False))
            assert read_answer(line)[0] == 200
        began, start = time.monotonic(), awake()
        assert line.recv(1) == b""
        assert time.monotonic() - began > 0.2
        assert awake() - start < 2.0


def test_a_peer_has_only_so_many_connections_and_a_good_request_still_gets_in(
    sqlite_store: Store,
) -> None:
    with serving(sqlite_store, connections_per_peer=20) as served, ExitStack() as stack:
        lines = [stack.enter_context(served.connect()) for _ in range(200)]
        for line in lines:
            line.sendall(SLOW["half a line"])
        assert open_now(lines, 20)
        assert served.put().status_code == 200
        assert open_now(lines, 19)


def open_now(lines: list[socket.socket], most: int) -> bool:
    """Whether soon no more than so many connections are open, and most of those that may be."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        closed = len(select.select(lines, [], [], 0.1)[0])
        if most - 1 <= len(lines) - closed <= most:
            return True
    return False


def test_connections_are_limited_in_all(sqlite_store: Store) -> None:
    with (
        serving(sqlite_store, connections=10, connections_per_peer=0) as served,
        ExitStack() as stack,
    ):
        lines = [stack.enter_context(served.connect()) for _ in range(40)]
        assert open_now(lines, 10)
        assert served.put().status_code == 200


@contextmanager
def files(soft: int, hard: int) -> Iterator[None]:
    """A process that may have so many files open."""
    allowed = [soft, hard]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resource, "getrlimit", lambda _kind: tuple(allowed))
        patch.setattr(resource, "setrlimit", lambda _kind, two: allowed.__setitem__(slice(2), two))
        yield
        assert allowed[0] <= hard or hard == resource.RLIM_INFINITY


def test_there_is_room_for_as_many_as_the_process_may_have_files() -> None:
    with files(1024, 1024):
        assert 512 <= room_for(2048) < 1024 - 64
        assert room_for(300) == 300
        assert 512 <= room_for(0) < 1024 - 64
    with files(1024, 524_288):
        assert room_for(2048) == 2048
        assert room_for(20_000) == 20_000
    with files(64, 64):
        assert 0 < room_for(2048) < 32
    with files(resource.RLIM_INFINITY, resource.RLIM_INFINITY):
        assert room_for(0) == 0


def test_when_everybody_is_being_served_a_newcomer_is_told_to_come_again(
    sqlite_store: Store,
) -> None:
    held = threading.Event()
    done = threading.Event()

    def hold(_conn: Any) -> None:
        held.set()
        done.wait(PATIENCE)

    with serving(sqlite_store, connections_per_peer=3) as served, ExitStack() as stack:
        sqlite_store.write(hold)
        assert held.wait(PATIENCE)
        lines = [stack.enter_context(served.connect()) for _ in range(3)]
        for line in lines:
            line.sendall(served.request())
        soon(
            lambda: sum(isinstance(job, Item) for job in [*sqlite_store._writer._queue._jobs]) == 3
        )
        raw = served.raw()
        done.set()
        one_refusal(raw, 503, "TOO_MANY_CONNECTIONS")
        assert b"Retry-After: 1" in raw
        assert [answers_in(read_all(line))[0][0] for line in lines] == [200, 200, 200]


HEAD = b"PUT /v1/public/opt-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
SMUGGLING = {
    "length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    "two equal lengths": b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": b"Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": b"Content-Length: +2\r\n\r\n{}",
    "a negative length": b"Content-Length: -1\r\n\r\n{}",
    "a hexadecimal length": b"Content-Length: 0x2\r\n\r\n{}",
    "a length with a space": b"Content-Length : 2\r\n\r\n{}",
    "a huge length": b"Content-Length: 99999999999999999999\r\n\r\n{}",
    "the largest length": b"Content-Length: 18446744073709551615\r\n\r\n{}",
    "a length of thousands of digits": b"Content-Length: " + b"0" * 5000 + b"2\r\n\r\n{}",
    "an unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks not last": b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "two codings": b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a coding twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a hidden coding": b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "a coding without a name": b"Transfer-Encoding:\r\n\r\n0\r\n\r\n",
    "a length and no coding": b"Transfer-Encoding:\r\nContent-Length: 2\r\n\r\n{}",
    "a folded header": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a bare line feed": b"Content-Length: 2\nX: y\r\n\r\n{}",
    "a chunk size that is none": b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n",
    "a signed chunk size": b"Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n",
    "a prefixed chunk size": b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "a huge chunk size": b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "a chunk that is too long": b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx\r\n0\r\n\r\n",
    "two hosts": b"Host: y\r\nContent-Length: 2\r\n\r\n{}",
    "a zero byte": b"X-A: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("way", SMUGGLING)
def test_a_smuggling_attempt_gets_one_400_and_no_more(lasting: Served, way: str) -> None:
    one_refusal(lasting.raw(HEAD + SMUGGLING[way] + SMUGGLED), 400, "MALFORMED_REQUEST")


@pytest.mark.parametrize(
    "way",
    [
        "a chunk size that is none",
        "a chunk that is too long",
        "the largest length",
        "a length of thousands of digits",
    ],
)
def test_a_broken_body_in_a_later_packet_gets_one_400(lasting: Served, way: str) -> None:
    head, _, body = SMUGGLING[way].partition(b"\r\n\r\n")
    with lasting.connect() as line:
        line.sendall(HEAD + head + b"\r\n\r\n")
        time.sleep(0.1)
        line.sendall(body + SMUGGLED)
        one_refusal(read_all(line), 400, "MALFORMED_REQUEST")


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\n\r\nnonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n",
        b"PUT /v1/public/opt-in HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"G(T / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: user@host\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: host/path\r\n\r\n",
        b"FOO nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
        b"FOO /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"FOO / HTTP/2.0\r\nHost: x\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"PUT nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT : HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_not_http_gets_one_400_in_json(lasting: Served, raw: bytes) -> None:
    one_refusal(lasting.raw(raw), 400, "MALFORMED_REQUEST")


LONG = b"a" * 9000
TOO_LONG = {
    "an address": (b"GET /" + LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "an address without end": (b"PUT /" + b"a" * 200_000, 414),
    "a query": (b"PUT /v1/public/opt-in?" + LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "a value": (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + LONG + b"\r\n\r\n", 431),
    "a name": (b"GET / HTTP/1.1\r\nHost: x\r\n" + LONG + b": a\r\n\r\n", 431),
    "a name without end": (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a" * 200_000, 431),
    "many headers": (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: a\r\n" * 200 + b"\r\n", 431),
    "much in all": (
        b"GET / HTTP/1.1\r\nHost: x\r\n"
        + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 4000) for n in range(20)),
        431,
    ),
    "a little too much in all": (
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 4100) for n in range(8))
        + b"\r\n",
        431,
    ),
}


@pytest.mark.parametrize("pieces", [1, 3])
@pytest.mark.parametrize("what", TOO_LONG)
def test_a_head_that_is_too_long_is_refused_as_such(
    lasting: Served, what: str, pieces: int
) -> None:
    raw, status = TOO_LONG[what]
    code = {414: "URI_TOO_LONG", 431: "HEADERS_TOO_LARGE"}[status]
    size = len(raw) // pieces + 1
    parts = [raw[start : start + size] for start in range(0, len(raw), size)]
    one_refusal(lasting.raw(*parts), status, code)


def test_good_requests_before_a_broken_one_are_answered_first(lasting: Served) -> None:
    with lasting.connect() as line:
        line.sendall(lasting.request(close=False) + lasting.request(close=False))
        time.sleep(0.2)
        line.sendall(b"nonsense\r\n\r\n")
        found = answers_in(read_all(line))
    assert [status for status, _ in found] == [200, 200, 400]


def test_requests_sent_without_waiting_are_answered_in_order(lasting: Served) -> None:
    bodies = [json.dumps(lasting.body(first_name=f"n{n}")).encode() for n in range(40)]
    sent = b"".join(lasting.request(body=body, close=body is bodies[-1]) for body in bodies)
    found = answers_in(lasting.raw(sent))
    phones = [json.loads(body)["mobile_phone"] for body in bodies]
    assert [said["data"]["phone_number"] for _, said in found] == phones


def test_a_body_may_come_in_chunks_and_in_pieces(lasting: Served) -> None:
    body = json.dumps(lasting.body()).encode()
    chunks = b"".join(b"1;ext=1\r\n%c\r\n" % byte for byte in body) + b"0\r\nTrailer: x\r\n\r\n"
    head, _, _ = lasting.request(b"Transfer-Encoding: chunked", body=b"").partition(b"\r\n\r\n")
    with lasting.connect() as line:
        line.sendall(head + b"\r\n\r\n")
        for start in range(0, len(chunks), 500):
            line.sendall(chunks[start : start + 500])
            time.sleep(0.01)
        ((status, _),) = answers_in(read_all(line))
    assert status == 200


def test_a_body_that_is_too_large_is_refused_however_it_comes(lasting: Served) -> None:
    declared = lasting.request(b"Content-Length: 17000", body=b"x" * 17_000)
    one_refusal(lasting.raw(declared), 413, "PAYLOAD_TOO_LARGE")
    chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    chunked = lasting.request(b"Transfer-Encoding: chunked", body=chunk * 2 + b"0\r\n\r\n")
    one_refusal(lasting.raw(chunked), 413, "PAYLOAD_TOO_LARGE")
    # Answered without waiting for what was only announced.
    announced = lasting.request(b"Content-Length: 2000000000", body=b"{")
    one_refusal(lasting.raw(announced), 413, "PAYLOAD_TOO_LARGE")


def test_a_body_of_a_known_key_that_was_not_read_whole_stays_in_the_log(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Body] = []
    bid_go_on = Body._bid_go_on

    def begin(body: Body) -> None:
        # What has arrived by now is read before anything else is.
        begun.append(body)
        bid_go_on(body)

    monkeypatch.setattr(Body, "_bid_go_on", begin)

    def kept(said: bytes) -> tuple[str, str, str]:
        ((_, answer),) = answers_in(said)
        ident = parse_id(answer["request_id"]) or 0
        # Nobody waits for what was refused to be in the log, nor for what stands before it.
        soon(lambda: ident in logged())
        with served.store.read() as conn:
            row = attempts.get(conn, ident).row
        return row.code, row.reason, row.body

    def logged() -> list[int]:
        with served.store.read() as conn:
            return [row.id for row in attempts.listing(conn)]

    large = b'{"first_name": "Grace", "note": "' + b"x" * 100_000
    declared = served.request(b"Content-Length: 100033", body=large)
    code, reason, body = kept(served.raw(declared))
    assert (code, len(body)) == ("PAYLOAD_TOO_LARGE", 8192)
    assert "(100,033 bytes)" in reason
    assert "first_name" in body
    head = declared[: declared.index(b"\r\n\r\n") + 4]
    assert kept(served.raw(head, large))[2].startswith('{"first_name": "Grace"')
    chunked = served.request(b"Transfer-Encoding: chunked", body=b'6\r\n{"a": \r\n')
    with served.connect() as line:
        before = len(begun)
        line.sendall(chunked)
        soon(lambda: len(begun) > before)
        line.sendall(b"zz\r\n")
        assert kept(read_all(line))[0::2] == ("MALFORMED_REQUEST", '{"a": ')
    with served.connect() as line:
        line.sendall(served.request(b"Content-Length: 100", body=b'{"cut": '))
        line.shutdown(socket.SHUT_WR)
        assert kept(read_all(line))[0::2] == ("MALFORMED_REQUEST", '{"cut": ')
    with served.connect() as line:
        before = len(begun)
        line.sendall(served.request(b"Content-Length: 100", body=b'{"gone": '))
        soon(lambda: len(begun) > before)

    def gone() -> list[str]:
        with served.store.read() as conn:
            found = attempts.page(conn, AttemptView(search="gone"), patience=5).rows
        return [row.code for row in found]

    soon(lambda: gone() == ["MALFORMED_REQUEST"])
    asked = served.request(b"Expect: 100-continue", b"Content-Length: 99999", body=b"")
    assert kept(served.raw(asked))[2] == ""
    stranger = declared.replace(served.key.encode(), b"12345678-1234-4234-8234-123456789012")
    ((status, said),) = answers_in(served.raw(stranger))
    assert status == 413
    with served.store.read() as conn, pytest.raises(NotFound):
        attempts.get(conn, parse_id(said["request_id"]) or 0)


def test_memory_stays_flat_under_what_is_refused(served: Served) -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    one_refusal_of_each(served, bomb)
    before = most_memory()
    for _ in range(15):
        one_refusal_of_each(served, bomb)
    assert most_memory() - before < 20_000


def most_memory() -> int:
    """The most memory this process ever held, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def one_refusal_of_each(served: Served, bomb: bytes) -> None:
    """A compression bomb, and a body that never ends."""
    ((status, said),) = answers_in(served.raw(served.request(b"Content-Encoding: gzip", body=bomb)))
    assert (status, said["error_code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    with served.connect() as line:
        line.sendall(served.request(b"Transfer-Encoding: chunked", body=b""))
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        try:
            for _ in range(100):
                line.sendall(chunk)
        except (BrokenPipeError, ConnectionResetError):
            return
        assert b" 413 " in read_all(line).split(b"\r\n")[0]


def test_who_asks_first_is_told_to_go_on(lasting: Served) -> None:
    body = json.dumps(lasting.body()).encode()
    head, _, _ = lasting.request(
        b"Expect: 100-continue", b"Content-Length: %d" % len(body), body=b""
    ).partition(b"\r\n\r\n")
    with lasting.connect() as line:
        line.sendall(head + b"\r\n\r\n")
        assert line.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(body)
        assert read_answer(line)[0] == 200
    # Who would send too much is not told to go on.
    with lasting.connect() as line:
        line.sendall(lasting.request(b"Expect: 100-continue", b"Content-Length: 99999", body=b""))
        one_refusal(read_all(line), 413, "PAYLOAD_TOO_LARGE")


def test_a_sender_that_closes_its_half_still_gets_its_answer(lasting: Served) -> None:
    with lasting.connect() as line:
        line.sendall(lasting.request(close=False))
        line.shutdown(socket.SHUT_WR)
        ((status, _),) = answers_in(read_all(line))
    assert status == 200


def test_a_sender_that_leaves_in_the_middle_is_nobodys_problem(served: Served) -> None:
    for start in SLOW.values():
        served.connect().close()
        line = served.connect()
        line.sendall(start)
        line.close()
    line = served.connect()
    line.sendall(served.request(close=False))
    line.close()
    assert served.put().status_code == 200

    def logged() -> int:
        with served.store.read() as conn:
            return len(attempts.listing(conn))

    soon(lambda: logged() == 2)
    assert b"optdesk_connections 1.0" in served.get("/metrics").content


def test_an_older_protocol_is_answered_and_closed(lasting: Served) -> None:
    raw = lasting.raw(lasting.request(close=False).replace(b"HTTP/1.1", b"HTTP/1.0", 1))
    assert raw.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Connection: close" in raw


def test_a_whole_address_in_the_first_line_is_understood(lasting: Served) -> None:
    raw = lasting.request().replace(b"PUT /v1", b"PUT http://leads.example.com/v1", 1)
    assert answers_in(lasting.raw(raw))[0][0] == 200


def test_nobody_switches_to_another_protocol(sqlite_store: Store) -> None:
    with serving(sqlite_store, idle_timeout=0.5) as served:
        raw = served.request(b"Upgrade: websocket", close=False).replace(
            b"Host: test", b"Host: test\r\nConnection: Upgrade"
        )
        with served.connect() as line:
            line.sendall(raw + b"\x81\x05hello" * 10)
            found = read_all(line)
    assert answers_in(found)[0][0] in (200, 400)
    assert b" 101 " not in found


def test_answers_tell_nothing_about_what_made_them(lasting: Served) -> None:
    raw = lasting.raw(lasting.request())
    head = raw.partition(b"\r\n\r\n")[0].lower()
    assert b"server:" not in head
    assert b"python" not in head
    assert b"aiohttp" not in head
    assert b"\r\ndate: " in head


def test_who_takes_no_answers_is_cut_off(sqlite_store: Store) -> None:
    with serving(sqlite_store, idle_timeout=0.5) as served:
        with served.connect() as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            line.settimeout(PATIENCE)
            page = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
            with pytest.raises((ConnectionError, TimeoutError)):
                while True:
                    line.sendall(page * 100)
        assert served.put().status_code == 200
        until = time.monotonic() + PATIENCE
        while b"optdesk_connections 1.0" not in served.get("/metrics").content:
            assert time.monotonic() < until
