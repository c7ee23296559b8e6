"""What a desk remembers from one start to the next."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from textual.widgets import Input

from app.locations import memory_file
from app.memory import Memory
from screens.resuming import resumed
from storage import groups
from storage.store import Store
from storage.words import Actor, Order, Place
from tests.factories import make_queued
from tests.screens.hand import at_desk
from widgets.display import use_ascii

ANA = Actor.person("ana")


def _file(url: str) -> Path:
    return memory_file(url.removeprefix("sqlite:///"))


async def test_the_desk_opens_where_it_was_left(sqlite_store: Store, sqlite_url: str) -> None:
    make_queued(sqlite_store, 60)
    async with at_desk(sqlite_url) as hand:
        await hand.press("o", *"kkkkkk")
        left = hand.here
    async with at_desk(sqlite_url) as hand:
        await hand.until(lambda: hand.table.cursor_contact is not None)
        assert hand.here == left
        assert hand.contacts.view.order is Order.OLDEST
        assert "oldest first" in hand.status
        await hand.press("j")
        assert hand.here != left


async def test_search_and_place_are_there_again_and_can_be_left(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 3, first_name="Ada")
    make_queued(sqlite_store, 3, first_name="Grace")
    async with at_desk(sqlite_url) as hand:
        await hand.desk.main.go("all")
        await hand.press("slash", *"ada", "enter")
        await hand.until(lambda: hand.table.total == 3)
    async with at_desk(sqlite_url) as hand:
        await hand.until(lambda: hand.table.total == 3)
        assert hand.contacts.view.place is Place.ALL
        assert hand.contacts.view.search == "ada"
        assert hand.contacts.query_one(Input).value == "ada"
        await hand.press("escape")
        await hand.until(lambda: hand.table.total == 6)


async def test_a_group_that_is_no_more_gives_way_to_the_queue(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 2)
    spring = sqlite_store.do(lambda conn: groups.create(conn, ANA, "Spring"))
    async with at_desk(sqlite_url) as hand:
        await hand.desk.main.go(f"group:{spring.id}")
        await hand.until(lambda: hand.table.total == 0)
    sqlite_store.do(lambda conn: groups.delete(conn, ANA, spring.id))
    async with at_desk(sqlite_url) as hand:
        await hand.until(lambda: hand.desk.main.places.current == "queue")
        await hand.until(lambda: hand.table.total == 2)


async def test_the_palette_shows_first_what_was_chosen_last(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 2)
    async with at_desk(sqlite_url) as hand:
        await hand.press("colon", *"order", "enter")
    async with at_desk(sqlite_url) as hand:
        await hand.press("colon")
        await hand.until(lambda: hand.dialog == "Palette")
        assert "order" in hand.choices[0].casefold()


async def test_ascii_in_the_settings_file_holds_for_what_was_painted_before_they_were_read(
    sqlite_store: Store, sqlite_url: str, tmp_path: Path
) -> None:
    sqlite_store.do(lambda conn: groups.create(conn, ANA, "Événements “été” für alle"))
    make_queued(sqlite_store, 1)
    config = tmp_path / "config.toml"
    config.write_text("ascii = true\n", encoding="utf-8")
    try:
        async with at_desk(sqlite_url, size=(80, 24), config=str(config)) as hand:
            await hand.until(lambda: "Evenem" in hand.text)
            for key in ("", "m", "l", "?", "enter", "X", "H", "]"):
                await hand.press(*([key] if key else []))
                await hand.until(lambda: hand.text.isascii(), key)
                await hand.press("escape")
    finally:
        use_ascii(False)


async def test_a_chosen_theme_stays_until_the_settings_name_another(
    sqlite_store: Store, sqlite_url: str, tmp_path: Path
) -> None:
    make_queued(sqlite_store, 1)
    config = tmp_path / "config.toml"
    config.write_text('theme = "nord"\n', encoding="utf-8")
    async with at_desk(sqlite_url, config=str(config)) as hand:
        assert hand.desk.theme == "nord"
        await hand.press("colon", *"colours", "enter")
        await hand.until(lambda: hand.dialog == "ThemePicker")
        await hand.type("gruvbox")
        assert hand.desk.theme == "gruvbox", "it is shown before it is chosen"
        await hand.press("enter")
    async with at_desk(sqlite_url, config=str(config)) as hand:
        assert hand.desk.theme == "gruvbox"
    config.write_text('theme = "dracula"\n', encoding="utf-8")
    async with at_desk(sqlite_url, config=str(config)) as hand:
        assert hand.desk.theme == "dracula"


async def test_what_is_remembered_is_for_this_user_alone(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url):
        pass
    path = _file(sqlite_url)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == [path.name]


async def test_a_demo_remembers_nothing(sqlite_store: Store, sqlite_url: str) -> None:
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url, throwaway=True) as hand:
        await hand.press("o")
    assert not _file(sqlite_url).exists()


@pytest.mark.parametrize(
    "written",
    [
        "",
        "{",
        "[]",
        "\x00\xff",
        '{"list": 7, "palette": 7, "theme": 7}',
        '{"list": {"place": "group:x", "contact": 7}, "palette": [7], "theme": [7]}',
        '{"list": {"place": "queue", "order": [], "contact": [-1, 2], "search": {}}}',
        "[" * 30_000,
    ],
)
async def test_a_broken_file_is_ignored_and_replaced(
    sqlite_store: Store, sqlite_url: str, written: str
) -> None:
    make_queued(sqlite_store, 3)
    path = _file(sqlite_url)
    path.parent.mkdir(parents=True)
    path.write_text(written, encoding="latin-1")
    async with at_desk(sqlite_url) as hand:
        await hand.until(lambda: hand.table.cursor_contact is not None)
        await hand.press("colon")
        await hand.until(lambda: hand.dialog == "Palette")
        await hand.press("escape", "j")
        left = hand.here.id
    memory = Memory()
    memory.open(path)
    found = resumed(memory)
    assert found is not None
    assert found[2] is not None
    assert found[2].id == left


def test_a_folder_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="ascii")
    memory = Memory()
    memory.open(tmp_path / "file" / "desk.json")
    memory.remember("theme", "nord")
    memory.save()
    assert memory.recall("theme") == "nord"


async def test_a_desk_that_is_killed_has_remembered_where_it_was(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 3)
    async with at_desk(sqlite_url) as hand:
        await hand.press("o", "j")
        here = hand.here.id

        def kept() -> tuple[str, object]:
            memory = Memory()
            memory.open(_file(sqlite_url))
            found = memory.recall("list") or {}
            return found.get("order", ""), (found.get("contact") or [0])[0]

        await hand.until(lambda: kept() == ("oldest", here), "nothing was written meanwhile")
