"""How the screens look. Read the diff before `make snapshots` accepts it."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import os
import pkgutil
import secrets
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from platformdirs import user_state_path
from sqlalchemy.engine import Connection
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

import screens
from app.background import Background
from app.desk import Desk
from app.options import DeskOptions
from screens import overview, panel_facts, profile_text
from screens.ask import Ask
from screens.backstage import ListenerChanged, ListenerKind, ListenerReport
from screens.contacts import Contacts
from screens.place import Place
from storage import (
    attempts,
    campaigns,
    changes,
    checklist,
    delivery_log,
    dnc_import,
    endpoints,
    groups,
    ids,
    inbound,
    intake,
    integration,
    labels,
    receipts,
    retired,
    suppressions,
)
from storage.access import credential_hash
from storage.acts import AddLabel, Move, Star
from storage.bulk import perform
from storage.inbound import Inbound, receive
from storage.store import Store
from storage.words import Actor, Target
from tests.factories import lead, put, refuse, settle_all, switched_on
from tests.screens.calm import calm, press, resize, seen
from tests.screens.scenes import (
    NEW_STORE,
    NOT_SEEN,
    OF_THE_MOMENT,
    REPORTED,
    SCENES,
    SCREENS,
    WALK,
    Act,
    reporting,
)
from tests.waiting import PATIENCE
from widgets.display import use_ascii

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
ANA, BO = Actor.person("ana"), Actor.person("bo")
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
Same = Callable[[Sequence[tuple[int, int] | str], Sequence[str]], None]


class Drawn(App[str]):
    """A picture in the place of an app that would still have to draw it."""

    def __init__(self, picture: str) -> None:
        super().__init__()
        self.picture = picture

    def run(self, **_: object) -> str:
        return self.picture


class Named:
    """The plugin's snapshots, several in one test, each called after a size."""

    def __init__(self, plain: SnapshotAssertion) -> None:
        self.plain = plain

    def use_extension(self, extension: type[SingleFileSnapshotExtension]) -> SnapshotAssertion:
        class WithSize(extension):  # type: ignore[misc, valid-type]
            @classmethod
            def get_snapshot_name(cls, **where: Any) -> str:
                return super().get_snapshot_name(**where).replace("][", "-")

        self.plain = self.plain.use_extension(WithSize)
        return self.plain


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> Named:
    """What `snap_compare` compares with."""
    return Named(snapshot)


@pytest.fixture
def same(snap_compare: Snap, snapshot: Named) -> Same:
    """Compares pictures, each called after its size, with those that were accepted."""

    def compare(names: Sequence[tuple[int, int] | str], drawn: Sequence[str]) -> None:
        others = []
        for called, picture in zip(names, drawn, strict=True):
            name = called if isinstance(called, str) else f"{called[0]}x{called[1]}"
            snapshot.plain(name=name)
            if not snap_compare(Drawn(picture)):
                others.append(name)
        assert not others, "another picture than the accepted one"

    return compare


