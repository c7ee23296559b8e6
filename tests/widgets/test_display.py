"""The one door for untrusted text: nothing that a stranger wrote is obeyed or bends the screen."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.widgets.hostile import NAMES
from widgets import display
from widgets.display import (
    briefly,
    clean,
    fit,
    fitted,
    lines,
    next_change,
    one_line,
    plural,
    relative_time,
    safe,
    thousands,
)

NOW = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

# Every character there is, the harmful ones more often.
hostile_text = st.text(
    st.one_of(
        st.characters(codec=None),
        st.sampled_from(
            "\x1b\x9b\x00\x07\n\t\u202e\u2066\u200b\u200d\ufe0f\u0301\u20e3[]/\\👩💻🇩🇪🏽田\ud800"
        ),
    ),
    max_size=60,
)


@pytest.fixture(params=[False, True], ids=["unicode", "ascii"], autouse=True)
def _both_modes(request: pytest.FixtureRequest) -> Iterator[None]:
    display.use_ascii(bool(request.param))
    yield
    display.use_ascii(False)


def assert_harmless(text: str) -> None:
    """No character of it does anything but stand there."""
    for char in text:
        assert unicodedata.category(char) not in FORBIDDEN, f"U+{ord(char):04X}"
    assert cell_len(text) == sum(map(cell_len, text))
    if display.ascii_only():
        assert text.isascii()


@given(hostile_text)
def test_no_character_that_does_something_gets_through(text: str) -> None:
    assert_harmless(clean(text))
    assert_harmless(safe(text).plain)


@given(hostile_text, st.integers(0, 40), st.booleans())
def test_fitted_text_fills_its_cells_exactly(text: str, width: int, right: bool) -> None:
    shown = fitted(text, width, right=right)
    assert cell_len(shown) == width
    assert_harmless(shown)
    assert fit(text, width, right=right).cell_length == width


@given(hostile_text, st.integers(0, 40))
def test_limited_text_never_takes_more_cells(text: str, limit: int) -> None:
    assert safe(text, limit).cell_length <= limit


@given(hostile_text)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(st.sampled_from("\u0301\u0302\u0303\u0e49\u20ddae "), max_size=80))
def test_no_letter_carries_a_flood_of_marks(text: str) -> None:
    run = 0
    for char in unicodedata.normalize("NFC", clean(text)):
        run = run + 1 if unicodedata.combining(char) or unicodedata.category(char) == "Me" else 0
        assert run <= display.MARKS_ON_A_LETTER


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_hostile_name_is_shown_and_not_obeyed(name: str) -> None:
    assert_harmless(clean(name))
    assert cell_len(fitted(name, 17)) == 17
    # Markup is text like any other: not one of its characters is lost.
    if name.isascii() and name.isprintable():
        assert safe(name).plain == name[: display.LONGEST]
        assert not safe(name).spans


def test_there_are_two_hundred_hostile_names() -> None:
    assert len(set(NAMES)) >= 200


def test_what_is_replaced_leaves_something_to_see() -> None:
    if display.ascii_only():
        assert clean("A\x1b[2J") == "A?[2J"
        assert clean("Zoé Müller") == "Zoe Muller"
        return
    assert clean("A\x1b[2J") == "A␛[2J"
    assert clean("A\nB\tC\x00") == "A␊B␉C␀"
    assert clean("A\u202eB\u200bC\ufeff") == "A�B�C�"
    assert clean("\x9b31m\ud800\ue000") == "�31m��"
    assert clean("a\u00a0b\u3000c") == "a b c"


def test_real_names_come_through_unchanged() -> None:
    if display.ascii_only():
        return
    for name in (
        "Zoé",
        "D'Arcy-Ødegård",
        "Nguyễn Thị Ánh",
        "田中 太郎",
        "김민수",
        "Мария",
        "שלום",
        "ส้ม",
        "☎ ½ ™",
    ):
        assert clean(unicodedata.normalize("NFD", name)) == unicodedata.normalize("NFC", name)


def test_emoji_stand_side_by_side_where_terminals_disagree() -> None:
    if display.ascii_only():
        return
    assert clean("👩\u200d💻") == "👩💻"
    assert clean("👍🏽 🇩🇪 ❤\ufe0f") == "👍 DE ❤"
    assert clean("علی\u200cرضا") == "علیرضا"


def test_a_cut_is_marked_and_never_splits_a_wide_character() -> None:
    dots = display.glyphs().ellipsis
    assert fitted("Alexandra", 5) == f"Alex{dots}"
    assert fitted("Al", 5) == "Al   "
    assert fitted("Al", 5, right=True) == "   Al"
    assert fitted("Alexandra", 0) == ""
    if not display.ascii_only():
        assert fitted("田中太郎", 6) == "田中… "


def test_one_line_leaves_blank_parts_out() -> None:
    assert one_line("Ada", "", " ", "Byron").plain == "Ada Byron"
    assert one_line("", "").plain == ""


def test_bodies_keep_their_line_breaks_and_nothing_else() -> None:
    assert lines("Hi [b]\r\nthere").plain == "Hi [b]\nthere"
    for line in lines("\x1b[2J\na\tb").plain.split("\n"):
        assert_harmless(line)


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(seconds=-30), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(days=1), "1 d"),
        (timedelta(days=6, hours=23), "6 d"),
        (timedelta(days=30), "15 Jun"),
        (timedelta(days=400), "2025-06"),
        (timedelta(days=-2), "17 Jul"),
    ],
)
def test_ages_are_said_in_one_short_unit(age: timedelta, said: str) -> None:
    assert relative_time(NOW - age, NOW) == said


@given(st.timedeltas(timedelta(seconds=-600), timedelta(days=6)))
def test_an_age_reads_the_same_until_it_is_due_to_change(age: timedelta) -> None:
    moment = NOW - age
    wait = next_change(moment, NOW)
    assert wait > 0
    assert len(relative_time(moment, NOW)) <= 7
    said = relative_time(moment, NOW)
    assert relative_time(moment, NOW + timedelta(seconds=wait - 0.001)) == said
    assert relative_time(moment, NOW + timedelta(seconds=wait + 0.001)) != said


def test_numbers_read_well() -> None:
    assert thousands(1_234_567) == "1,234,567"
    assert thousands(1_000, more=True) == "1,000+"


@pytest.mark.parametrize(
    ("count", "said"),
    [
        *((0, "0"), (9_999, "9999"), (10_000, "10k"), (999_999, "999k"), (1_000_000, "1.0M")),
        *((1_299_999, "1.2M"), (9_999_999, "9.9M"), (10_000_000, "10M"), (123_456_789, "123M")),
    ],
)
def test_a_number_in_short_is_never_more_than_there_are(count: int, said: str) -> None:
    assert briefly(count) == said
    assert plural(1, "contact") == "1 contact"
    assert plural(2_000, "contact") == "2,000 contacts"
    assert plural(2, "reply", "replies") == "2 replies"


def test_a_flood_of_marks_is_one_sign_and_no_row_of_them() -> None:
    assert len(display.clean("a" + "\u0301" * 5000)) <= display.MARKS_ON_A_LETTER + 2
    assert len(display.clean("\u0301" * 5000)) <= display.MARKS_ON_A_LETTER + 1


@pytest.mark.parametrize("flood", ["\u0301", "\u200d", "\u0e47"])
def test_a_flood_of_marks_does_not_hide_what_comes_behind_it(flood: str) -> None:
    name = "\u4e2d" + flood * 10_000 + " Lee" * 4
    for shown in (clean(name), safe(name).plain, fitted(name, 30), display.harmless(name)):
        assert shown.rstrip().endswith(" Lee Lee Lee Lee")
    assert cell_len(fitted(name, 30)) == 30
    assert " Lee" in fitted(name, 12) and cell_len(fitted(name, 12)) == 12
    assert len(clean("x" + flood * 100_000)) < 10
