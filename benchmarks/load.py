"""A sender of leads that is faster than any server it measures: plain sockets and epoll.

It runs as its own process, takes a `Job` as JSON on standard input and gives a `Result` as JSON
on standard output, so that its work is on nobody else's clock.
"""

from __future__ import annotations

import json
import re
import select
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

PATH = "/v1/public/opt-in/"
"""Where leads are sent."""
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"
TAG = "Zz"
"""How the first names begin that a screen is searched for."""
GIVE_UP_SECONDS = 15.0
"""How long answers may be missing at the end before they count as lost."""

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass
class Job:
    """What to send, and how."""

    url: str
    key: str = ""
    number_id: str = "num_test"
    seconds: float = 5.0
    warm_seconds: float = 0.0
    """Sent before the measuring begins and not counted."""
    connections: int = 32
    rate: float = 0.0
    """Requests a second; 0 sends the next as soon as the last one is answered."""
    first: int = 0
    """Place of the first number; every request takes the next place."""
    token: str = ""
    """Of the secret URL, to knock at the hook door instead."""
    tagged: bool = False
    """Send first names that a screen can be searched for, and keep when each was answered."""


@dataclass
class Result:
    """What came of it. Times are in milliseconds."""

    answered: int = 0
    """Answers to all requests, also those of the warming up."""
    accepted: int = 0
    per_second: float = 0.0
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    longest: float = 0.0
    late: int = 0
    """Answers slower than 100 ms."""
    lost: int = 0
    """Requests never answered."""
    statuses: dict[str, int] = field(default_factory=dict)
    busy: float = 0.0
    """The share of one core that the client itself used."""
    ended: float = 0.0
    """When the last answer came, by the system's monotonic clock."""
    seen: list[tuple[str, float]] = field(default_factory=list)
    """Tag and time of each answer, where tagged."""
    slow: list[tuple[float, float]] = field(default_factory=list)
    """When the slowest were sent, and how long they took."""


_AREAS = (
    *("501", "502", "503", "504", "505", "507", "508", "509", "510", "512"),
    *("513", "515", "516", "517", "518", "520", "530", "540", "541", "559"),
)
_US = tuple(f"1{area}{digit}" for area in _AREAS for digit in "2345678")
_GB = ("44771", "44772", "44773", "44774", "44775", "44777", "44778", "44779")
_DE = ("491520", "491522", "491573", "491577", "491578")
_FR = ("3373", "3374", "3376", "3377", "3378")
_MIX = (
    (_US, 6),
    (_GB, 7),
    (_US, 6),
    (_DE, 7),
    (_US, 6),
    (_GB, 7),
    (_US, 6),
    (_DE, 7),
    (_US, 6),
    (_FR, 7),
)


def phone_at(place: int) -> str:
    """The number at a place: all of them can be texted, none comes twice below 5 million.

    They lie outside the ranges that `benchmarks.people` fills stores with.
    """
    turn, slot = divmod(place, len(_MIX))
    prefixes, free = _MIX[slot]
    turn = turn * 5 + (0, 0, 1, 0, 2, 1, 3, 1, 4, 0)[slot]
    turn, prefix = divmod(turn, len(prefixes))
    return f"+{prefixes[prefix]}{turn * 387_420_489 % 10**free:0{free}d}"


def tag_at(place: int) -> str:
    """A first name that is on no other contact."""
    return f"{TAG}{place:07d}"


class _Line:
    """One keep-alive connection."""

    __slots__ = ("place", "received", "sent_at", "sock", "wanted")

    def __init__(self, address: tuple[str, int]) -> None:
        self.sock = socket.create_connection(address, timeout=GIVE_UP_SECONDS)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.wanted = 0
        """Bytes of the whole answer, once its head is known."""
        self.sent_at = 0.0
        self.place = 0


