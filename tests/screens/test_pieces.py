"""Small parts that need no screen."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.color import Color

from app.crash import report
from screens.acting import tell
from screens.clock import BRIEF, clock, in_brief
from screens.latch import Latch
from screens.navigation import Figures, GroupFacts, entries
from screens.picker import Choice, matching
from screens.sample_request import curl, for_width
from storage.words import Gone, Outcome
from widgets.display import NoControls, use_ascii
from widgets.sidebar import Sidebar
from widgets.sparkline import sparkline

NOON = datetime(2024, 3, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize("width", [24, 40, 60, 79, 80, 81, 120, 200])
@pytest.mark.parametrize("base", ["http://127.0.0.1:8765", "https://leads.example.com/" + "x" * 90])
def test_the_sample_request_is_the_same_at_every_width(width: int, base: str) -> None:
    command = curl(base, "3f2a1b4c-1111-2222-3333-444455556666", "num_0123456789abcdef")
    laid = for_width(command, width)
    assert all(len(line) <= width for line in laid)
    # As a terminal gives it back: blanks up to the edge.
    pasted = "\n".join(line.ljust(width) for line in laid)
    want, got = (_words(text) for text in (command, pasted))
    assert got[:-1] == want[:-1]
    assert json.loads(got[-1]) == json.loads(want[-1])


def _words(command: str) -> list[str]:
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}; {command}"
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    return said.split("\0")[:-1]


def test_an_act_is_told_with_who_was_faster() -> None:
    gone = (Gone(1, "Ana", "moved to “Spring” by ana 12 s ago"), Gone(2, "Bo", "deleted by bo"))
    telling = tell([Outcome(18, gone, 5, sentence="moved 18 contacts to “Summer”")], "u")
    assert telling.warning
    assert telling.text == (
        "Moved 18 contacts to “Summer”. 5 already gone. Ana: moved to “Spring” by ana 12 s ago; "
        "Bo: deleted by bo; and 3 more. u undoes it"
    )


def test_an_act_that_changed_nothing_says_so() -> None:
    assert tell([Outcome(0, unchanged=3)], "u").text == "Nothing to change: already so."


def test_a_cancelled_act_says_what_stays() -> None:
    told = tell([Outcome(2000, sentence="moved 2,000 contacts to “A”", cancelled=True)], "u")
    assert "Cancelled after 2,000 contacts; what was done stays." in told.text


def test_a_latch_looks_once_more_for_all_that_was_asked_meanwhile() -> None:
    looks = []
    latch = Latch(lambda: looks.append(1))
    for _ in range(5):
        latch.ask()
    assert len(looks) == 1
    latch.done()
    assert len(looks) == 2
    latch.done()
    latch.ask()
    assert len(looks) == 3


def test_a_latch_waits_for_its_interval() -> None:
    looks: list[int] = []
    waits: list[tuple[float, Callable[[], None]]] = []
    latch = Latch(lambda: looks.append(1), 60, lambda wait, look: waits.append((wait, look)))
    latch.ask()
    latch.done()
    latch.ask()
    assert (len(looks), len(waits)) == (1, 1)
    wait, look = waits[0]
    assert 59 < wait <= 60
    look()
    assert len(looks) == 2


def test_a_latch_lets_others_go_first() -> None:
    looks: list[int] = []
    waits: list[tuple[float, Callable[[], None]]] = []
    latch = Latch(lambda: looks.append(1), 0, lambda wait, look: waits.append((wait, look)), 0.5)
    latch.ask()
    assert (looks, [wait for wait, _ in waits]) == ([], [0.5])
    waits[0][1]()
    assert looks == [1]


def test_a_clock_gives_the_date_unless_it_is_todays() -> None:
    assert clock(None) == "never"
    local = NOON.astimezone()
    assert clock(NOON, NOON + timedelta(minutes=1)) == f"{local:%H:%M:%S}"
    assert clock(NOON, NOON + timedelta(days=3)) == f"{local.day} {local:%b %H:%M}"
    assert clock(NOON, NOON + timedelta(days=400)) == f"{local:%Y-%m-%d %H:%M}"
    for days in (0, 3, 400):
        assert len(in_brief(NOON, NOON + timedelta(days=days))) <= BRIEF
    assert in_brief(NOON, NOON + timedelta(days=400)) == f"{local.day} {local:%b %Y}"


def test_the_sidebar_has_the_queue_only_while_it_holds_someone() -> None:
    def texts(figures: Figures) -> list[str]:
        return [entry.text for entry in entries(figures)]

    assert "Opt-in queue" not in texts(Figures())
    assert "Opt-in queue" in texts(Figures(queue=1))
    assert texts(Figures(groups=(GroupFacts(1, "[/x]", 3),)))[2] == "[/x]"


async def test_a_count_that_would_cut_the_name_of_its_place_is_told_in_short() -> None:
    class Side(App[None]):
        CSS = "Sidebar { width: 24; }"

        def compose(self) -> ComposeResult:
            yield Sidebar()

    async with Side().run_test(size=(24, 30)) as pilot:
        side = pilot.app.query_one(Sidebar)
        side.show(entries(Figures(all=1_000_000, queue=1_000_000)))
        await pilot.pause()
        shown = [side.render_line(y).text for y in range(3)]
        assert shown[1].split() == ["All", "1,000,000"]
        assert shown[2].split() == ["Opt-in", "queue", "1.0M"]


def test_the_best_choice_comes_first() -> None:
    choices = [Choice(name, name) for name in ("Late spring", "Spring", "Offspring", "Spring sale")]
    assert [c.text for c in matching(choices, "spring")] == [
        "Spring",
        "Spring sale",
        "Late spring",
        "Offspring",
    ]
    assert [c.text for c in matching(choices, "sale spr")] == ["Spring sale"]
    assert matching(choices, "") == choices


def test_a_place_goes_before_verbs_that_fit_no_better() -> None:
    choices = [
        Choice("purge", "Delete all test contacts"),
        Choice("dnc", "Do Not Contact"),
        Choice("go:all", "Go to All contacts", name="All contacts"),
        Choice("go:dnc", "Go to Do Not Contact", name="Do Not Contact"),
    ]
    assert [c.key for c in matching(choices, "all c")] == ["go:all", "purge"]
    assert [c.key for c in matching(choices, "do not")] == ["go:dnc", "dnc"]


def test_bars_are_as_high_as_their_share_and_one_is_not_none() -> None:
    assert sparkline((0, 0)) == "▁▁"
    assert sparkline((0, 1, 1000)) == "▁▂█"


@given(st.text(max_size=40))
def test_the_second_net_lets_no_control_character_through(text: str) -> None:
    (segment,) = NoControls().apply([Segment(text)], Color(0, 0, 0))
    assert not set(segment.text) & set(map(chr, (*range(32), *range(127, 160), 0x202E, 0x200B)))
    assert len(segment.text) == len(text)


@given(st.text(max_size=40))
@example("╭─╮│“Łódź” ↓ 東京 e\u0301 👩‍👩‍👧▇")
def test_in_ascii_nothing_else_is_drawn_and_it_is_as_wide(text: str) -> None:
    use_ascii(True)
    try:
        (segment,) = NoControls().apply([Segment(text)], Color(0, 0, 0))
    finally:
        use_ascii(False)
    assert segment.text.isascii()
    (as_ever,) = NoControls().apply([Segment(text)], Color(0, 0, 0))
    assert cell_len(segment.text) == sum(map(cell_len, as_ever.text))


def test_the_crash_report_holds_no_values() -> None:
    secrets = ("3f2a1b4c-1111-2222-3333-444455556666", "+14155550123", "Grace Hopper")

    def look_up(name: str) -> None:
        try:
            dict[str, int]()[name]
        except KeyError as error:
            raise ValueError(f"bad {secrets}") from error

    with pytest.raises(ValueError, match="bad") as caught:
        look_up(secrets[2])
    said = report(caught.value)
    assert "in look_up" in said
    assert "KeyError" in said and said.endswith("ValueError")
    for secret in secrets:
        assert secret not in said
