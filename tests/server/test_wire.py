"""One address' connections: kept, dropped, and what is no HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientError

from server.webhooks.wire import NotHttp, Wire

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Other:
    """The other side: answers each request as it is told."""

    def __init__(self, answer: Callable[[Other, asyncio.StreamWriter], Any]) -> None:
        self.answer = answer
        self.connections = 0
        self.requests: list[bytes] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(size))
                await self.answer(self, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def _socket(info: Any) -> socket.socket:
    made = socket.socket(info[0], info[1], info[2])
    made.setblocking(False)
    return made


@asynccontextmanager
async def wired(answer: Callable[[Other, Any], Any]) -> AsyncIterator[tuple[Wire, Other]]:
    other = Other(answer)
    server = await asyncio.start_server(other.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wire = Wire(f"http://127.0.0.1:{port}/a?b=%20c", {"X-Fixed": "1"}, 4, _socket, 100, 0.1)
    try:
        yield wire, other
    finally:
        await wire.close()
        server.close()
        for writer in other.writers:
            writer.close()
        await asyncio.sleep(0.01)


def says(what: bytes, *, closes: bool = False) -> Callable[[Other, Any], Any]:
    async def answer(_other: Other, writer: asyncio.StreamWriter) -> None:
        writer.write(what)
        await writer.drain()
        if closes:
            writer.close()

    return answer


async def test_a_connection_is_kept_and_the_request_is_as_it_should_be() -> None:
    async with wired(says(OK)) as (wire, other):
        for place in range(3):
            answer = await wire.post(b"{}", {"webhook-id": f"evt_{place}"})
            assert (answer.status, answer.body) == (200, b"ok")
        assert other.connections == 1
        head = other.requests[0].decode()
        assert head.startswith("POST /a?b=%20c HTTP/1.1\r\n")
        for line in ("Host: 127.0.0.1:", "X-Fixed: 1\r\n", "webhook-id: evt_0\r\n"):
            assert line in head
        assert head.count("Content-Length: 2\r\n") == 1
        assert head.lower().count("content-length") == 1
        assert "transfer-encoding" not in head.lower()


async def test_a_kept_connection_that_has_died_costs_no_try() -> None:
    answered = set()

    async def once_each(_other: Other, writer: asyncio.StreamWriter) -> None:
        if writer in answered:
            writer.close()
        else:
            answered.add(writer)
            writer.write(OK)

    async with wired(once_each) as (wire, other):
        for _ in range(2):
            assert (await wire.post(b"{}", {})).status == 200
        assert other.connections == 2


async def test_who_hangs_up_at_once_is_asked_once() -> None:
    async with wired(says(b"", closes=True)) as (wire, other):
        with pytest.raises(ClientError):
            await wire.post(b"{}", {})
        assert len(other.requests) == 1


@pytest.mark.parametrize(
    "what",
    [b"<html>it works</html>\r\n\r\n", b"\x16\x03\x01\x00\x05hello\r\n\r\n", b"HTTP/9 yes\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n"],
)  # fmt: skip
async def test_what_is_no_http_is_no_success(what: bytes) -> None:
    async with wired(says(what, closes=True)) as (wire, _):
        with pytest.raises((NotHttp, ClientError)):
            await wire.post(b"{}", {})


async def test_what_comes_before_the_answer_is_passed_over() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    async with wired(says(early + OK)) as (wire, other):
        for _ in range(2):
            assert (await wire.post(b"{}", {})).status == 200
        assert other.connections == 1


async def test_an_answer_that_is_put_off_without_end_is_none() -> None:
    """Read as fast as it came, it kept the courier from every other endpoint."""
    async with wired(says(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000 + OK)) as (wire, _):
        with pytest.raises(NotHttp, match="put off"):
            await wire.post(b"{}", {})


@pytest.mark.parametrize(
    ("what", "kept"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 500, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + b"x" * 500, False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", False),
    ],
)
async def test_an_answer_is_read_as_far_as_it_is_wanted(what: bytes, kept: bool) -> None:
    async with wired(says(what)) as (wire, other):
        for _ in range(2):
            answer = await wire.post(b"{}", {})
            assert answer.status in (200, 204)
            assert len(answer.body) <= 100
        assert other.connections == (1 if kept else 2)
