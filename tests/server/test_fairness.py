"""One sender's turn: nobody is held up by what another sends, reads or writes wrong."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from storage.store import Store
from tests.server.served import PATH, Served, answers_in, read_all, read_answer, serving
from tests.waiting import PATIENCE, awake

GOOD_PUT_SECONDS = 0.2
"""What a good request may take beside the worst of senders."""

HEAD = b"PUT /v1/public/opt-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def page(path: str) -> bytes:
    """The bytes that ask for a page."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


FLOODS = {
    "/openapi.json": page("/openapi.json"),
    "/docs": page("/docs"),
    "nowhere": page("/nowhere"),
    "requests without a key": HEAD + b"Content-Length: 2\r\n\r\n{}",
}


_FLOOD = """
import select, socket, sys
host, port, lines, reading = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "True"
flood = sys.stdin.buffer.read() * 2000
waiting = {socket.create_connection((host, port)): b"" for _ in range(lines)}
for line in waiting:
    line.setblocking(False)
print("flooding", flush=True)
while waiting:
    readable, writable, _ = select.select(waiting if reading else [], waiting, [], 0.5)
    for line in {*readable, *writable}:
        try:
            if line in readable and not line.recv(1 << 20):
                raise ConnectionError
            if line in writable:
                waiting[line] = waiting[line] or flood
                waiting[line] = waiting[line][line.send(waiting[line]):]
        except BlockingIOError:
            pass
        except OSError:
            del waiting[line]
"""