def no_chance(patch: pytest.MonkeyPatch) -> None:
    """Secrets and random ids that are the same in every run."""
    tokens = (f"{n}X3vQ9_wTz0LbR7mNc2fHs8yPd5aJe1G" for n in range(10))
    patch.setattr(secrets, "token_urlsafe", lambda _n: next(tokens))
    patch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=7))
    # The salts of the evidence, and so the hashes of the chain. Not for the whole process, where
    # a thread of another test would draw some of them.
    numbers = itertools.count(1)
    salts = SimpleNamespace(urandom=lambda length: next(numbers).to_bytes(length, "big"))
    patch.setattr(intake, "os", salts)
    patch.setattr(inbound, "os", salts)


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same time zone, ids and listener wherever it runs."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()

    def listen(self: Background, *_: object) -> None:
        self.listener = ListenerReport(ListenerKind.LISTENING, "http://127.0.0.1:8765")
        self._tell(ListenerChanged(self.listener))

    monkeypatch.setattr(Background, "_listen", listen)
    # What is said does not go away while three pictures are taken, however slow the machine.
    monkeypatch.setattr(Desk, "NOTIFICATION_TIMEOUT", 600)
    no_chance(monkeypatch)
    monkeypatch.setattr(checklist, "ago", lambda _moment: "a while ago")
    recent = attempts.recent_senders
    monkeypatch.setattr(attempts, "recent_senders", lambda conn, _since: recent(conn, LONG_AGO))
    monkeypatch.setattr(receipts, "now", lambda: datetime(2024, 3, 28, 12, tzinfo=UTC))
    monkeypatch.setattr(profile_text, "_now", lambda: datetime(2024, 3, 28, 12, tzinfo=UTC))
    monkeypatch.setattr(panel_facts, "LATELY", timedelta(days=36_500))
    monkeypatch.setattr(overview, "LATELY", timedelta(days=36_500))
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="module")
def filled_store(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a little of everything, made in 2024 so that no age changes."""
    path = tmp_path_factory.mktemp("filled") / "optdesk.db"
    shutil.copyfile(sqlite_template, path)
    path.chmod(0o600)
    moments = iter(range(10_000))
    noon = datetime(2024, 3, 28, 12, tzinfo=UTC)
    with time_machine.travel(noon, tick=False) as clock, pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids._mint, "_chance", SimpleNamespace(getrandbits=lambda _bits: 7))
        patch.setattr(ids._mint, "_last", 0)
        no_chance(patch)
        store = Store.open(f"sqlite:///{path}")
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
        clock.shift(60)
        _attempts(store)
        _texts_and_webhooks(store)
        store.do(_plain_secrets)
        store.close()
    return path


@pytest.fixture
def filled_url(filled_store: Path, sqlite_url: str, tmp_path: Path) -> str:
    """A copy of the filled store."""
    shutil.copyfile(filled_store, tmp_path / "optdesk.db")
    return sqlite_url


def _attempts(store: Store) -> None:
    """Refused ones at the hook door, and a sender that still uses an old URL."""
    for name, reason in ((r"[/x]\u001b[31m\u202eRed", "phone"), ("Ada", "last_name")):
        refuse(
            store,
            reason=f"Missing required field: {reason}",
            body=f'{{"Vorname": "{name}", "Nachname": "Byron", "Rückruf": "+1 415 555 0123"}}',
        )
    with store.read() as conn:
        view = integration.show(conn)
    assert view is not None
    store.do(lambda conn: integration.regenerate(conn, ANA))
    hits = [retired.OldUrlHit(credential_hash(view.token), "zapier")] * 14
    store.do(lambda conn: retired.count_hits(conn, hits))


def _texts_and_webhooks(store: Store) -> None:
    """A look-alike opt-out, a text of unknown fate, and an endpoint with a test event."""
    for phone, body in (
        ("+14155550123", "pls stop txting me [/x]\x1b[31m\u202e[@click=app.quit]"),
        ("+447911123456", "START"),
    ):
        text = Inbound("simulated", "", phone, "", body)
        store.do(partial(receive, text=text))
    put(store, lead(first_name="Ida", last_name="Lindqvist", phone="+12025550149"))
    settle_all(store, "unknown")
    url = "https://crm.example/hooks/[/x]optdesk"
    made = store.do(lambda conn: endpoints.add(conn, ANA, url, events=["sms.opted_in"]))
    store.do(lambda conn: delivery_log.test(conn, ANA, made.endpoint.id))


def _label(store: Store, name: str) -> int:
    return store.do(lambda conn: labels.create(conn, ANA, name)).id


def _plain_secrets(conn: Connection) -> None:
    conn.exec_driver_sql("UPDATE integrations SET token = 'x-secret-x7Qa'")
    conn.exec_driver_sql("UPDATE api_keys SET hint = '981b'")


def shown_by(desk: Desk) -> str:
    """The kind of screen, dialog or place in front."""
    screen = desk.screen
    return type(desk.main.places.place if screen is desk.main else screen).__name__


async def draw_in(desk: Desk, sizes: Sequence[tuple[int, int]]) -> AsyncIterator[str]:
    """What a desk shows, in several sizes."""
    for size in sizes:
        if tuple(desk.size) != size:
            await resize(desk, *size)
        await settled(desk)
        yield desk.export_screenshot(title=desk.title, simplify=True)


async def ready(desk: Desk) -> None:
    """Waits until everything is read and painted."""
    end = time.monotonic() + PATIENCE
    while not (
        desk.main.overview.known
        and desk.backstage.listener.answers
        and (isinstance(desk.screen, Ask) or _has_rows(desk.main.places.place))
    ):
        assert time.monotonic() < end, "the desk did not open"
        await asyncio.sleep(0.01)
        await calm(desk)
    await calm(desk)


def _has_rows(place: Place) -> bool:
    return isinstance(place, Contacts) and place.table.total is not None


async def settled(desk: Desk) -> None:
    """Waits until two frames are alike, also of what comes a moment after a key."""
    before = ""
    for _ in range(200):
        await asyncio.sleep(0.06)
        await calm(desk)
        now = seen(desk)
        if now == before:
            return
        before = now


def keys(*pressed: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Presses keys once the desk is ready, and lets each take effect; a way down is one."""

    async def press_them(pilot: Pilot[None]) -> None:
        desk = pilot.app
        assert isinstance(desk, Desk)
        await ready(desk)
        await press(desk, *pressed)
        await settled(desk)

    return press_them


def pictures(
    url: str, sizes: Sequence[tuple[int, int]], pressed: Sequence[str], scene: str = ""
) -> list[str]:
    """One desk after some keys, drawn in several sizes, one after the other."""

    async def draw() -> list[str]:
        desk = Desk(DeskOptions(store_url=url, port=0, actor="ana"))
        async with desk.run_test(size=sizes[0]) as pilot:
            await keys(*pressed)(pilot)
            drawn = [each async for each in draw_in(desk, sizes)]
            assert scene not in SCREENS.values() or SCREENS[shown_by(desk)] == scene
        await asyncio.to_thread(desk.backstage.close)
        return drawn

    return asyncio.run(draw())


@pytest.mark.parametrize("scene", SCENES)
def test_snapshot(same: Same, filled_url: str, scene: str) -> None:
    if scene in OF_THE_MOMENT:
        drawn = []
        for size in SIZES:
            drawn += pictures(filled_url, [size], SCENES[scene], scene)
            # The next desk would go on with the search of this one.
            shutil.rmtree(user_state_path("optdesk", appauthor=False))
        same(SIZES, drawn)
    else:
        same(SIZES, pictures(filled_url, SIZES, SCENES[scene], scene))


@pytest.mark.parametrize("scene", NEW_STORE)
def test_snapshot_of_a_new_store(same: Same, sqlite_url: str, scene: str) -> None:
    same(SIZES, pictures(sqlite_url, SIZES, NEW_STORE[scene]))


@pytest.fixture
def fuller_url(filled_url: str, tmp_path: Path) -> str:
    """The filled store with a campaign and a Do Not Contact list as well."""
    path = tmp_path / "bought list.csv"
    path.write_text("415,5550102\nnobody\n", encoding="utf-8")
    one_o_clock = datetime(2024, 3, 28, 13, tzinfo=UTC)
    with (
        time_machine.travel(one_o_clock, tick=False) as clock,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(ids._mint, "_chance", SimpleNamespace(getrandbits=lambda _bits: 7))
        patch.setattr(ids._mint, "_last", 0)
        store = Store.open(filled_url)
        offer = store.do(lambda conn: campaigns.create(conn, BO, "May offer"))
        with store.read() as conn:
            spring = groups.find(conn, "Spring")
        store.do(lambda conn: campaigns.attach(conn, BO, offer, spring.id))
        dnc_import.take_in_list(store, BO, path, reason="bought")
        # Entries of one moment have no order that is the same in every store.
        clock.shift(60)
        store.do(lambda conn: suppressions.add(conn, BO, ["+14155550199"], reason="asked us to"))
        store.close()
    return filled_url


@pytest.mark.timeout(360)  # As many screens as a score of other tests look at.
def test_snapshots_on_a_walk(
    same: Same, fuller_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "token_bytes", lambda length: bytes(range(length)))
    for module in (dnc_import, changes):
        monkeypatch.setattr(module, "now", lambda: datetime(2024, 3, 30, 12, tzinfo=UTC))
    drawn: dict[str, str] = {}

    async def walk() -> None:
        nonlocal drawn
        desk = Desk(DeskOptions(store_url=fuller_url, port=0, actor="ana"))
        async with desk.run_test(size=SIZES[0]):
            await ready(desk)
            steps = [*WALK, (REPORTED, reporting(tmp_path / "bought list.csv"), ())]
            for scene, there, back in steps:
                desk.clear_notifications()
                await _go(desk, there)
                names = [f"{scene}-{width}x{height}" for width, height in SIZES]
                found = [each async for each in draw_in(desk, SIZES)]
                drawn |= dict(zip(names, found, strict=True))
                assert scene not in SCREENS.values() or SCREENS[shown_by(desk)] == scene, scene
                await resize(desk, *SIZES[0])
                await _go(desk, back)
        await asyncio.to_thread(desk.backstage.close)

    asyncio.run(walk())
    same(list(drawn), list(drawn.values()))


async def _go(desk: Desk, acts: Sequence[Act]) -> None:
    for act in acts:
        if callable(act):
            act(desk)
            await asyncio.sleep(0.35)
            await calm(desk)
        else:
            await press(desk, "space" if act == " " else act)


def test_every_screen_has_its_picture() -> None:
    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        importlib.import_module(module.name)
    kinds = {each for base in (Screen, Place) for each in _below(base)}
    last = {
        each.__name__
        for each in kinds
        if each.__module__.startswith("screens") and not each.__subclasses__()
    }
    assert (last | {"Ask"}) - NOT_SEEN == set(SCREENS)
    walked = {scene for scene, _, _ in WALK} | {REPORTED}
    assert set(SCREENS.values()) <= set(SCENES) | set(NEW_STORE) | walked


def _below(kind: type) -> Iterator[type]:
    below: list[type] = kind.__subclasses__()
    for each in below:
        yield each
        yield from _below(each)


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
        use_ascii(False)


def test_a_snapshot_needs_no_luck(filled_url: str) -> None:
    """Two runs on the same store look the same."""

    async def look() -> str:
        desk = Desk(DeskOptions(store_url=filled_url, port=0, actor="ana"))
        async with desk.run_test(size=(80, 24)) as pilot:
            await keys("j", "enter")(pilot)
            looks = seen(desk)
        await asyncio.to_thread(desk.backstage.close)
        return looks

    first = asyncio.run(look())
    # What a desk remembers of where it was left.
    shutil.rmtree(os.environ["XDG_STATE_HOME"])
    assert asyncio.run(look()) == first
