"""The demo: its leads, its sender and its end."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from app.demo_leads import OPENING, Leads
from app.demo_sender import DemoSender
from storage.errors import WrongUsage
from storage.phones import parse_e164
from storage.words import Kind
from tests import programs
from tests.app.conftest import Optdesk
from tests.app.terminal import Terminal
from tests.waiting import PATIENCE


def bodies(n: int, story: str = "new") -> list[dict[str, str]]:
    postings = (each for each in Leads("num_x", seed=1) if each.story == story)
    return [json.loads(posting.body) for posting in islice(postings, n)]


def test_the_same_seed_gives_the_same_leads():
    first, second = (list(islice(Leads("num_x", seed=7), 200)) for _ in range(2))
    assert first == second
    assert first != list(islice(Leads("num_x", seed=8), 200))


def test_it_opens_with_a_handful_at_once():
    postings = list(islice(Leads("num_x", seed=1), OPENING + 1))
    assert [posting.pause for posting in postings[:OPENING]] == [0.0] * OPENING
    assert postings[OPENING].pause > 0


def test_leads_come_from_several_countries_and_kinds_of_line():
    phones = [parse_e164(body["mobile_phone"]) for body in bodies(2000)]
    assert all(phones)
    regions = Counter(phone.region for phone in phones if phone)
    assert len(regions) >= 6
    kinds = {phone.kind for phone in phones if phone}
    assert kinds >= {Kind.MOBILE, Kind.LANDLINE, Kind.EITHER, Kind.UNASSIGNED}


def test_every_number_is_kept_for_fiction():
    kept = re.compile(
        r"\+1\d{3}55501\d\d|\+447700900\d{3}|\+44(207946|113496|121496)0\d{3}"
        r"|\+4917139200\d\d|\+49(3023125|4066969)\d{3}|\+33(19900|26191|53649)\d{4}"
        r"|\+614915\d{8}|\+61491\d{6}|\+61(255501|370101)\d{3}|\+46701740\d{3}|\+468465004\d\d"
    )
    for body in bodies(3000):
        assert kept.fullmatch(body["mobile_phone"]), body["mobile_phone"]


def test_the_stream_does_not_end_and_tells_every_story():
    stories = Counter(posting.story for posting in islice(Leads("num_x", seed=3), 20_000))
    assert set(stories) == {"new", "again", "retry", "refused"}
    assert stories["new"] > 15_000


def test_it_posts_to_this_machine_alone():
    with pytest.raises(WrongUsage, match="this machine"):
        DemoSender("http://192.0.2.1:80", "key", Leads("num_x"), 1.0)


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """The folder for temporary files, of this test alone."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def test_without_a_terminal_it_prints_a_line_for_each_lead(temporary, process: Optdesk):
    answer = process("demo", "--seconds", "3", "--rate", "40", "--seed", "2")
    assert answer.code == 0, answer
    first, *lines = answer.out.splitlines()
    assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+", first)
    assert len(lines) >= OPENING
    fates = Counter(line.split()[0] for line in lines)
    assert fates["200"] > len(lines) / 2
    assert not [line for line in lines if line.startswith("5")]
    assert "\x1b" not in answer.out
    assert not list(temporary.iterdir())


def test_in_a_terminal_it_is_the_desk_and_its_store_goes_with_it(temporary):
    with Terminal("demo", "--rate", "20") as desk:
        desk.read_until(lambda shown: "Opt-in queue" in shown and "+1 " in shown)
        (folder,) = temporary.iterdir()
        assert (folder / "demo.db").exists()
        desk.process.send_signal(signal.SIGTERM)
        assert desk.end() == 128 + signal.SIGTERM
    assert not list(temporary.iterdir())


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        *(pytest.param(each, marks=pytest.mark.trial) for each in (signal.SIGINT, signal.SIGHUP)),
    ],
)
def test_a_signal_ends_it_and_its_store_goes_too(number, temporary):
    process = programs.start(
        *("-m", "app.main", "demo", "--rate", "20"),
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("listening on")
    assert process.stdout.readline().startswith("200")
    (folder,) = temporary.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    process.send_signal(number)
    assert process.wait(PATIENCE) == 0
    process.stdout.close()
    assert not list(temporary.iterdir())
