"""Settings > Phone numbers: what we text from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.content import Content
from textual.message import Message

from screens.ask import Ask, Field, ask
from screens.backstage import backstage, copy, say
from screens.commands import Context, verb
from screens.compliance_text import ComplianceText, TextsRead, read_texts
from screens.confirm import Confirm
from screens.keymap import bindings
from screens.refusal import Refusal
from screens.row_list import RowList
from screens.rows_place import Column, Row, RowsPlace
from storage.words import NumberStatus
from widgets.display import clean
from widgets.phones import as_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from screens.campaign_picker import CampaignChosen
    from storage.errors import OptdeskError
    from storage.numbers import Dropped, NumberRow
    from storage.store import Store
    from storage.words import Actor


class NumbersRead(Message):
    """The numbers were read."""

    def __init__(
        self, rows: Sequence[tuple[NumberRow, str]], campaigns: Mapping[int, str], own: str
    ) -> None:
        super().__init__()
        self.rows = rows
        self.campaigns = campaigns
        self.own = own
        """The number that the integration opts people in to."""


class NumberChanged(Message):
    """A number was added or is thought of differently."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class RemovalAsked(Message):
    """A number may go, if its person means it."""

    def __init__(self, number: NumberRow) -> None:
        super().__init__()
        self.number = number


class NumberRefused(Message):
    """A rule said no."""

    def __init__(self, error: OptdeskError) -> None:
        super().__init__()
        self.error = error


class Numbers(RowsPlace):
    """The messaging numbers, the oldest first."""

    BINDINGS: ClassVar = bindings(Context.NUMBERS)
    contexts = (Context.NUMBERS,)
    title = "Phone numbers"
    columns = (
        Column("Number", 17),
        Column("Status", 9),
        Column("ID", 21, goes=2),
        Column("Campaign", 16, goes=1),
        Column("Name"),
    )
    nothing = "No messaging number yet. {key} adds one; so does adding the Opt-In API."
    create_verb = "number.add"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._rows: dict[str, NumberRow] = {}
        self._campaigns: Mapping[int, str] = {}
        self._own = ""

    def read(self, store: Store) -> Message:
        """Reads the numbers."""
        from storage import integration, numbers
        from storage.phones import international

        with store.read() as conn:
            rows = numbers.listing(conn)
            campaigns = numbers.campaign_names(conn)
            shown = integration.show_row(conn)
        own = "" if shown is None else shown.number_id
        return NumbersRead([(row, international(row.phone)) for row in rows], campaigns, own)

    @on(NumbersRead)
    def numbers_read(self, event: NumbersRead) -> None:
        """Shows them."""
        event.stop()
        self._rows = {row.id: row for row, _ in event.rows}
        self._campaigns, self._own = event.campaigns, event.own
        self.show([self._row(row, phone) for row, phone in event.rows])

    def _row(self, row: NumberRow, phone: str) -> Row:
        word, style = _SIGNS.get(row.status, (row.status.value, ""))
        campaign = "" if row.campaign_id is None else self._campaigns.get(row.campaign_id, "")
        own = "the Opt-In API's" if row.id == self._own else ""
        name = ", ".join(part for part in (row.name, own) if part)
        return Row(row.id, (phone, word, row.id, campaign, name), ("", style, ""))

    @property
    def _here(self) -> NumberRow | None:
        return self._rows.get(self.query_one(RowList).key)

    # What the keys do.

    def action_number_add(self) -> None:
        """Ask for the number, then add it."""
        fields = [
            Field("phone", "Number", "such as +1 415 555 0123"),
            Field("name", "Name", "for people to read", required=False),
        ]
        job = partial(_add, who=backstage(self).actor)
        ask(self, Ask("Add a messaging number", fields, job, doing="add"))

    def action_number_approve(self) -> None:
        """Approve the number under the cursor."""
        row = self._here
        if row is None:
            return
        if row.status is NumberStatus.APPROVED:
            say(self, f"{row.phone} is approved already.")
            return
        self._do(partial(_approve, who=backstage(self).actor, ident=row.id))

    def action_number_reject(self) -> None:
        """Note that the carrier does not let us text from it."""
        row = self._here
        if row is None:
            return
        if row.status is NumberStatus.REJECTED:
            say(self, f"{row.phone} is rejected already.")
            return
        self._do(partial(_drop, who=backstage(self).actor, ident=row.id, remove=False))

    def action_number_remove(self) -> None:
        """Ask, then remove it; where it must stay, say that at once."""
        row = self._here
        if row is not None:
            self._do(partial(_may_go, row=row))

    @on(RemovalAsked)
    def removal_asked(self, event: RemovalAsked) -> None:
        """Ask."""
        event.stop()
        row = event.number
        job = partial(_drop, who=backstage(self).actor, ident=row.id, remove=True)
        question = Confirm(
            verb("number.remove"),
            Content(f"Remove {row.phone}?"),
            Content(
                clean(
                    f"Senders that name {row.id} get 422 from now on, and nothing is texted from "
                    "it. The contacts stay. This cannot be undone."
                )
            ),
        )
        self.app.push_screen(question, lambda yes: self._do(job) if yes else None)

    def action_number_campaign(self) -> None:
        """Ask which campaign it belongs to."""
        row = self._here
        if row is None:
            return
        from screens.campaign_picker import CampaignPicker

        def chosen(wanted: CampaignChosen | None) -> None:
            if wanted is not None:
                who = backstage(self).actor
                self._do(partial(_belong, who=who, ident=row.id, wanted=wanted))

        picker = CampaignPicker(row.phone, self._campaigns, row.campaign_id)
        self.app.push_screen(picker, chosen)

    def action_number_text(self) -> None:
        """Change what it sends; the texts are read first."""
        row = self._here
        if row is not None:
            self._do(partial(read_texts, number_id=row.id))

    @on(TextsRead)
    def texts_read(self, event: TextsRead) -> None:
        """The form with its preview."""
        event.stop()
        ask(self, ComplianceText(backstage(self).actor, event, NumberChanged))

    def action_number_copy(self) -> None:
        """Copy the id that senders name."""
        ident = self.query_one(RowList).key
        if ident:
            copy(self, ident, ident)

    def _do(self, job: Callable[[Store], Message]) -> None:
        backstage(self).work(self, job, NumberRefused)

    @on(NumberChanged)
    def changed(self, event: NumberChanged) -> None:
        """Say so."""
        event.stop()
        self.look_again()
        say(self, event.sentence)

    @on(NumberRefused)
    def refused(self, event: NumberRefused) -> None:
        """Say which rule, and what to do about it here."""
        event.stop()
        self.look_again()
        self.app.push_screen(Refusal(event.error, self._step(event.error)))

    def _step(self, error: OptdeskError) -> str:
        from storage.errors import NotFound, Refused

        if isinstance(error, NotFound) or not isinstance(error, Refused):
            return error.next_step
        keymap = backstage(self).keymap
        switch, add = keymap.key_of("desk.switch"), keymap.key_of("number.add")
        approve = keymap.key_of("number.approve")
        return (
            f"Switch the Opt-In API off first with {switch}, or have another number ready: "
            f"{add} adds one, {approve} approves it."
        )