@contextmanager
def flooding(served: Served, request: bytes, *, lines: int, reading: bool) -> Iterator[None]:
    """Connections that send a request thousands of times without waiting for answers.

    From a process of its own: threads would slow the listener down by their mere presence.
    """
    host, port = served.address
    with subprocess.Popen(
        [sys.executable, "-c", _FLOOD, host, str(port), str(lines), str(reading)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as flood:
        assert flood.stdin is not None
        assert flood.stdout is not None
        flood.stdin.write(request)
        flood.stdin.close()
        assert flood.stdout.readline() == b"flooding\n"
        try:
            yield
        finally:
            flood.kill()


def times_of_good_puts(served: Served, n: int) -> list[float]:
    """Seconds that good requests took, quickest first."""
    taken = []
    for _ in range(n):
        began = awake()
        assert served.put().status_code == 200
        taken.append(awake() - began)
    return sorted(taken)


@pytest.mark.trial
@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("reading", [True, False], ids=["reading", "not reading"])
def test_a_flood_of_requests_delays_no_good_one(lasting: Served, flood: str, reading: bool) -> None:
    with flooding(lasting, FLOODS[flood], lines=4, reading=reading):
        time.sleep(0.2)
        # One in ten may meet a pause of the test's own threads.
        assert times_of_good_puts(lasting, 10)[-2] < GOOD_PUT_SECONDS


def test_who_sends_much_and_reads_nothing_fills_no_memory(sqlite_store: Store) -> None:
    with serving(sqlite_store, idle_timeout=1.0) as served, served.connect() as line:
        line.settimeout(0.3)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 100_000_000:
                sent += line.send(page("/docs") * 1000)
        # What the systems of both ends hold, and little more.
        assert sent < 20_000_000
        # It does not read, and so it is cut off.
        until = time.monotonic() + PATIENCE
        with pytest.raises(ConnectionError):
            while time.monotonic() < until:
                with suppress(TimeoutError):
                    line.send(b"x")


@pytest.mark.parametrize(
    "broken",
    [
        b"nonsense\r\n\r\n",
        b"\x00\xff\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nA\r\n\r\n",
    ],
)
@pytest.mark.parametrize("good", [1, 3])
def test_what_comes_before_broken_bytes_is_answered_first(
    lasting: Served, good: int, broken: bytes
) -> None:
    found = answers_in(lasting.raw(lasting.request(close=False) * good + broken + broken))
    # The same lead again is a duplicate.
    assert [status for status, _ in found] == [200, *([409] * (good - 1)), 400]


def test_a_chunked_request_before_broken_bytes_is_answered_first(lasting: Served) -> None:
    body = json.dumps(lasting.body()).encode()
    chunked = lasting.request(
        b"Transfer-Encoding: chunked",
        body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
        close=False,
    )
    found = answers_in(lasting.raw(chunked + b"nonsense\r\n\r\n"))
    assert [status for status, _ in found] == [200, 400]


def test_requests_beyond_the_first_are_answered_after_the_sender_closed_its_half(
    lasting: Served,
) -> None:
    with lasting.connect() as line:
        line.sendall(lasting.request(close=False) * 3)
        line.shutdown(socket.SHUT_WR)
        found = answers_in(read_all(line))
    assert [status for status, _ in found] == [200, 409, 409]


@pytest.mark.parametrize("method", ["FOO", "get", "PUTS", "PURGEX", "SETUP", "P!#$", "PUT1"])
def test_a_method_that_nobody_knows_is_refused_like_any_other(lasting: Served, method: str) -> None:
    def ask(path: str) -> tuple[int, str, bytes]:
        raw = lasting.raw(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        ((status, said),) = answers_in(raw)
        return status, said["error_code"], raw

    for path in (PATH, PATH + "/", PATH + "?a=b", "http://leads.example.com" + PATH):
        status, code, raw = ask(path)
        assert (status, code) == (405, "METHOD_NOT_ALLOWED")
        assert b"\r\nAllow: PUT\r\n" in raw
    assert ask("/nowhere")[:2] == (404, "NOT_FOUND")


def test_an_unknown_method_may_arrive_in_pieces_and_after_a_good_request(lasting: Served) -> None:
    with lasting.connect() as line:
        for piece in (b"F", b"O", b"O /v1/public", b"/opt-in HTTP/1.1", b"\r\nHost: x\r\n\r\n"):
            line.sendall(piece)
            time.sleep(0.05)
        ((status, _),) = answers_in(read_all(line))
    assert status == 405
    after = lasting.raw(lasting.request(close=False) + b"FOO /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
    assert [status for status, _ in answers_in(after)] == [200, 404]


OVERHEAD = {
    "long extensions": b"1;" + b"a" * 3000 + b"\r\nx\r\n",
    "many extensions": b"1;a=b;c=d\r\nx\r\n",
    "one long extension": b"1;" + b"a" * 100_000,
    "tiny chunks with padding": b"0000000001\r\nx\r\n",
    "a long trailer": b"0\r\nX-Trailer: " + b"a" * 100_000,
    "many trailers": b"0\r\n" + b"X-Trailer: a\r\n" * 10_000,
}


@pytest.mark.parametrize("kind", OVERHEAD)
def test_what_chunks_carry_beside_the_body_is_bounded(lasting: Served, kind: str) -> None:
    head = lasting.request(b"Transfer-Encoding: chunked", body=b"").partition(b"\r\n\r\n")[0]
    with lasting.connect() as line:
        line.settimeout(PATIENCE)
        line.sendall(head + b"\r\n\r\n")
        sent = 0
        much = OVERHEAD[kind] * (1 + 100_000 // len(OVERHEAD[kind]))
        try:
            while sent < 16_000_000:
                line.sendall(much)
                sent += len(much)
        except ConnectionError:
            pass
        else:
            pytest.fail("everything was read")
    with lasting.connect() as line:
        line.sendall(head + b"\r\n\r\n" + (OVERHEAD[kind] * 2000)[:60_000])
        ((status, said),) = answers_in(read_all(line))
    assert (status, said["error_code"]) in [
        (413, "PAYLOAD_TOO_LARGE"),
        (400, "MALFORMED_REQUEST"),
        (431, "HEADERS_TOO_LARGE"),
    ]


def test_a_request_that_is_whole_is_answered_although_the_next_never_ends(
    sqlite_store: Store,
) -> None:
    with (
        serving(sqlite_store, header_timeout=1.0, idle_timeout=1.0) as served,
        served.connect() as line,
    ):
        line.sendall(served.request(close=False) + b"PUT /v1/pub")
        assert read_answer(line)[0] == 200
        began = awake()
        read_all(line)
        assert awake() - began < 3
