"""Undo and redo, wherever the person is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding
from textual.message import Message

from screens.acting import (
    DeedFailed,
    LongJob,
    Progress,
    Running,
    Turned,
    WorkOver,
    named,
    reporter,
    tell_turned,
)
from screens.asked import WorkAsked
from screens.backstage import WorkFailed, backstage, say
from screens.commands import verb
from screens.main_verbs import MainVerbs
from screens.overview import Overview
from screens.progress_strip import ProgressStrip
from widgets.finding import once

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from textual.message_pump import MessagePump

    from storage.changes import ChangeRow
    from storage.store import Store
    from storage.words import Actor


ELSEWHERE = (
    "Undo takes back what was done to contacts, groups, labels, views and campaigns."
    " Go to a list of contacts or to the campaigns first."
)


class ActsRead(Message):
    """What the person did last was read."""

    def __init__(self, acts: Sequence[ChangeRow]) -> None:
        super().__init__()
        self.acts = acts


class Turning(MainVerbs):
    """The verbs that take back. A list of contacts shows by itself how far that is."""

    BINDINGS: ClassVar = [
        # Before the place, which has uses of its own for the key; given only while there is
        # something to stop.
        Binding(",".join(verb("list.escape").keys), "stop_turning", priority=True, id="list.escape")
    ]

    overview = Overview()
    strip = once(ProgressStrip, "#turning")

    _turning: Running | None = None
    """What is being turned back, or what else a place began that may take long."""

    _asked_by: MessagePump | None = None
    """Who began that."""

    def action_desk_undo(self) -> None:
        """Take back the latest act."""
        self.turn("undo", self.overview.undo)

    def action_desk_redo(self) -> None:
        """Do again what was undone last."""
        self.turn("redo", self.overview.redo)

    def turn(self, how: str, name: str, change_id: int | None = None) -> None:
        """Undoes an act, or does it again, where that can be seen.

        Args:
            how: `undo` or `redo`.
            name: What the act is called; empty where that is not known yet.
            change_id: Which act to undo; None for the latest.
        """
        from screens.contact_acts import ContactActs

        job = partial(_turn, again=how == "redo", change_id=change_id)
        place = self.places.place
        # Where another act is not over yet, the latest is not the one whose name is known.
        stale = isinstance(place, ContactActs) and place.acting and change_id is None
        said = f"{how}: {name}" if name and not stale else how
        if not place.takes_back:
            say(self, ELSEWHERE, severity="warning")
        elif isinstance(place, ContactActs):
            place.work_on(said, 0, job)
        else:
            self._begin(said, job)

    @on(WorkAsked)
    def work_asked(self, event: WorkAsked) -> None:
        """Show how far something is that a place began."""
        event.stop()
        if self._begin(event.name, event.job):
            self._asked_by = event.owner

    def _begin(self, name: str, job: LongJob) -> bool:
        if self._turning is not None:
            say(self, f"Still busy: {self._turning.deed.name}.", severity="warning")
            return False
        self._turning = running = named(name, 0)
        self.strip.begin(running)
        back = backstage(self)
        work = partial(job, who=back.actor, running=running, report=self.post_message)
        back.work(self, work, partial(DeedFailed, running))
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is not always something to stop."""
        if action == "stop_turning":
            return self._turning is not None
        return super().check_action(action, parameters)

    def action_stop_turning(self) -> None:
        """Stop it after the step under way."""
        if self._turning is not None:
            self._turning.cancel.set()
            self.strip.report(self._turning)

    @on(Progress)
    def turning_progressed(self, event: Progress) -> None:
        """The strip tells how far it is."""
        event.stop()
        event.running.done, event.running.total = event.done, event.total
        self.strip.report(event.running)

    @on(Turned)
    def turned(self, event: Turned) -> None:
        """Say by name what was turned back, and what was not and why."""
        event.stop()
        self._over()
        tell_turned(self, event.outcome)

    @on(WorkOver)
    def work_over(self, event: WorkOver) -> None:
        """Whoever began it says what came of it."""
        event.stop()
        asked_by = self._asked_by
        self._over()
        if asked_by is not None:
            asked_by.post_message(event.news)

    @on(DeedFailed)
    def turning_failed(self, event: DeedFailed) -> None:
        """Say why not."""
        event.stop()
        self._over()
        self.post_message(WorkFailed(event.error))

    def _over(self) -> None:
        self._turning = self._asked_by = None
        self.strip.end()

    # The list of one's acts.

    def action_desk_acts(self) -> None:
        """What the person did last."""
        back = backstage(self)
        back.work(self, partial(_read_acts, who=back.actor))

    @on(ActsRead)
    def acts_read(self, event: ActsRead) -> None:
        """Show them."""
        event.stop()
        from screens.own_acts import OwnActs

        names = {act.id: act.name for act in event.acts}

        def chosen(change_id: int | None) -> None:
            if change_id is not None:
                self.turn("undo", names[change_id], change_id)

        self.app.push_screen(OwnActs(event.acts), chosen)


def _turn(
    store: Store,
    *,
    who: Actor,
    again: bool,
    change_id: int | None,
    running: Running,
    report: Callable[[Message], object],
) -> Turned:
    from storage import undo

    progress = reporter(running, report)
    cancel: threading.Event = running.cancel
    if again:
        return Turned(running, undo.redo(store, who, progress=progress, cancel=cancel))
    return Turned(running, undo.undo(store, who, change_id, progress=progress, cancel=cancel))


def _read_acts(store: Store, *, who: Actor) -> ActsRead:
    from storage import undo_stack

    with store.read() as conn:
        return ActsRead(undo_stack.recent(conn, who))
