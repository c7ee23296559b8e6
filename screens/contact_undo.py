"""Taking back and doing again: undo, redo, the list of one's acts, the last act, the last group."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from screens.acting import Deed, Running, reporter, tell
from screens.backstage import backstage, say
from screens.contact_acts import moving
from screens.contact_notes import ContactNotes
from screens.move_to import Destination
from storage.words import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.changes import ChangeRow
    from storage.store import Store
    from storage.words import Actor, Outcome


class Turned(Message):
    """An act was undone or done again."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class ActsRead(Message):
    """What the person did last was read."""

    def __init__(self, acts: Sequence[ChangeRow]) -> None:
        super().__init__()
        self.acts = acts


class Remembered(Message):
    """What the person did last, also before this start, to be done again."""

    def __init__(self, deed: Deed | None, target: Target, otherwise: str) -> None:
        super().__init__()
        self.deed = deed
        self.target = target
        self.otherwise = otherwise


class ContactUndo(ContactNotes):
    """The verbs that look back."""

    def action_desk_undo(self) -> None:
        """Take back the latest act."""
        self._turn("undo", self.overview.undo)

    def action_desk_redo(self) -> None:
        """Do again what was undone last."""
        self._turn("redo", self.overview.redo)

    def _turn(self, verb: str, name: str, change_id: int | None = None) -> None:
        job = partial(_turn, again=verb == "redo", change_id=change_id)
        self.work_on(f"{verb}: {name}" if name else verb, 0, job)

    @on(Turned)
    def turned(self, event: Turned) -> None:
        """Say by name what was turned back, and what was not and why."""
        event.stop()
        self._over()
        telling = tell([event.outcome])
        say(self, telling.text, severity="warning" if telling.warning else "information")

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
                self._turn("undo", names[change_id], change_id)

        self.app.push_screen(OwnActs(event.acts), chosen)

    def action_contact_repeat(self) -> None:
        """The last act, here."""
        target = self._target()
        if self._last is not None:
            self._do(self._last, target)
        elif not self._nothing_in(target):
            back = backstage(self)
            back.work(self, partial(_last_act, who=back.actor, target=target))

    def action_contact_move_again(self) -> None:
        """Move to the group that was moved to last."""
        target = self._target()
        if not self._nothing_in(target):
            back = backstage(self)
            back.work(self, partial(_last_group, who=back.actor, target=target))

    @on(Remembered)
    def remembered(self, event: Remembered) -> None:
        """Do it."""
        event.stop()
        if event.deed is None:
            say(self, event.otherwise)
        else:
            self._do(event.deed, event.target)


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
        return Turned(undo.redo(store, who, progress=progress, cancel=cancel))
    return Turned(undo.undo(store, who, change_id, progress=progress, cancel=cancel))


def _read_acts(store: Store, *, who: Actor) -> ActsRead:
    from storage import undo

    with store.read() as conn:
        return ActsRead(undo.recent(conn, who))


def _last_act(store: Store, *, who: Actor, target: Target) -> Remembered:
    from storage import undo
    from storage.sentences import name_of

    with store.read() as conn:
        act = undo.last_act(conn, who)
        name = name_of(act.verb, 1, act.subject(conn)) if act is not None else ""
    if act is None:
        return Remembered(None, target, "Nothing to repeat yet.")
    deed = Deed(name, lambda _conn, _who: (act,), leaves=act.verb in ("move", "delete"))
    return Remembered(deed, target, "")


def _last_group(store: Store, *, who: Actor, target: Target) -> Remembered:
    from storage import undo

    with store.read() as conn:
        found = undo.last_group(conn, who)
    if found is None:
        return Remembered(None, target, "You have moved nobody to a group that is still there.")
    return Remembered(moving(Destination(*found)), target, "")
