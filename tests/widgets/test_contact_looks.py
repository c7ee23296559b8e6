"""What the table looks like: any name, any width, any terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from rich.cells import cell_len
from rich.style import Style
from sqlalchemy import insert
from textual.strip import Strip

from storage.store import Store
from storage.tables import ContactLabel, Label
from storage.times import now
from storage.words import Badge, ContactRow, Kind, LabelTag, Order, Place, Stage, View
from tests.widgets.desk import Desk, fill, press, ready, screen_text, until
from tests.widgets.hostile import NAMES, STORABLE
from widgets import display, table_canvas
from widgets.contact_table import ContactTable
from widgets.table_columns import BADGES, IN_SHORT, layout
from widgets.table_painter import Look, Palette, RowPainter

NOW = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
INK = Style()
PALETTE = Palette(INK, INK, INK, INK, INK, INK, INK, INK, INK, INK, INK, {})
LOOKS = [
    Look(cursor, focused, marked, sign)
    for cursor, focused, marked in product((False, True), repeat=3)
    for sign in ("", "@be+")
]


@pytest.fixture(params=[False, True], ids=["unicode", "ascii"])
def _both_modes(request: pytest.FixtureRequest) -> Iterator[None]:
    display.use_ascii(bool(request.param))
    yield
    display.use_ascii(False)


def row(name: str = "Ada", **fields: object) -> ContactRow:
    """A contact with everything that a row can show."""
    values: dict[str, object] = {
        "id": 1,
        "phone": "+447911123456",
        "first_name": name,
        "last_name": "",
        "stage": Stage.QUEUED,
        "kind": Kind.EITHER,
        "favorite": True,
        "labels": (LabelTag(1, name, "red"), LabelTag(2, "Call back", "blue")),
        "group": None,
        "badges": (Badge.TEST, Badge.UNCONFIRMED),
        "received_at": NOW - timedelta(minutes=3),
        "version": 1,
    }
    return ContactRow(**(values | fields))  # type: ignore[arg-type]


def painter(width: int, place: Place = Place.QUEUE) -> RowPainter:
    """A painter without colours."""
    return RowPainter(PALETTE, layout(width, place), lambda phone: phone)


def assert_paintable(strip: Strip, width: int) -> None:
    """A strip fills its width exactly and does nothing but stand there."""
    assert sum(cell_len(segment.text) for segment in strip) == strip.cell_length == width
    for char in strip.text:
        assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.usefixtures("_both_modes")
@pytest.mark.parametrize("width", [1, 3, 20, 31, 54, 60, 80, 119])
def test_any_name_leaves_every_line_exactly_as_wide_as_the_screen(width: int) -> None:
    for name, place in product(NAMES, (Place.QUEUE, Place.ALL)):
        brush = painter(width, place)
        for look in LOOKS[::3]:
            assert_paintable(brush.row(row(name, phone=name, group=name), look, "3 s"), width)


def test_every_width_is_filled_exactly() -> None:
    for width in range(1, 200):
        brush = painter(width, Place.ALL if width % 2 else Place.QUEUE)
        assert_paintable(brush.row(row(), Look(), "3 s"), width)
        assert_paintable(brush.row(row("", labels=(), badges=()), Look(cursor=True), "3 s"), width)
        assert_paintable(brush.waiting(Look()), width)
        assert_paintable(brush.blank(), width)
        for order in Order:
            assert_paintable(brush.header(Place.QUEUE, order), width)


def test_columns_come_as_there_is_room_for_them() -> None:
    shown = {
        width: [column.value for column, _ in layout(width, Place.QUEUE).columns]
        for width in (20, 36, 54, 60, 80, 119)
    }
    assert shown[20] == ["Name"]
    assert shown[36] == ["Name", "Phone"]
    assert shown[54] == ["Name", "Phone", "Received"]
    assert shown[60] == ["Name", "Phone", "Labels", "Received"]
    assert shown[80] == shown[119] == ["Name", "Phone", "Line", "Labels", "Received"]
    assert "Where" in [column.value for column, _ in layout(80, Place.ALL).columns]


def test_nothing_is_said_by_colour_alone() -> None:
    brush = painter(100)
    plain = brush.row(row(favorite=False, badges=(), labels=()), Look(), "3 s").text
    for other in (
        brush.row(row(badges=(), labels=()), Look(), "3 s"),
        brush.row(row(favorite=False, labels=()), Look(), "3 s"),
        brush.row(row(favorite=False, badges=()), Look(), "3 s"),
        brush.row(row(favorite=False, badges=(), labels=()), Look(marked=True), "3 s"),
        brush.row(row(favorite=False, badges=(), labels=()), Look(cursor=True), "3 s"),
    ):
        assert other.text != plain
    assert "[test]" in brush.row(row(), Look(), "3 s").text


def test_a_badge_that_has_no_room_leaves_a_sign() -> None:
    assert "Ada" in painter(40).row(row(), Look(), "3 s").text
    assert " ! " in painter(40).row(row(), Look(), "3 s").text
    assert " ! " not in painter(40).row(row(badges=()), Look(), "3 s").text


def test_no_badge_is_cut_in_the_middle_of_its_word() -> None:
    whole = {f"[{word}]" for word in (*BADGES.values(), *IN_SHORT.values(), "DNC")}
    sets = [*([badge] for badge in Badge), list(Badge)]
    tagged = ((), (LabelTag(1, "hot", "red"),))
    for width, place in product(range(30, 130, 3), (Place.QUEUE, Place.ALL)):
        brush = painter(width, place)
        for badges, tags in product(sets, tagged):
            line = brush.row(row(badges=tuple(badges), labels=tags), Look(), "").text
            assert set(re.findall(r"\[[^]]*\]?", line)) <= whole, (width, line)


def test_a_label_is_seen_wherever_there_are_labels_and_those_left_out_are_counted() -> None:
    three = tuple(LabelTag(n, name, "red") for n, name in enumerate(("hot", "Call back", "vip")))
    for width in (60, 80, 100, 120):
        line = painter(width).row(row(labels=three), Look(), "3 s").text
        assert "hot" in line and ("vip" in line or "+1" in line or "+2" in line), width
        assert " ! " in line or "[test]" in line, width


def test_who_must_not_be_texted_is_told_at_every_width() -> None:
    barred = row(stage=Stage.SUPPRESSED, badges=(), labels=())
    for width, sign in ((40, " ! "), (60, "[DNC]"), (80, "do not text"), (120, "do not text")):
        assert sign in painter(width, Place.ALL).row(barred, Look(), "3 s").text, width


def test_a_contact_without_a_name_is_said_to_have_none() -> None:
    assert "(no name)" in painter(80).row(row("", labels=()), Look(), "3 s").text
    assert "(no name) " in painter(40).row(row("", badges=()), Look(), "3 s").text
    assert " ! " in painter(40).row(row(""), Look(), "3 s").text


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("place", Place)
def test_contacts_of_every_stage_and_kind_are_shown_in_every_place(
    stage: Stage, place: Place
) -> None:
    for width, kind in product((40, 60, 80, 120), Kind):
        brush = painter(width, place)
        assert brush.row(row(stage=stage, kind=kind, badges=tuple(Badge)), Look(), "3 s").text


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20), (20, 10), (8, 3), (1, 1)])
async def test_two_hundred_hostile_names_are_listed_at_any_size(
    sqlite_store: Store, size: tuple[int, int]
) -> None:
    for place, name in enumerate(STORABLE):
        fill(sqlite_store, 1, first=place, first_name=name)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=size) as pilot:
        await ready(pilot, desk)
        for _ in range(len(STORABLE) // size[1] + 1):
            for text in screen_text(desk.table):
                assert all(unicodedata.category(char) not in {"Cc", "Cf"} for char in text)
            await press(pilot, desk, "pagedown")
            if size[1] < 10:
                break
        assert desk.table.total == len(STORABLE)


async def test_resizing_keeps_the_cursor_in_sight(sqlite_store: Store) -> None:
    fill(sqlite_store, 200)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(80, 24)) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, *["j"] * 20)
        for size in ((60, 10), (20, 4), (5, 2), (120, 50), (80, 24)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda size=size: desk.table.size.height == size[1])  # type: ignore[misc]
            mine = desk.table.cursor_contact
            assert mine is not None and mine.name == "P 179"
            assert mine in desk.table.visible_rows
        assert len(desk.table.visible_rows) == 23


async def test_a_storm_of_resizes_is_survived(sqlite_store: Store) -> None:
    fill(sqlite_store, 200)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(80, 24)) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "G")
        for step in range(60):
            await pilot.resize_terminal(10 + step * 7 % 90, 3 + step * 5 % 30)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: len(desk.table.visible_rows) == 23)
        assert desk.table.cursor_contact in desk.table.visible_rows


async def test_labels_and_line_kinds_are_shown_as_words(sqlite_store: Store) -> None:
    ids = fill(sqlite_store, 2)

    def wear(conn: object) -> None:
        label = {
            "id": 5,
            "name": "[b]VIP[/b]",
            "folded": "vip",
            "colour": "red",
            "created_at": now(),
        }
        conn.execute(insert(Label.__table__), [label])  # type: ignore[attr-defined]
        worn = {"contact_id": ids[1], "label_id": 5}
        conn.execute(insert(ContactLabel.__table__), [worn])  # type: ignore[attr-defined]

    sqlite_store.do(wear)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(120, 24)) as pilot:
        await ready(pilot, desk)
        lines = screen_text(desk.table)
        assert "[b]VIP[/b]" in lines[1] and "mobile" in lines[1] and "5 min" in lines[1]
        assert "+1 202-555-0001" in lines[1]


async def test_the_heading_says_what_the_order_follows(sqlite_store: Store) -> None:
    fill(sqlite_store, 2)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(120, 24)) as pilot:
        await ready(pilot, desk)
        assert "Received ↓" in screen_text(desk.table)[0]
        desk.table.show(View(order=Order.OLDEST))
        await until(pilot, lambda: "Received ↑" in screen_text(desk.table)[0])
        desk.table.show(View(order=Order.FAVORITE))
        await until(pilot, lambda: "★" in screen_text(desk.table)[0])


async def test_without_colour_the_cursor_and_the_marks_are_seen(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    fill(sqlite_store, 5)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(60, 10)) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "space")
        lines = screen_text(desk.table)
        assert lines[1].startswith(" ✓") and lines[2].startswith("▌ ")


async def test_the_table_stands_empty_until_it_is_given_a_store(sqlite_store: Store) -> None:
    fill(sqlite_store, 5)
    desk = Desk(sqlite_store)
    rows, desk.table._reader.rows = desk.table._reader.rows, None
    async with desk.run_test(size=(60, 10)) as pilot:
        await pilot.pause()
        assert desk.table.total is None
        await pilot.press("j", "G", "x", "*", "enter")
        assert rows is not None
        desk.table.attach(rows)
        await until(pilot, lambda: desk.table.total == 5)
        assert isinstance(desk.last(ContactTable.TotalChanged), ContactTable.TotalChanged)


async def test_ages_grow_by_themselves_and_only_their_lines_are_painted(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_canvas, "CLOCK", 0.05)
    moment = now()
    fill(sqlite_store, 1, received_at=moment - timedelta(hours=3, minutes=30))
    fill(sqlite_store, 1, first=1, received_at=moment - timedelta(seconds=59.0))
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(80, 10)) as pilot:
        await ready(pilot, desk)
        assert "now" in screen_text(desk.table)[1]
        await until(pilot, lambda: "1 min" in screen_text(desk.table)[1])
        assert "3 h" in screen_text(desk.table)[2]
