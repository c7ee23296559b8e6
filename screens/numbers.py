"""Settings > Phone numbers: what we text from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.message import Message

from screens.ask import Ask, Field
from screens.backstage import backstage, copy, say
from screens.commands import Context
from screens.keymap import bindings
from screens.row_list import RowList
from screens.rows_place import Column, Row, RowsPlace
from storage.words import NumberStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.numbers import NumberRow
    from storage.store import Store
    from storage.words import Actor


class NumbersRead(Message):
    """The numbers were read."""

    def __init__(self, rows: Sequence[tuple[NumberRow, str]]) -> None:
        super().__init__()
        self.rows = rows


class NumberChanged(Message):
    """A number was added or approved."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class Numbers(RowsPlace):
    """The messaging numbers, the oldest first."""

    BINDINGS: ClassVar = bindings(Context.NUMBERS)
    contexts = (Context.NUMBERS,)
    title = "Phone numbers"
    columns = (Column("number", 17), Column("status", 9), Column("id", 21), Column("name"))
    nothing = "No messaging number yet. {key} adds one; so does adding the Opt-In API."
    create_verb = "number.add"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._rows: dict[str, NumberRow] = {}

    def read(self, store: Store) -> Message:
        """Reads the numbers."""
        from storage import numbers
        from storage.phones import international

        with store.read() as conn:
            rows = numbers.listing(conn)
        return NumbersRead([(row, international(row.phone)) for row in rows])

    @on(NumbersRead)
    def numbers_read(self, event: NumbersRead) -> None:
        """Shows them."""
        event.stop()
        self._rows = {row.id: row for row, _ in event.rows}
        self.show([_row(row, phone) for row, phone in event.rows])

    def action_number_add(self) -> None:
        """Ask for the number, then add it."""
        fields = [
            Field("phone", "Number", "+14155550123"),
            Field("name", "Name", "optional", required=False),
        ]

        def filled(values: dict[str, str] | None) -> None:
            if values is not None:
                back = backstage(self)
                job = partial(_add, who=back.actor, phone=values["phone"], name=values["name"])
                back.work(self, job)

        self.app.push_screen(Ask("Add a messaging number", fields), filled)

    def action_number_approve(self) -> None:
        """Approve the number under the cursor."""
        row = self._rows.get(self.query_one(RowList).key)
        if row is None:
            return
        if row.status is NumberStatus.APPROVED:
            say(self, f"{row.phone} is approved already.")
            return
        back = backstage(self)
        job = partial(_approve, who=back.actor, ident=row.id)
        back.work(self, job)

    def action_number_copy(self) -> None:
        """Copy the id that senders name."""
        ident = self.query_one(RowList).key
        if ident:
            copy(self, ident, ident)

    @on(NumberChanged)
    def changed(self, event: NumberChanged) -> None:
        """Say so."""
        event.stop()
        self.look_again()
        say(self, event.sentence)


_SIGNS = {
    NumberStatus.APPROVED: ("approved", "$success"),
    NumberStatus.PENDING: ("pending", "$text-warning"),
    NumberStatus.REJECTED: ("rejected", "$text-error"),
}


def _row(row: NumberRow, phone: str) -> Row:
    word, style = _SIGNS.get(row.status, (row.status.value, ""))
    return Row(row.id, (phone, word, row.id, row.name), ("", style, ""))


def _add(store: Store, *, who: Actor, phone: str, name: str) -> NumberChanged:
    from storage import numbers

    row = store.do(lambda conn: numbers.add(conn, who, phone.replace(" ", ""), name=name))
    return NumberChanged(f"{row.phone} is added; it is pending until it is approved.")


def _approve(store: Store, *, who: Actor, ident: str) -> NumberChanged:
    from storage import numbers

    row = store.do(lambda conn: numbers.approve(conn, who, ident))
    return NumberChanged(f"{row.phone} is approved.")
