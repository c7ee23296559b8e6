"""Nothing that stands behind one request gets into the next one."""

from __future__ import annotations

import pytest

from server.chunks import Chunks
from tests.server.served import Served

CHUNKED = b"Transfer-Encoding: chunked"


@pytest.mark.parametrize("cut", [None, 40, -2, -3, -30])
def test_trailers_of_one_request_are_no_headers_of_the_next(
    lasting: Served, cut: int | None
) -> None:
    carrier = (
        b"POST /nothing HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"1\r\na\r\n0\r\nx-api: " + lasting.key.encode() + b"\r\n\r\n"
    )
    victim = lasting.request().replace(b"x-api: " + lasting.key.encode() + b"\r\n", b"")
    assert lasting.key.encode() not in victim
    pieces = (carrier + victim,) if cut is None else (carrier[:cut], carrier[cut:], victim)
    answers = lasting.raw(*pieces)
    assert answers.startswith(b"HTTP/1.1 404")
    assert b"HTTP/1.1 200" not in answers


def test_chunks_without_trailers_and_wishes_for_other_protocols_lose_no_request(
    lasting: Served,
) -> None:
    chunk = b"2\r\n{}\r\n0\r\n\r\n"
    chunked = lasting.request(CHUNKED, body=chunk, close=False)
    answers = lasting.raw(chunked + lasting.request())
    assert answers.count(b"HTTP/1.1 ") == 2
    wish = lasting.request(
        b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAA", close=False
    )
    answers = lasting.raw(wish + lasting.request())
    assert answers.startswith(b"HTTP/1.1 200")
    # What came behind it was not read, and its sender is told.
    assert b"connection: close" in answers.lower()


@pytest.mark.parametrize(
    ("body", "trailers"),
    [
        (b"0\r\n\r\n", False),
        (b"2\r\n{}\r\n0\r\n\r\n", False),
        (b"2;a=b\r\n{}\r\n0;c\r\n\r\nPUT / HTTP/1.1\r\nX: y\r\n\r\n", False),
        (b"4\r\n0\r\n\r\r\n0\r\n\r\n", False),
        (b"0\r\nX: y\r\n\r\n", True),
        (b"2\r\n{}\r\n000\r\nX:\r\n\r\n", True),
        (b"zz\r\n", True),
    ],
)
def test_the_end_of_a_body_in_chunks_is_found_in_pieces_of_any_size(
    body: bytes, trailers: bool
) -> None:
    for size in (1, 2, 3, 7, len(body)):
        chunks = Chunks()
        for start in range(0, len(body), size):
            chunks.follow(body[start : start + size])
        assert chunks.trailers is trailers
