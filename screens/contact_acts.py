"""What can be done to the contacts of a list: star, label, move, delete, copy, again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from screens.acting import QUICK, Deed, GroupMerged, LabelWorked
from screens.asked import GroupTurned
from screens.backstage import backstage, copy, say
from screens.carrying_out import CarryingOut
from screens.overview import Overview
from storage.words import ContactRow, Target
from widgets.display import harmless

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

    from screens.label_acts import LabelNamed, LabelsListed, LabelTurned
    from screens.labels import LabelChoice, Labelling, Labels, Worn
    from screens.move_to import Destination
    from storage.acts import Act
    from storage.store import Store
    from storage.words import Actor


class LabelsRead(Message):
    """What the label picker needs was read."""

    def __init__(
        self, picker: Labels, labels: Sequence[LabelChoice], worn: Mapping[int, Worn]
    ) -> None:
        super().__init__()
        self.picker = picker
        self.labels = labels
        self.worn = worn


class ContactActs(CarryingOut):
    """Acts on the marked contacts, else on the one under the cursor; then steps on."""

    overview = Overview()

    # Acts.

    def action_contact_star(self) -> None:
        """Star, or unstar what is starred."""
        target = self._target()
        contact = self.table.cursor_contact
        if contact is not None:
            self._do(_starring(not contact.favorite), target)

    def star_one(self, contact: ContactRow) -> None:
        """Star or unstar one contact, whatever is marked."""
        self._do(_starring(not contact.favorite), Target(ids=(contact.id,)))

    def action_contact_delete(self) -> None:
        """Delete; undo brings back."""
        self._do(Deed("delete", _deleting, leaves=True), self._target())

    def action_contact_move(self) -> None:
        """Ask for the group, then move."""
        target = self._target()
        if self._nothing_in(target):
            return
        from screens.move_to import GroupChoice, MoveTo

        groups = [
            GroupChoice(group.id, group.name, group.count)
            for group in self.overview.figures.groups
            if group.id != self.view.group_id
        ]

        def chosen(where: Destination | None) -> None:
            if where is not None:
                self._do(moving(where), target)

        self.app.push_screen(MoveTo(groups, self._whom(target)), chosen)

    def action_contact_label(self) -> None:
        """Ask for labels; which of them are worn is read meanwhile."""
        target = self._target()
        if self._nothing_in(target):
            return
        from screens.label_acts import list_labels
        from screens.labels import Labels

        def read() -> None:
            backstage(self).work(self, partial(_read_labels, picker=picker, target=target))

        picker = Labels(self._whom(target), lambda: list_labels(self, read))

        def chosen(wanted: Labelling | None) -> None:
            if wanted is not None and (wanted.add or wanted.create or wanted.remove):
                self._do(_labelling(wanted, picker.known), target)

        self.app.push_screen(picker, chosen)
        read()

    @on(LabelsRead)
    def labels_read(self, event: LabelsRead) -> None:
        """The picker can show them."""
        event.stop()
        if event.picker.is_attached:
            event.picker.fill(event.labels, event.worn)

    def action_label_manage(self) -> None:
        """All labels, to be changed."""
        from screens.label_acts import list_labels

        list_labels(self, lambda: None)

    def on_labels_listed(self, event: LabelsListed) -> None:
        """Show them."""
        event.stop()
        from screens.label_acts import manage

        manage(self, event)

    def on_label_named(self, event: LabelNamed) -> None:
        """Another name for it."""
        event.stop()
        from screens.label_acts import rename

        rename(self, event)

    def on_label_turned(self, event: LabelTurned) -> None:
        """Say so, and go on with the labels."""
        event.stop()
        from screens.label_acts import list_labels

        undo = backstage(self).keymap.key_of("desk.undo")
        say(self, f"{event.sentence} {undo} undoes it".strip())
        list_labels(self, event.done)

    def action_contact_copy(self) -> None:
        """Copy the phone number, and show it."""
        contact = self.table.cursor_contact
        if contact is not None:
            copy(self, contact.phone, contact.phone)

    def action_contact_copy_whole(self) -> None:
        """Copy what the list knows of the contact, and show it."""
        contact = self.table.cursor_contact
        if contact is None:
            return
        facts = [
            contact.name,
            contact.phone,
            contact.public_id,
            contact.group or contact.stage.value,
            ", ".join(tag.name for tag in contact.labels),
        ]
        # What strangers wrote goes into other programs, where a line break may be a command.
        facts = [harmless(fact) for fact in facts if fact]
        copy(self, "\t".join(facts), "  ".join(facts))

    async def action_list_escape(self) -> None:
        """Back one layer."""
        if self.acting:
            self.stop_acting()
        elif self.table.range_active:
            self.table.action_end_range()
            self.tell_modes()
        elif self.table.marks_count or self.table.marks_counting:
            self.table.clear_marks()
        elif self.panel is not None:
            self._close_panel()
        elif self.view.search:
            self.clear_search()

    def clear_search(self) -> None:
        """Search for nothing."""
        self.view = self.view.searching("")

    # What became of them.

    @on(LabelWorked)
    def label_worked(self, event: LabelWorked) -> None:
        """On with the labels, unless it took so long that the person is busy elsewhere by now."""
        from screens.label_acts import list_labels

        if event.running.seconds < QUICK:
            list_labels(self, event.done)
        else:
            event.done()

    @on(GroupMerged)
    def group_merged(self, event: GroupMerged) -> None:
        """The frame leaves what is no more."""
        [outcome] = event.outcomes
        if not outcome.cancelled:
            said = outcome.sentence
            sentence = f"{said[:1].upper()}{said[1:]}."
            self.post_message(GroupTurned(sentence, event.group_id, event.into_id))


def _starring(on: bool) -> Deed:
    def acts(_conn: Connection, _who: Actor) -> Sequence[Act]:
        from storage.acts import Star

        return (Star(on),)

    return Deed("star" if on else "unstar", acts, quiet=True)


def _deleting(_conn: Connection, _who: Actor) -> Sequence[Act]:
    from storage.acts import Delete

    return (Delete(),)


def moving(where: Destination) -> Deed:
    """Moving to a group, which is made where it is missing."""

    def acts(conn: Connection, who: Actor) -> Sequence[Act]:
        from storage import groups
        from storage.acts import Move

        if where.group_id is not None:
            return (Move(where.group_id),)
        return (Move(groups.ensure(conn, who, where.name).id),)

    return Deed(f"move to “{where.name}”", acts, leaves=True)


def _labelling(wanted: Labelling, names: Mapping[int, str]) -> Deed:
    said = [f"label “{names[ident]}”" for ident in wanted.add]
    said += [f"label “{name}”" for name in wanted.create]
    said += [f"unlabel “{names[ident]}”" for ident in wanted.remove]

    def acts(conn: Connection, who: Actor) -> Sequence[Act]:
        from storage.acts import AddLabel, RemoveLabel
        from storage.labels import ensure

        made = [ensure(conn, who, name).id for name in wanted.create]
        return (
            *(AddLabel(ident) for ident in (*wanted.add, *made)),
            *(RemoveLabel(ident) for ident in wanted.remove),
        )

    return Deed(", ".join(said), acts)


def _read_labels(store: Store, *, picker: Labels, target: Target) -> LabelsRead:
    from screens.labels import LabelChoice, Worn
    from storage import labels

    with store.read() as conn:
        found = [
            LabelChoice(row.id, row.name, row.count, row.colour, row.letter)
            for row in labels.listing(conn)
        ]
        marked = labels.marked_with(conn, target)
    worn = {ident: Worn[each.worn.name] for ident, each in marked.items()}
    return LabelsRead(picker, found, worn)