class Sender:
    """Sends one job."""

    def __init__(self, job: Job) -> None:
        self._job = job
        host, _, port = job.url.removeprefix("http://").partition(":")
        self._lines = [_Line((host, int(port))) for _ in range(job.connections)]
        self._poll = select.epoll()
        for line in self._lines:
            self._poll.register(line.sock.fileno(), select.EPOLLIN)
        self._by_fd = {line.sock.fileno(): line for line in self._lines}
        self._requests = _requests(job, host, port)
        self._idle = deque(self._lines)
        self._in_flight = 0
        self._taken: list[tuple[float, float]] = []
        self._statuses: Counter[str] = Counter()
        self._seen: list[tuple[str, float]] = []

    def run(self) -> Result:
        """Sends until the time is over and waits for the answers that are missing."""
        used = time.process_time()
        began = time.perf_counter()
        start, end = (
            began + self._job.warm_seconds,
            began + self._job.warm_seconds + self._job.seconds,
        )
        if self._job.rate:
            self._keep_pace(began, end)
        else:
            self._keep_busy(end)
        self._finish()
        busy = (time.process_time() - used) / (time.perf_counter() - began)
        return self._result(start, end, busy)

    def _keep_busy(self, end: float) -> None:
        while self._idle:
            self._send(self._idle.popleft(), time.perf_counter())
        while True:
            for line in self._answered(1.0):
                moment = time.perf_counter()
                if moment >= end:
                    self._idle.append(line)
                    return
                self._send(line, moment)
            if time.perf_counter() >= end:
                return

    def _keep_pace(self, began: float, end: float) -> None:
        sent, step = 0, 1 / self._job.rate
        while True:
            moment = time.perf_counter()
            if moment >= end:
                return
            while self._idle and (due := began + sent * step) <= moment:
                # Counted from when it should have gone: a stalled server must not hide its delay.
                self._send(
                    self._idle.popleft(), due if moment - due > 0.002 else time.perf_counter()
                )
                sent += 1
            wait = began + sent * step - time.perf_counter() if self._idle else 1.0
            self._idle.extend(self._answered(max(0.0, wait)))

    def _finish(self) -> None:
        limit = time.perf_counter() + GIVE_UP_SECONDS
        while self._in_flight and time.perf_counter() < limit:
            for _line in self._answered(0.5):
                pass

    def _send(self, line: _Line, moment: float) -> None:
        line.place, request = next(self._requests)
        line.sent_at = moment
        line.received, line.wanted = b"", 0
        self._in_flight += 1
        line.sock.sendall(request)

    def _answered(self, wait: float) -> Iterator[_Line]:
        for fd, _ in self._poll.poll(wait):
            line = self._by_fd[fd]
            data = line.sock.recv(65536)
            if not data:
                raise ConnectionError("the server ended a connection")
            if line.received:
                data = line.received + data
            if not line.wanted:
                head = data.find(b"\r\n\r\n")
                found = _LENGTH.search(data, 0, head) if head > 0 else None
                line.wanted = head + 4 + int(found[1]) if found else 0
            if not line.wanted or len(data) < line.wanted:
                line.received = data
                continue
            moment = time.perf_counter()
            self._in_flight -= 1
            self._taken.append((line.sent_at, moment))
            status = data[9:12].decode()
            self._statuses[status] += 1
            if self._job.tagged and status == "200":
                self._seen.append((tag_at(line.place), moment))
            yield line

    def _result(self, start: float, end: float, busy: float) -> Result:
        counted = [(sent, done) for sent, done in self._taken if start <= sent and done <= end]
        if self._job.rate:
            counted = [(sent, done) for sent, done in self._taken if start <= sent]
        millis = sorted((done - sent) * 1000 for sent, done in counted)
        slowest = sorted(counted, key=lambda pair: pair[0] - pair[1])[:20]
        return Result(
            answered=len(self._taken),
            accepted=self._statuses["200"],
            per_second=len(counted) / self._job.seconds,
            p50=quantile(millis, 0.5),
            p95=quantile(millis, 0.95),
            p99=quantile(millis, 0.99),
            longest=millis[-1] if millis else 0.0,
            late=sum(taken > 100 for taken in millis),
            lost=self._in_flight,
            statuses=dict(self._statuses),
            busy=busy,
            ended=max((done for _, done in self._taken), default=0.0),
            seen=self._seen,
            slow=[(sent, (done - sent) * 1000) for sent, done in slowest],
        )


def _requests(job: Job, host: str, port: str) -> Iterator[tuple[int, bytes]]:
    path = f"/hooks/opt-in/{job.token}" if job.token else PATH
    head = (
        f"PUT {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: node-fetch/3\r\nAccept: */*\r\n"
        f"Content-Type: application/json\r\nx-api: {job.key}\r\nContent-Length: %d\r\n\r\n"
    ).encode()
    body = (
        '{{\n"mobile_phone": "{phone}",\n"ip_address": "203.0.113.{ip}",\n'
        '"user_agent": "{agent}",\n'
        '"opt_in_number_id": "{number}"{more}\n}}'
    )
    place = job.first
    while True:
        more = f',\n"first_name": "{tag_at(place)}",\n"last_name": "Bench"' if job.tagged else ""
        said = body.format(
            phone=phone_at(place), ip=place % 250, agent=AGENT, number=job.number_id, more=more
        ).encode()
        yield place, head % len(said) + said
        place += 1


def quantile(ordered: Sequence[float], share: float) -> float:
    """A quantile of numbers that are in order; 0 where there are none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class Sending:
    """A job under way in its own process."""

    def __init__(self, job: Job) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(job)))
        self._process.stdin.close()
        self._process.stdin = None

    @property
    def over(self) -> bool:
        """Whether everything was sent."""
        return self._process.poll() is not None

    def result(self) -> Result:
        """Waits until everything was sent."""
        said, _ = self._process.communicate()
        if self._process.returncode:
            raise RuntimeError("the load client failed")
        read = json.loads(said)
        read["seen"] = [(tag, moment) for tag, moment in read["seen"]]
        return Result(**read)


def send(job: Job) -> Result:
    """Sends a job from a process of its own and waits for it."""
    return Sending(job).result()


def main() -> None:
    """Sends the job on standard input."""
    job = Job(**json.load(sys.stdin))
    json.dump(asdict(Sender(job).run()), sys.stdout)


if __name__ == "__main__":
    main()
