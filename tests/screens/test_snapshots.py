"""How the screens look. Read the diff before `make snapshots` accepts it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy.engine import Connection
from textual.pilot import Pilot

from app.background import Background
from app.desk import Desk
from app.options import DeskOptions
from screens.backstage import ListenerChanged, ListenerKind, ListenerReport
from screens.contacts import Contacts
from storage import groups, ids, labels
from storage.acts import AddLabel, Move, Star
from storage.bulk import perform
from storage.store import Store
from storage.words import Actor, Target
from tests.factories import lead, put, settle_all, switched_on

ANA = Actor.person("ana")
SIZES = [(120, 40), (80, 24), (60, 20)]
PEOPLE = (
    ("Ada", "Byron", "+14155550123"),
    ("Grace", "Hopper", "+447911123456"),
    ("Édouard", "Lockroy", "+33612345678"),
    ("小龍", "李", "+81312345678"),
    ("[/x]", "[@click=app.quit]pwn", "+4915112345678"),
    ("\x1b[31mRed", "Evil\u202e", "+5511987654321"),
    ("María José", "Carreño Quiñones de la Torre y Aragón", "+61412345678"),
    ("", "", "+11234567890"),
    ("Olu", "Adébáyò", "+2348012345678"),
    ("Jürgen", "Groß", "+12025550147"),
)

Snap = Callable[..., bool]


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same time zone, ids and listener wherever it runs."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()

    def listen(self: Background, *_: object) -> None:
        self.listener = ListenerReport(ListenerKind.LISTENING, "http://127.0.0.1:8765")
        self._tell(ListenerChanged(self.listener))

    monkeypatch.setattr(Background, "_listen", listen)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def filled_url(sqlite_url: str) -> str:
    """A store with a little of everything, made in 2024 so that no age changes."""
    moments = iter(range(10_000))
    noon = datetime(2024, 3, 28, 12, tzinfo=UTC)
    with time_machine.travel(noon, tick=False) as clock, pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "randbits", lambda _bits: 7)
        patch.setattr(ids._mint, "_last", 0)
        store = Store.open(sqlite_url)
        switched_on(store)
        found: list[int] = []
        for first, last, phone in PEOPLE:
            clock.shift(60 + next(moments))
            (result,) = put(store, lead(first_name=first, last_name=last, phone=phone))
            settle_all(store)
            assert result.contact_id is not None
            found.append(result.contact_id)
        hot, vip = (_label(store, name) for name in ("hot", "call back"))
        spring = store.do(lambda conn: groups.create(conn, ANA, "Spring"))
        store.do(lambda conn: groups.create(conn, ANA, "Summer tour with a name too long"))
        for act, who in (
            (Star(True), found[7:10:2]),
            (AddLabel(hot), found[4:9:2]),
            (AddLabel(vip), found[8:10]),
            (Move(spring.id), found[:2]),
        ):
            perform(store, ANA, act, Target(ids=tuple(who)))
        store.do(_plain_secrets)
        store.close()
    return sqlite_url


def _label(store: Store, name: str) -> int:
    return store.do(lambda conn: labels.create(conn, ANA, name)).id


def _plain_secrets(conn: Connection) -> None:
    conn.exec_driver_sql("UPDATE integrations SET token = 'x-secret-x7Qa'")
    conn.exec_driver_sql("UPDATE api_keys SET hint = '981b'")


async def ready(pilot: Pilot[None]) -> None:
    """Waits until everything is read and painted."""
    desk = pilot.app
    assert isinstance(desk, Desk)
    for _ in range(1500):
        await pilot.pause(0.01)
        place = desk.main.places.place
        if (
            desk.main.overview.known
            and desk.backstage.listener.answers
            and isinstance(place, Contacts)
            and place.table.total is not None
        ):
            break
    await settled(pilot)


async def settled(pilot: Pilot[None]) -> None:
    """Waits until two frames are alike."""
    before = ""
    for _ in range(200):
        await pilot.pause(0.06)
        strips = pilot.app.screen._compositor.render_strips()
        now = "\n".join(strip.text for strip in strips)
        if now == before:
            return
        before = now


def keys(*pressed: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Presses keys once the desk is ready, and lets each take effect."""

    async def press(pilot: Pilot[None]) -> None:
        await ready(pilot)
        for key in pressed:
            await pilot.press(key)
            await settled(pilot)

    return press


SCENES = {
    "queue": (),
    "marked": ("space", "space", "j"),
    "search": ("/", "h"),
    "nothing_found": ("/", "q", "q"),
    "open_contact": ("j", "j", "enter"),
    "sidebar": ("tab",),
    "move": ("space", "space", "m"),
    "move_new": ("m", "a"),
    "labels": ("l", "tab"),
    "palette": (":",),
    "help": ("?",),
    "switch_off": ("ctrl+t",),
    "group": ("]",),
    "integrations": ("]", "]", "]"),
    "sample": ("]", "]", "]", "c"),
    "numbers": ("]", "]", "]", "]"),
    "keys": ("]", "]", "]", "]", "]"),
    "key_name": ("]", "]", "]", "]", "]", "a"),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("scene", SCENES)
def test_snapshot(snap_compare: Snap, filled_url: str, scene: str, size: tuple[int, int]) -> None:
    desk = Desk(DeskOptions(store_url=filled_url, port=0, actor="ana"))
    try:
        assert snap_compare(desk, run_before=keys(*SCENES[scene]), terminal_size=size)
    finally:
        desk.backstage.close()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("scene", ["empty", "add"])
def test_snapshot_of_a_new_store(
    snap_compare: Snap, sqlite_url: str, scene: str, size: tuple[int, int]
) -> None:
    pressed = {"empty": (), "add": ("]", "]")}[scene]
    desk = Desk(DeskOptions(store_url=sqlite_url, port=0, actor="ana"))
    try:
        assert snap_compare(desk, run_before=keys(*pressed), terminal_size=size)
    finally:
        desk.backstage.close()


@pytest.mark.parametrize("look", ["optdesk-day", "ansi-dark", "ascii", "no color"])
def test_snapshot_in_other_looks(
    snap_compare: Snap, filled_url: str, look: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if look == "no color":
        monkeypatch.setenv("NO_COLOR", "1")
    elif look == "ascii":
        monkeypatch.setenv("OPTDESK_ASCII", "true")
    else:
        monkeypatch.setenv("OPTDESK_THEME", look)
    desk = Desk(DeskOptions(store_url=filled_url, port=0, actor="ana"))
    try:
        assert snap_compare(desk, run_before=keys("space", "j", "tab"), terminal_size=(80, 24))
    finally:
        desk.backstage.close()


def test_a_snapshot_needs_no_luck(filled_url: str) -> None:
    """Two runs on the same store look the same."""

    async def look() -> str:
        desk = Desk(DeskOptions(store_url=filled_url, port=0, actor="ana"))
        async with desk.run_test(size=(80, 24)) as pilot:
            await keys("j", "enter")(pilot)
            strips = desk.screen._compositor.render_strips()
        await asyncio.to_thread(desk.backstage.close)
        return "\n".join(strip.text for strip in strips)

    assert asyncio.run(look()) == asyncio.run(look())
