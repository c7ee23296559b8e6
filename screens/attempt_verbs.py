"""What can be done about an attempt: mend, send again, map, go to its contact."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message
from textual.widget import Widget

from screens.asked import ContactAsked
from screens.backstage import backstage, copy, say

if TYPE_CHECKING:
    from screens.lead_tools import LeadTools
    from storage.attempts import AttemptRow
    from storage.errors import OptdeskError
    from storage.mapping_rules import Replayed
    from storage.store import Store
    from storage.words import Actor

_REFUSED = frozenset(("attempt.mend", "attempt.replay"))


class Resent(Message):
    """A refused attempt went through the door's checks again."""

    def __init__(self, what: Replayed) -> None:
        super().__init__()
        self.what = what


class NotResent(Message):
    """It could not be sent again."""

    def __init__(self, error: OptdeskError) -> None:
        super().__init__()
        self.error = error


class AttemptVerbs(Widget):
    """Carries out the verbs of the intake log and of an open attempt."""

    @property
    @abstractmethod
    def attempt(self) -> AttemptRow | None:
        """The attempt that the verbs are about."""

    @staticmethod
    def idle_for(row: AttemptRow) -> frozenset[str]:
        """Verbs that make no sense for an attempt."""
        idle = frozenset() if row.outcome == "refused" else _REFUSED
        if row.contact_id is None:
            idle |= {"attempt.contact"}
        return idle if row.door == "hook" else idle | {"attempt.map"}

    def action_attempt_mend(self) -> None:
        """Change the body of a refused attempt and send it again."""
        row = self._refused()
        if row is None:
            return
        from screens.mend import Mend

        def sent(what: Replayed | None) -> None:
            if what is not None:
                self.post_message(Resent(what))

        self.app.push_screen(Mend(row), sent)

    def action_attempt_replay(self) -> None:
        """Send a refused attempt again as it is."""
        row = self._refused()
        if row is not None:
            back = backstage(self)
            job = partial(send_again, tools=back.lead_tools, row=row, body=None, who=back.actor)
            back.work(self, lambda store: Resent(job(store)), NotResent)

    def action_attempt_map(self) -> None:
        """Say which value of the body is what."""
        row = self.attempt
        if row is None:
            return
        if row.door != "hook":
            say(self, "Only requests at the hook door are mapped; the API door names its fields.")
            return
        from screens.mapping import Mapping

        def saved(sentence: str | None) -> None:
            if sentence:
                say(self, sentence)

        self.app.push_screen(Mapping(row), saved)

    def action_attempt_contact(self) -> None:
        """Go to the contact that it became."""
        row = self.attempt
        if row is None:
            return
        if row.contact_id is None:
            say(self, "This attempt became no contact.")
        else:
            self.post_message(ContactAsked(row.contact_id))

    def action_attempt_copy(self) -> None:
        """Copy the request id."""
        row = self.attempt
        if row is not None:
            copy(self, row.request_id, row.request_id)

    def _refused(self) -> AttemptRow | None:
        row = self.attempt
        if row is not None and row.outcome != "refused":
            say(self, f"This attempt was {row.outcome}; only refused ones are sent again.")
            return None
        return row

    @on(Resent)
    def resent(self, event: Resent) -> None:
        """Say what became of it."""
        event.stop()
        refused = event.what.outcome == "refused"
        say(
            self,
            event.what.sentence,
            title="Refused again" if refused else "Sent again",
            severity="warning" if refused else "information",
        )

    @on(NotResent)
    def not_resent(self, event: NotResent) -> None:
        """Say why."""
        event.stop()
        say(self, str(event.error), title=event.error.title, severity="warning")


def send_again(
    store: Store, *, tools: LeadTools, row: AttemptRow, body: str | None, who: Actor
) -> Replayed:
    """Sends a refused attempt through its door again. For background threads."""
    return tools.replay(store, row.id, body, who)
