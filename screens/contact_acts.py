"""What can be done to the contacts of a list: star, label, move, delete, copy, again."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, cast

from textual import on
from textual.message import Message
from textual.reactive import reactive

from screens.acting import (
    QUICK,
    Deed,
    DeedFailed,
    Done,
    GroupMerged,
    LabelWorked,
    LongJob,
    Progress,
    Running,
    carry_out,
    named,
    tell,
)
from screens.asked import GroupTurned
from screens.backstage import WorkFailed, backstage, copy, say
from screens.open_contact import OpenContact
from screens.overview import Overview
from screens.progress_strip import ProgressStrip
from storage.words import ContactRow, Place, Target, View
from widgets.display import clean, plural
from widgets.finding import once

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

    from screens.label_acts import LabelNamed, LabelsListed, LabelTurned
    from screens.labels import LabelChoice, Labelling, Labels, Worn
    from screens.move_to import Destination
    from screens.places import Places
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


FEW = 10
"""Contacts that an act is soon through with; the next one may wait for it."""

MOST_NEXT = 32
"""Acts that wait."""


class ContactActs(OpenContact):
    """Acts on the marked contacts, else on the one under the cursor; then steps on."""

    view: reactive[View] = reactive(View, init=False, repaint=False)
    """What is shown: place, search and order in one value. The parts paint what changes in them."""

    overview = Overview()
    strip = once(ProgressStrip)

    _under_way: Running | None = None
    _next: deque[tuple[Running, View]]
    """Acts that wait for the one before, each with the view that it was meant in."""

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
        shown = [clean(fact) for fact in facts if fact]
        copy(self, "\t".join(shown), "  ".join(shown))

    async def action_list_escape(self) -> None:
        """Back one layer."""
        if self._under_way is not None:
            self._next.clear()
            self._under_way.cancel.set()
            self.strip.report(self._under_way)
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

    # Carrying out.

    def _target(self) -> Target:
        """The marks, else the contact under the cursor; past one that is about to leave."""
        contact = self.table.cursor_contact
        if contact is not None and not self.table.marks_count and self._is_leaving(contact):
            self.table.action_cursor_down()
        return self.table.target()

    def _is_leaving(self, contact: ContactRow) -> bool:
        there = [running for running, _ in self._next]
        if self._under_way is not None:
            there.append(self._under_way)
        return any(each.deed.leaves and contact.id in each.target.ids for each in there)

    def _how_many(self, target: Target) -> int:
        return len(target.ids) if target.view is None else self.table.marks_count

    def _whom(self, target: Target) -> str:
        """Whom an act is about, for the title of a dialog: by name where it is one contact."""
        contact = self.table.cursor_contact
        if contact is not None and target.ids == (contact.id,):
            return clean(contact.name or contact.phone)
        return plural(self._how_many(target), "contact")

    def _nothing_in(self, target: Target) -> bool:
        return target.view is None and not target.ids

    def _do(self, deed: Deed, target: Target) -> None:
        if self._nothing_in(target):
            return
        marked = self.table.marks_count > 0
        running = Running(deed, target, self._how_many(target))
        if self._under_way is None:
            self._start(running, self.view)
        elif self._under_way.total <= FEW and len(self._next) < MOST_NEXT:
            # Whoever types faster than the disk writes loses nothing.
            self._next.append((running, self.view))
        else:
            self._busy()
            return
        if not deed.asked:
            self._last = deed
        if not marked and not (deed.leaves and self.view.place is not Place.ALL):
            self.table.action_cursor_down()

    def _start(self, running: Running, seen: View) -> None:
        self._begin(running)
        back = backstage(self)
        job = partial(
            carry_out, who=back.actor, running=running, seen=seen, report=self.post_message
        )
        back.work(self, job, partial(DeedFailed, running))

    def work_on(self, name: str, total: int, job: LongJob) -> None:
        """Does something long in the background, with progress; esc stops it.

        Args:
            name: What it is, such as `merge “Spring”`. May quote strangers.
            total: How many contacts it is about, as far as that is known.
            job: What to do; told who does it, what is on its way and where to report to.
        """
        if self._busy():
            return
        running = named(name, total)
        running.stood_on = self._stands_on
        self._begin(running)
        back = backstage(self)
        work = partial(job, who=back.actor, running=running, report=self.post_message)
        back.work(self, work, partial(DeedFailed, running))

    @property
    def _stands_on(self) -> int | None:
        """The contact under the cursor."""
        row = self.table.cursor_contact
        return None if row is None else row.id

    def _busy(self) -> bool:
        """Says so, too."""
        if self._under_way is not None:
            say(self, f"Still busy: {self._under_way.deed.name}.", severity="warning")
        return self._under_way is not None

    def _begin(self, running: Running) -> None:
        self._under_way = running
        self.strip.begin(running)

    @property
    def _last(self) -> Deed | None:
        """The last act, in whatever place it was done."""
        return cast("Places", self.parent).last_deed

    @_last.setter
    def _last(self, deed: Deed) -> None:
        cast("Places", self.parent).last_deed = deed

    @on(Progress)
    def progressed(self, event: Progress) -> None:
        """The strip tells how far it is."""
        event.stop()
        event.running.done, event.running.total = event.done, event.total
        self.strip.report(event.running)

    @on(Done)
    def carried_out(self, event: Done) -> None:
        """Tell what became of it."""
        event.stop()
        self._over()
        if event.running.deed.leaves:
            self._unmark(event.running.target)
        undo = "" if event.running.deed.asked else backstage(self).keymap.key_of("desk.undo")
        telling = tell(event.outcomes, undo)
        quiet = event.running.deed.quiet and event.running.total == 1 and not telling.warning
        if telling.text and not quiet:
            say(self, telling.text, severity="warning" if telling.warning else "information")

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

    @on(DeedFailed)
    def deed_failed(self, event: DeedFailed) -> None:
        """The frame tells why; here it is only over."""
        event.stop()
        self._over()
        self.post_message(WorkFailed(event.error))

    def _unmark(self, target: Target) -> None:
        # They have left the list, so that marks on them would only puzzle.
        if target.view is None:
            self.table.unmark(target.ids)
        else:
            self.table.clear_marks()

    def _over(self) -> None:
        self._under_way = None
        self.strip.end()
        self.table.refresh_from_store()
        if self._next:
            self._start(*self._next.popleft())


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
