"""Settings > API keys: the credentials of the API door."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.content import Content
from textual.message import Message

from screens.ask import Ask, Field, ask
from screens.backstage import backstage, say
from screens.clock import clock
from screens.commands import Context, verb
from screens.confirm import Confirm
from screens.keymap import bindings
from screens.row_list import RowList
from screens.rows_place import Column, Row, RowsPlace
from screens.sample import Sample
from widgets.display import safe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

    from storage.keys import KeyRow, NewKey
    from storage.store import Store
    from storage.words import Actor


class KeysRead(Message):
    """The keys were read."""

    def __init__(self, rows: Sequence[KeyRow]) -> None:
        super().__init__()
        self.rows = rows


class KeyCreated(Message):
    """A key was made; this is the only time it is known."""

    def __init__(self, made: NewKey, number_id: str, taken: bool) -> None:
        super().__init__()
        self.made = made
        self.number_id = number_id
        self.taken = taken


class KeyRevoked(Message):
    """A key is of no use any more."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class ApiKeys(RowsPlace):
    """The keys, the newest first."""

    BINDINGS: ClassVar = bindings(Context.KEYS)
    contexts = (Context.KEYS,)
    title = "API keys"
    columns = (
        Column("Name"),
        Column("Ends in", 7, goes=3),
        Column("Made", 16, goes=1),
        Column("Last used", 24, goes=2),
    )
    nothing = "No API key yet. {key} creates one; it is shown once."
    create_verb = "key.create"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._rows: dict[str, KeyRow] = {}

    def read(self, store: Store) -> Message:
        """Reads the keys."""
        from storage import keys

        with store.read() as conn:
            return KeysRead(keys.listing(conn))

    @on(KeysRead)
    def keys_read(self, event: KeysRead) -> None:
        """Shows them."""
        event.stop()
        self._rows = {str(row.id): row for row in event.rows}
        self.show([_row(key, row) for key, row in self._rows.items()])

    def action_key_create(self) -> None:
        """Ask for a name, make it, show it once."""
        fields = [Field("name", "Name", "what uses it, such as website")]
        job = partial(_create, who=backstage(self).actor)
        ask(self, Ask("Create an API key", fields, job, doing="create"))

    def action_key_revoke(self) -> None:
        """Ask, then revoke for good."""
        row = self._rows.get(self.query_one(RowList).key)
        if row is None:
            return
        if row.revoked_at is not None:
            say(self, "That key is revoked already.")
            return

        def sure(yes: bool | None) -> None:
            if yes:
                back = backstage(self)
                job = partial(_revoke, who=back.actor, key_id=row.id)
                back.work(self, job)

        self.app.push_screen(
            Confirm(
                verb("key.revoke"),
                Content.assemble("Revoke the key “", safe(row.name, 40), "”?"),
                Content("Whatever uses it gets 401 from now on. This cannot be undone."),
            ),
            sure,
        )

    @on(KeyCreated)
    def created(self, event: KeyCreated) -> None:
        """Show it, this once."""
        event.stop()
        self.look_again()
        sample = Sample(
            f"The key is {event.made.key}",
            backstage(self).base_url,
            event.number_id,
            event.made.key,
            taken=event.taken,
        )
        self.app.push_screen(sample)

    @on(KeyRevoked)
    def revoked(self, event: KeyRevoked) -> None:
        """It is done."""
        event.stop()
        self.look_again()
        say(self, f"The key “{event.name}” is revoked.")


def _row(key: str, row: KeyRow) -> Row:
    revoked = row.revoked_at is not None
    used = f"revoked {clock(row.revoked_at)}" if revoked else clock(row.last_used_at)
    cells = (row.name, f"…{row.hint}", clock(row.created_at), used)
    return Row(key, cells, ("$text-muted",) if revoked else ())


def _create(store: Store, values: Mapping[str, str], *, who: Actor) -> KeyCreated:
    from storage import integration, keys

    def make(conn: Connection) -> KeyCreated:
        made = keys.create(conn, who, values["name"])
        shown = integration.show(conn)
        if shown is None:
            return KeyCreated(made, "num_test", taken=False)
        return KeyCreated(made, shown.number_id, taken=shown.last_arrival is not None)

    return store.do(make)


def _revoke(store: Store, *, who: Actor, key_id: int) -> KeyRevoked:
    from storage import keys

    return KeyRevoked(store.do(lambda conn: keys.revoke(conn, who, key_id)).name)
