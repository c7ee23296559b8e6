"""Carrying out acts on the contacts of a list, one after the other, and telling of them."""

from __future__ import annotations

import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, cast

from textual import on
from textual.reactive import reactive

from screens.acting import (
    Deed,
    DeedFailed,
    Done,
    LongJob,
    Progress,
    Running,
    carry_out,
    named,
    tell,
)
from screens.backstage import WorkFailed, backstage, say
from screens.open_contact import OpenContact
from screens.progress_strip import ProgressStrip
from storage.words import ContactRow, Place, Target, View
from widgets.display import clean, cut, plural, titled
from widgets.finding import once

if TYPE_CHECKING:
    from screens.places import Places

FEW = 10
"""Contacts that an act is soon through with; the next one may wait for it."""

MOST_NEXT = 32
"""Acts that wait."""


NAME_CELLS = 24
"""Cells that a name takes in a toast at most."""


class CarryingOut(OpenContact):
    """Does one thing at a time, in the background; what is asked for meanwhile waits its turn."""

    view: reactive[View] = reactive(View, init=False, repaint=False)
    """What is shown: place, search and order in one value. The parts paint what changes in them."""

    strip = once(ProgressStrip)

    _under_way: Running | None = None
    _next: deque[tuple[Running, LongJob]]
    """What waits for the act before it."""

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
        return titled(self._name_of(target)) or plural(self._how_many(target), "contact")

    def _name_of(self, target: Target) -> str:
        """What the contact is called, cleaned, where it is one and on the screen; else nothing."""
        if len(target.ids) == 1:
            for row in (self.table.cursor_contact, *self.table.visible_rows):
                if row is not None and row.id in target.ids:
                    return clean(row.name or row.phone)
        return ""

    def _nothing_in(self, target: Target) -> bool:
        return target.view is None and not target.ids

    def _do(self, deed: Deed, target: Target) -> None:
        if self._nothing_in(target):
            return
        # Who was acted on may have left meanwhile, and the cursor with them.
        stands_there = not self.table.marks_count and self._stands_on in target.ids
        running = self._made_of(deed, target)
        job = partial(carry_out, seen=self.view)
        if not self._in_turn(running, job):
            return
        if not deed.asked:
            self._last = deed
        store = backstage(self).store
        if store is not None and store.read_only:
            return  # It will be refused: then the cursor stays on whom it was about.
        if stands_there and not (deed.leaves and self.view.place is not Place.ALL):
            self.table.action_cursor_down()

    def _made_of(self, deed: Deed, target: Target) -> Running:
        whom = cut(self._name_of(target), NAME_CELLS)
        return Running(deed, target, self._how_many(target), whom=whom)

    def work_on(self, name: str, total: int, job: LongJob) -> None:
        """Does something long in the background, with progress; esc stops it.

        Args:
            name: What it is, such as `merge “Spring”`. May quote strangers.
            total: How many contacts it is about, as far as that is known.
            job: What to do; told who does it, what is on its way and where to report to.
        """
        self._in_turn(named(name, total), job)

    def _in_turn(self, running: Running, job: LongJob) -> bool:
        """Does it, or lets it wait for what is soon over; says so where it cannot be done."""
        before = self._under_way
        if before is not None and before.total <= FEW and len(self._next) < MOST_NEXT:
            # Whoever types faster than the disk writes loses nothing.
            self._next.append((running, job))
        elif self._busy():
            return False
        else:
            self._start(running, job)
        return True

    def _busy(self) -> bool:
        """Says so, too."""
        if self._under_way is not None:
            say(self, f"Still busy: {self._under_way.deed.name}.", severity="warning")
        return self._under_way is not None

    def _begin(self, running: Running) -> None:
        self._under_way = running
        self.strip.begin(running)

    def _start(self, running: Running, job: LongJob) -> None:
        running.began, running.stood_on = time.monotonic(), self._stands_on
        self._begin(running)
        back = backstage(self)
        work = partial(job, who=back.actor, running=running, report=self.post_message)
        back.work(self, work, partial(DeedFailed, running))

    @property
    def _stands_on(self) -> int | None:
        """The contact under the cursor."""
        row = self.table.cursor_contact
        return None if row is None else row.id

    @property
    def acting(self) -> bool:
        """Whether something is being done to contacts."""
        return self._under_way is not None

    def stop_acting(self) -> None:
        """Ends it after the step under way; what waits for it is dropped."""
        if self._under_way is not None:
            self._next.clear()
            self._under_way.cancel.set()
            self.strip.report(self._under_way)

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
