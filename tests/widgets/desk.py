"""A small desk around the contact table: real keys in, messages out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.engine import Connection
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.pilot import Pilot

from storage.ids import new_id
from storage.search import haystack, mark_pending
from storage.store import Store
from storage.tables import Contact
from storage.tallies import add_tallies, stage_tally
from storage.times import now
from storage.windows import RowReader
from storage.words import ContactRow, View
from tests.waiting import PATIENCE
from widgets.contact_table import ContactTable
from widgets.table_messages import TableMessage

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]

KEYS = {
    "j": "cursor_down",
    "k": "cursor_up",
    "g": "go_top",
    "G": "go_bottom",
    "ctrl+d": "half_page_down",
    "ctrl+u": "half_page_up",
    "space": "mark_and_step",
    "x": "toggle_mark",
    "v": "toggle_range",
    "*": "mark_all",
    "F": "toggle_follow",
    "c": "clear_marks",
}


class Changed(Message):
    """The store has changed."""


class Desk(App[None]):
    """The table alone, told of every change of its store."""

    BINDINGS = [Binding(key, f"table('{action}')") for key, action in KEYS.items()]

    def __init__(self, store: Store, view: View | None = None) -> None:
        super().__init__()
        self._store = store
        self.table = ContactTable(RowReader(store), view)
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()
        self._unsubscribe = self._store.feed.subscribe(self._on_commit)

    def _on_commit(self) -> None:
        self.post_message(Changed())

    def on_unmount(self) -> None:
        self._unsubscribe()

    def on_changed(self) -> None:
        self.table.refresh_from_store()

    def action_table(self, name: str) -> None:
        getattr(self.table, f"action_{name}")()

    async def _on_message(self, message: Message) -> None:
        if isinstance(message, TableMessage):
            self.heard.append(message)
        await super()._on_message(message)

    def last(self, kind: type[Any]) -> Any:
        """The last message of a kind."""
        return next(message for message in reversed(self.heard) if isinstance(message, kind))


async def until(pilot: Pilot[Any], condition: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Waits for something to become true on the screen."""
    for _ in range(int(seconds / 0.01)):
        await pilot.pause()
        if condition():
            await pilot.pause()
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come true")


async def ready(pilot: Pilot[Any], desk: Desk) -> None:
    """Waits until the rows are there."""
    await until(pilot, lambda: desk.table.total is not None and settled(desk.table))


def settled(table: ContactTable) -> bool:
    """Whether nothing is left to be read."""
    reader = table._reader
    return not (
        reader._lane.busy
        or reader._slow_lane.busy
        or reader._stale
        or table._state.window.rough
        or table._state.window.unfinished
        or table._state.window.reckoned
        or table._state.look_needed
        or table._state.missing
    )


async def press(pilot: Pilot[Any], desk: Desk, *keys: str) -> None:
    """Presses keys and waits for what they ask the store."""
    await pilot.press(*keys)
    await until(pilot, lambda: settled(desk.table))


def names(table: ContactTable) -> list[str]:
    """The names on the screen, from top to bottom."""
    return [row.name for row in table.visible_rows]


def screen_text(table: ContactTable) -> list[str]:
    """The lines of the table as a person sees them."""
    return [table.render_line(y).text for y in range(table.size.height)]


def cursor_name(table: ContactTable) -> str:
    """The name under the cursor."""
    row = table.cursor_contact
    return "" if row is None else row.name


def fill(store: Store, n: int, first: int = 0, **fields: Any) -> list[int]:
    """Puts contacts called `P 0`, `P 1` … into the queue at once; returns their ids."""
    return store.do(lambda conn: _fill(conn, n, first, fields))


def _fill(conn: Connection, n: int, first: int, fields: dict[str, Any]) -> list[int]:
    moment = now()
    rows: list[dict[str, Any]] = []
    for place in range(first, first + n):
        first_name, name = str(fields.get("first_name", "P")), f"{place}"
        phone = f"+1202{5_550_000 + place:07}"
        rows.append(
            {
                "id": new_id(),
                "phone": phone,
                "first_name": first_name,
                "last_name": name,
                "stage": "queued",
                "kind": "mobile",
                "region": "US",
                "favorite": 0,
                "badges": 0,
                "version": 1,
                "number_id": "num_test",
                "haystack": haystack(first_name, name, phone),
                "received_at": moment - timedelta(minutes=5),
                "changed_at": moment,
            }
            | fields
        )
    conn.execute(insert(_contacts), rows)
    add_tallies(conn, {stage_tally(rows[0]["stage"]): n})
    ids = [row["id"] for row in rows]
    mark_pending(conn, ids)
    return ids


def take_away(store: Store, ids: Sequence[int]) -> None:
    """Somebody else takes contacts out of the queue."""

    def verb(conn: Connection) -> None:
        for ident in ids:
            conn.execute(
                update(_contacts).where(_contacts.c.id == ident).values(stage="suppressed")
            )
        add_tallies(conn, {stage_tally("queued"): -len(ids), stage_tally("suppressed"): len(ids)})

    store.do(verb)


def star(store: Store, ids: Sequence[int], on: bool = True) -> None:
    """Somebody stars contacts."""

    def verb(conn: Connection) -> None:
        for ident in ids:
            conn.execute(
                update(_contacts)
                .where(_contacts.c.id == ident)
                .values(favorite=int(on), version=_contacts.c.version + 1)
            )

    store.do(verb)


def erase_all(store: Store) -> None:
    """Empties the queue."""

    def verb(conn: Connection) -> None:
        gone = conn.execute(delete(_contacts).where(_contacts.c.stage == "queued")).rowcount
        add_tallies(conn, {stage_tally("queued"): -gone})

    store.do(verb)


def row_named(rows: Sequence[ContactRow], name: str) -> ContactRow:
    """The row with a name."""
    return next(row for row in rows if row.name == name)
