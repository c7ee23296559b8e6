"""Doing again: the last act, the last group. Taking back is for the whole frame."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from screens.acting import Deed, Turned, tell_turned
from screens.backstage import backstage, say
from screens.contact_acts import moving
from screens.contact_notes import ContactNotes
from screens.move_to import Destination
from storage.words import Order, Target

if TYPE_CHECKING:
    from storage.glimpses import Key
    from storage.store import Store
    from storage.words import Actor, View


class Remembered(Message):
    """What the person did last, also before this start, to be done again."""

    def __init__(self, deed: Deed | None, target: Target, otherwise: str) -> None:
        super().__init__()
        self.deed = deed
        self.target = target
        self.otherwise = otherwise


class CameBack(Message):
    """It is known whether a contact that an undo brought back is in the list again.

    Args:
        key: Its place; None: the list does not hold it.
        stood_on: The contact that was under the cursor when the person asked for the undo.
    """

    def __init__(self, key: Key | None, stood_on: int | None) -> None:
        super().__init__()
        self.key = key
        self.stood_on = stood_on


class ContactUndo(ContactNotes):
    """The verbs that look back."""

    @on(Turned)
    def turned(self, event: Turned) -> None:
        """Say by name what was turned back, and what was not and why; go to who came back."""
        event.stop()
        self._over()
        tell_turned(self, event.outcome)
        returned = event.outcome.returned
        if returned is not None and self._stands_still(event.running.stood_on):
            oldest, newest = returned
            first = oldest if self.view.order is Order.OLDEST else newest
            stood_on = event.running.stood_on
            job = partial(_look_for, view=self.view, contact_id=first, stood_on=stood_on)
            backstage(self).work(self, job)

    @on(CameBack)
    def came_back(self, event: CameBack) -> None:
        """The cursor goes there, unless the person has gone elsewhere meanwhile."""
        event.stop()
        if event.key is not None and self._stands_still(event.stood_on):
            self.table.go_to(event.key.id, favorite=event.key.favorite)

    def _stands_still(self, stood_on: int | None) -> bool:
        """Whether the cursor is where it was, and nothing else has a claim to it."""
        table = self.table
        return self._stands_on == stood_on and not table.range_active and not table.following

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


def _look_for(store: Store, *, view: View, contact_id: int, stood_on: int | None) -> CameBack:
    from storage.windows import place_in

    with store.read() as conn:
        return CameBack(place_in(conn, view, contact_id), stood_on)


def _last_act(store: Store, *, who: Actor, target: Target) -> Remembered:
    from storage import undo_stack
    from storage.sentences import name_of

    with store.read() as conn:
        act = undo_stack.last_act(conn, who)
        name = name_of(act.verb, 1, act.subject(conn)) if act is not None else ""
    if act is None:
        return Remembered(None, target, "Nothing to repeat yet.")
    deed = Deed(name, lambda _conn, _who: (act,), leaves=act.verb in ("move", "delete"))
    return Remembered(deed, target, "")


def _last_group(store: Store, *, who: Actor, target: Target) -> Remembered:
    from storage import undo_stack

    with store.read() as conn:
        found = undo_stack.last_group(conn, who)
    if found is None:
        return Remembered(None, target, "You have moved nobody to a group that is still there.")
    return Remembered(moving(Destination(*found)), target, "")