_SIGNS = {
    NumberStatus.APPROVED: ("approved", "$success"),
    NumberStatus.PENDING: ("pending", "$text-warning"),
    NumberStatus.REJECTED: ("rejected", "$text-error"),
}


def _add(store: Store, values: Mapping[str, str], *, who: Actor) -> NumberChanged:
    from storage import numbers

    phone, name = as_kept(values["phone"]), values["name"]
    row = store.do(lambda conn: numbers.add(conn, who, phone, name=name))
    return NumberChanged(f"{row.phone} is added; it is pending until it is approved.")


def _approve(store: Store, *, who: Actor, ident: str) -> NumberChanged:
    from storage import numbers

    row = store.do(lambda conn: numbers.approve(conn, who, ident))
    return NumberChanged(f"{row.phone} is approved.")


def _may_go(store: Store, *, row: NumberRow) -> RemovalAsked:
    from storage import numbers

    with store.read() as conn:
        numbers.demand_not_needed(conn, row.id)
    return RemovalAsked(row)


def _drop(store: Store, *, who: Actor, ident: str, remove: bool) -> NumberChanged:
    from storage import numbers

    def drop(conn: Connection) -> Dropped:
        return (numbers.remove if remove else numbers.reject)(conn, who, ident)

    return NumberChanged(store.do(drop).sentence)


def _belong(store: Store, *, who: Actor, ident: str, wanted: CampaignChosen) -> NumberChanged:
    from storage import numbers
    from storage.ids import public

    name = None if wanted.id is None else public("cam", wanted.id)
    row = store.do(lambda conn: numbers.set_campaign(conn, who, ident, name))
    return NumberChanged(f"{row.phone} belongs to {wanted.words} now.")
