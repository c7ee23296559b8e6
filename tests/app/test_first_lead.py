"""From nothing to the first lead on the command line, over a real socket."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from tests import programs
from tests.app.conftest import Optdesk
from tests.waiting import PATIENCE

T = TypeVar("T")

Serve = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts `optdesk serve` on a free port; gives the process and its address."""
    started: list[subprocess.Popen[str]] = []

    def start(url: str) -> tuple[subprocess.Popen[str], str]:
        process = programs.start(
            *("-m", "app.main", "serve", "--port", "0", "--store", url),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", said)
        assert found, said
        return process, found[1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def test_the_first_lead_needs_two_commands_and_a_paste(any_store_url, optdesk: Optdesk, serve):
    process, address = serve(any_store_url)
    port = address.rsplit(":", 1)[1]

    added = optdesk("integration", "add", "--json", "--port", port).json
    assert added["status"] == "on"
    assert added["url"].startswith(f"{address}/hooks/opt-in/")
    assert added["number_id"] in added["curl"]
    assert added["key"] in added["curl"]

    sent = subprocess.run(
        ["sh", "-c", added["curl"]], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    answer = json.loads(sent.stdout)
    assert answer["success"], answer

    queue = wait_for(lambda: optdesk("contacts", "list", "--view", "queue", "--json").rows)
    assert [row["id"] for row in queue] == [answer["data"]["contact_id"]]
    assert queue[0]["phone"] == "+11234567890"

    assert optdesk("doctor", "--port", port).code == 0

    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


def test_off_and_on_reach_a_listener_that_runs(any_store_url, optdesk: Optdesk, serve):
    _, address = serve(any_store_url)
    added = optdesk("integration", "add", "--json", "--port", address.rsplit(":", 1)[1]).json

    def post() -> int:
        command = added["curl"].replace("curl ", "curl -s -o /dev/null -w '%{http_code}' ", 1)
        done = subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, check=True, timeout=PATIENCE
        )
        return int(done.stdout)

    assert optdesk("integration", "off", "--json").json["status"] == "off"
    assert post() == 503
    assert optdesk("integration", "on", "--json").json["status"] == "on"
    assert post() == 200


def wait_for(look: Callable[[], T], seconds: float = PATIENCE) -> T:
    """What a look finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found or time.monotonic() > end:
            return found
        time.sleep(0.05)
