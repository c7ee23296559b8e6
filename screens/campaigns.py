"""Workflows > Campaigns: what draws on groups, and whom it may text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from screens.acting import WorkOver, reporter
from screens.ask import Ask, Field, ask
from screens.asked import WorkAsked
from screens.backstage import backstage, say
from screens.commands import Context
from screens.keymap import bindings
from screens.picker import Choice, Picker
from screens.row_list import RowList
from screens.rows_place import Column, Row, RowsPlace
from widgets.display import clean, plural, thousands

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from textual.binding import Binding

    from screens.acting import Running
    from storage.campaigns import CampaignRow
    from storage.groups import GroupRow
    from storage.store import Store
    from storage.words import Actor


class CampaignsRead(Message):
    """The campaigns were read, each with how many contacts it may text."""

    def __init__(self, rows: Sequence[tuple[CampaignRow, int]]) -> None:
        super().__init__()
        self.rows = tuple(rows)


class GroupsRead(Message):
    """The groups were read, for a campaign to draw on."""

    def __init__(self, campaign: CampaignRow, groups: Sequence[GroupRow]) -> None:
        super().__init__()
        self.campaign = campaign
        self.groups = tuple(groups)


class CampaignChanged(Message):
    """A campaign was made or changed."""

    def __init__(self, sentence: str, made: CampaignRow | None = None, acts: int = 1) -> None:
        super().__init__()
        self.sentence = sentence
        self.made = made
        """The new one."""
        self.acts = acts
        """How many acts it was, each to be undone by itself."""


class Draws(Picker[tuple[int, ...]]):
    """The groups that a campaign draws on, to attach and detach some.

    Tick groups; enter carries it out. With nothing ticked, enter takes the one under the cursor.

    Args:
        campaign: Which.
        groups: All groups.
    """

    # Before the line that is typed into, which would leave with the same key.
    BINDINGS: ClassVar = [
        replace(cast("Binding", each), priority=True) for each in bindings(Context.DRAWS)
    ]
    contexts = (Context.PICKER, Context.DRAWS, Context.DIALOG)
    placeholder = "find a group"
    nothing = "No group yet. Moving contacts from the queue makes one."
    taking = "attach or detach"

    def __init__(self, campaign: CampaignRow, groups: Sequence[GroupRow]) -> None:
        super().__init__()
        self._campaign = campaign
        self._groups = tuple(groups)
        self._drawn = frozenset(group.id for group in campaign.groups)
        self._turned: set[int] = set()
        """The groups whose tick the person changed so far."""
        self._relabel()

    def title_text(self) -> Content:
        """Which campaign."""
        return Content(f"“{clean(self._campaign.name)}” draws on")

    def choose(self, choice: Choice) -> None:
        """Carry out what was ticked and unticked, or the one choice."""
        wanted = self._turned or {int(choice.key)}
        self.dismiss(tuple(each.id for each in self._groups if each.id in wanted))

    def action_draws_tick(self) -> None:
        """Tick or untick, and go on with the whole list."""
        choice = self.highlighted
        if choice is not None:
            self._turned ^= {int(choice.key)}
            self._relabel()
            self.query_one(Input).value = ""

    def _relabel(self) -> None:
        ticked = self._drawn ^ self._turned
        self.offer(
            [
                Choice(str(each.id), each.name, thousands(each.count), _box(each.id in ticked))
                for each in self._groups
            ]
        )


class Campaigns(RowsPlace):
    """All campaigns, the oldest first."""

    BINDINGS: ClassVar = bindings(Context.CAMPAIGNS)
    contexts = (Context.CAMPAIGNS,)
    takes_back = True
    title = "Campaigns"
    columns = (
        Column("Name", 22),
        Column("State", 10),
        Column("Eligible", 8),
        Column("Draws on"),
        Column("ID", 20, goes=1),
    )
    nothing = "No campaign yet. {key} creates one."
    create_verb = "campaign.create"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._rows: dict[str, CampaignRow] = {}

    def read(self, store: Store) -> Message:
        """Reads the campaigns."""
        from storage import campaigns

        with store.read() as conn:
            rows = campaigns.listing(conn)
            return CampaignsRead([(row, campaigns.eligible(conn, row)) for row in rows])

    @on(CampaignsRead)
    def campaigns_read(self, event: CampaignsRead) -> None:
        """Shows them."""
        event.stop()
        self._rows = {row.public_id: row for row, _ in event.rows}
        self.show([_row(row, eligible) for row, eligible in event.rows])

    @property
    def _campaign(self) -> CampaignRow | None:
        return self._rows.get(self.query_one(RowList).key)

    # What the keys do.

    def action_campaign_create(self) -> None:
        """Ask for a name, then make it."""
        job = partial(_create, backstage(self).actor)
        form = Ask("Create a campaign", [Field("name", "Name")], job, doing="create")
        ask(self, form)

    def action_campaign_switch(self) -> None:
        """Activate it, or deactivate it."""
        campaign = self._campaign
        if campaign is not None:
            back = backstage(self)
            back.work(self, partial(_switch, who=back.actor, campaign=campaign))

    def action_campaign_groups(self) -> None:
        """Attach groups, or detach some."""
        campaign = self._campaign
        if campaign is not None:
            backstage(self).work(self, partial(_read_groups, campaign=campaign))

    @on(GroupsRead)
    def groups_read(self, event: GroupsRead) -> None:
        """Ask which."""
        event.stop()
        campaign = event.campaign

        def chosen(group_ids: tuple[int, ...] | None) -> None:
            if group_ids:
                back = backstage(self)
                job = partial(_attach, who=back.actor, campaign=campaign, group_ids=group_ids)
                back.work(self, job)

        self.app.push_screen(Draws(campaign, event.groups), chosen)

    def action_campaign_rename(self) -> None:
        """Ask for another name."""
        campaign = self._campaign
        if campaign is not None:
            job = partial(_rename, backstage(self).actor, campaign)
            field = Field("name", "New name", value=campaign.name)
            ask(self, Ask(f"Rename “{clean(campaign.name)}”", [field], job, doing="rename"))

    def action_campaign_delete(self) -> None:
        """Delete it; undo brings it back."""
        campaign = self._campaign
        if campaign is not None:
            job = partial(_delete, campaign=campaign)
            self.post_message(WorkAsked(f"delete “{campaign.name}”", job, self))

    @on(CampaignChanged)
    def changed(self, event: CampaignChanged) -> None:
        """Say so; the cursor goes to a new one, before a next key can switch another."""
        event.stop()
        if event.made is not None:
            row = _row(event.made, 0)
            self._rows[row.key] = event.made
            self.show_new(row)
        self.look_again()
        undo = backstage(self).keymap.key_of("desk.undo")
        undoes = f"{undo} undoes it" if event.acts == 1 else f"{undo} undoes one after the other"
        say(self, f"{event.sentence} {undoes}")


def _box(ticked: bool) -> str:
    return "[x]" if ticked else "[ ]"


def _row(row: CampaignRow, eligible: int) -> Row:
    state, style = ("active", "$success") if row.active else ("not active", "$text-muted")
    draws = ", ".join(group.name for group in row.groups)
    if row.contacts:
        draws = f"{draws}{', ' if draws else ''}{thousands(row.contacts)} added by hand"
    cells = (row.name, state, thousands(eligible), draws or "no group yet", row.public_id)
    return Row(row.public_id, cells, ("", style, "", "", "$text-muted"))


def _create(who: Actor, store: Store, values: Mapping[str, str]) -> Message:
    from storage import campaigns

    row = store.do(lambda conn: campaigns.create(conn, who, values["name"]))
    return CampaignChanged(f"“{row.name}” is made; it is not active yet.", row)


def _switch(store: Store, *, who: Actor, campaign: CampaignRow) -> CampaignChanged:
    from storage import campaigns

    row = store.do(lambda conn: campaigns.switch(conn, who, campaign, not campaign.active))
    return CampaignChanged(f"“{row.name}” is {'active' if row.active else 'not active any more'}.")


def _rename(
    who: Actor, campaign: CampaignRow, store: Store, values: Mapping[str, str]
) -> CampaignChanged:
    from storage import campaigns

    row = store.do(lambda conn: campaigns.rename(conn, who, campaign, values["name"]))
    return CampaignChanged(f"The campaign is called “{row.name}” now.")


def _delete(
    store: Store,
    *,
    who: Actor,
    running: Running,
    report: Callable[[Message], object],
    campaign: CampaignRow,
) -> WorkOver:
    from storage import deleting_campaigns

    progress = reporter(running, report)
    outcome = deleting_campaigns.delete(
        store, who, campaign.id, progress=progress, cancel=running.cancel
    )
    said = f"The campaign “{campaign.name}” was deleted."
    if outcome.cancelled:
        taken = plural(outcome.done, "contact was", "contacts were")
        said = f"“{campaign.name}” stays; {taken} taken out of it."
    return WorkOver(running, CampaignChanged(said))


def _read_groups(store: Store, *, campaign: CampaignRow) -> GroupsRead:
    from storage import groups

    with store.read() as conn:
        return GroupsRead(campaign, groups.listing(conn))


def _attach(
    store: Store, *, who: Actor, campaign: CampaignRow, group_ids: Sequence[int]
) -> CampaignChanged:
    """Turns what the campaign has to do with each group, all of them or none."""
    from storage import campaigns

    drawn = {group.id for group in campaign.groups}
    gone = [ident for ident in group_ids if ident in drawn]
    come = [ident for ident in group_ids if ident not in drawn]

    def turn(conn: Connection) -> None:
        for ident in gone:
            campaigns.detach(conn, who, campaign, ident)
        for ident in come:
            campaigns.attach(conn, who, campaign, ident)

    store.do(turn)
    said = []
    if come:
        said.append(f"on {_those(come)} now")
    if gone:
        said.append(f"on {_those(gone)} no longer")
    sentence = f"“{campaign.name}” draws {' and '.join(said)}."
    return CampaignChanged(sentence, acts=len(group_ids))


def _those(groups: Sequence[int]) -> str:
    return "that group" if len(groups) == 1 else f"{thousands(len(groups))} groups"
