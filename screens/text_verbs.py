"""What can be done about a text: judge it, send it again, go to its contact."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from screens.asked import ContactAsked
from screens.backstage import backstage, copy, say
from screens.commands import verb
from screens.confirm import Confirm
from widgets.display import clean

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from storage.store import Store
    from storage.text_log import TextRow
    from storage.words import Actor


class TextSettled(Message):
    """Something was done about a text."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class TextVerbs(Widget):
    """Carries out the verbs of the log of texts and of an open text."""

    @property
    @abstractmethod
    def shown_text(self) -> TextRow | None:
        """The text that the verbs are about."""

    @staticmethod
    def idle_for(row: TextRow) -> frozenset[str]:
        """Verbs that make no sense for a text."""
        idle = set() if row.review == "open" else {"text.opt_out", "text.dismiss"}
        if row.status != "unknown":
            idle |= {"text.resend", "text.arrived"}
        return frozenset(idle if row.contact_id else idle | {"text.contact"})

    def action_text_opt_out(self) -> None:
        """It is an opt-out: obey it."""
        self._judge(confirmed=True)

    def action_text_dismiss(self) -> None:
        """It is no opt-out: let it be."""
        self._judge(confirmed=False)

    def _judge(self, *, confirmed: bool) -> None:
        row = self.shown_text
        if row is None:
            return
        if row.review != "open":
            said = f"was {row.review} already" if row.review else "does not wait for a judgement"
            say(self, f"This text {said}.")
            return
        who = backstage(self).actor
        backstage(self).work(self, partial(_judged, who=who, ident=row.id, confirmed=confirmed))

    def action_text_resend(self) -> None:
        """Send a text of unknown fate again, after asking."""
        self._settle(
            "text.resend",
            "Send this text again?",
            "Look for it at your provider first: if it was sent, it arrives twice.",
            _resent,
        )

    def action_text_arrived(self) -> None:
        """Note that a text of unknown fate went out, after asking."""
        self._settle(
            "text.arrived",
            "Did this text go out?",
            "If your provider shows it, it counts as sent, and is not sent again.",
            _arrived,
        )

    def _settle(self, verb_id: str, question: str, step: str, job: Callable[..., Message]) -> None:
        row = self.shown_text
        if row is None:
            return
        if row.status != "unknown":
            say(self, f"The fate of this text is known: {row.status}.")
            return
        work = partial(job, who=backstage(self).actor, ident=row.id)
        consequence = (
            f"It was handed over for {row.phone}, but the answer was lost. {step} "
            "This cannot be undone."
        )
        asked = Confirm(verb(verb_id), Content(question), Content(clean(consequence)))
        self.app.push_screen(asked, lambda yes: backstage(self).work(self, work) if yes else None)

    def action_text_contact(self) -> None:
        """Go to the contact."""
        row = self.shown_text
        if row is None:
            return
        if row.contact_id:
            self.post_message(ContactAsked(row.contact_id))
        else:
            say(self, "This number is no contact's.")

    def action_text_copy(self) -> None:
        """Copy the number."""
        row = self.shown_text
        if row is not None:
            copy(self, row.phone, row.phone)

    @on(TextSettled)
    def text_settled(self, event: TextSettled) -> None:
        """Say so."""
        event.stop()
        say(self, event.sentence)


def _judged(store: Store, *, who: Actor, ident: int, confirmed: bool) -> TextSettled:
    from storage import reviews

    def judge(conn: Connection) -> reviews.ReviewRow:
        return (reviews.confirm_review if confirmed else reviews.dismiss_review)(conn, who, ident)

    row = store.do(judge)
    if confirmed:
        return TextSettled(f"{row.phone} is opted out; nothing more is texted to it.")
    return TextSettled(f"{row.phone} stays opted in.")


def _resent(store: Store, *, who: Actor, ident: int) -> TextSettled:
    from storage import messages

    row = store.do(lambda conn: messages.resend(conn, who, ident))
    return TextSettled(f"The text to {row.phone} goes out again.")


def _arrived(store: Store, *, who: Actor, ident: int) -> TextSettled:
    from storage import messages

    row = store.do(lambda conn: messages.arrived(conn, who, ident))
    return TextSettled(f"Noted: the text to {row.phone} went out.")
