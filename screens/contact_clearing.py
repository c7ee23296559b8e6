"""Cleaning up contacts: Do Not Contact, erasing for good, exporting the view."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from screens.acting import Deed, DeedFailed, Done, Running, no_acts, reporter
from screens.ask import Ask, Field, ask
from screens.backstage import backstage, say
from screens.contact_finding import ContactFinding
from storage.errors import Refused
from storage.words import Target
from widgets.display import clean, plural, titled
from widgets.phones import international

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.engine import Connection

    from storage.acts import Act
    from storage.store import Store
    from storage.words import Actor, View

SUPPRESSING = (
    "They leave the Opt-in queue and their group at once, texts that wait are cancelled, and they "
    "are never texted again. Undo does not bring them back; only a release with a reason does."
)

ERASING = (
    "Gone for good: the contact, its messages, notes, evidence, requests and history. Kept: a "
    "keyed hash, so that the number is never texted again, and consent links without content. "
    "Backups are not touched. This cannot be undone."
)

EXPORTING = "A name that ends in .jsonl makes JSON lines. Test numbers are left out."


class Suppress(Message):
    """The person has said why, and means it."""

    def __init__(self, target: Target, reason: str) -> None:
        super().__init__()
        self.target = target
        self.reason = reason


class PersonErased(Message):
    """Somebody was erased."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class ExportAsked(Message):
    """The person has said where to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path


class Exported(Message):
    """An export is over."""

    def __init__(self, running: Running, sentence: str) -> None:
        super().__init__()
        self.running = running
        self.sentence = sentence


class ContactClearing(ContactFinding):
    """The verbs that clean up."""

    # Do Not Contact.

    def action_contact_suppress(self) -> None:
        """Ask, then suppress the marked contacts, else the one under the cursor."""
        target = self._target()
        if self._nothing_in(target):
            return
        title = f"{self._whom(target)} to Do Not Contact"
        fields = [Field("reason", "Reason", "for people to read", required=False)]

        def job(_store: Store, values: Mapping[str, str]) -> Message:
            return Suppress(target, values["reason"])

        ask(self, Ask(title, fields, job, intro=SUPPRESSING, doing="do not contact"))

    @on(Suppress)
    def suppress(self, event: Suppress) -> None:
        """Do it."""
        event.stop()
        acts = partial(_suppressing, event.reason)
        self._do(Deed("Do Not Contact", acts, leaves=True, asked=True), event.target)

    # Erasing.

    def action_contact_erase(self) -> None:
        """Ask for the last four digits, then erase the contact under the cursor."""
        contact = self.table.cursor_contact
        if contact is None:
            return
        title = f"Erase {titled(contact.name or contact.phone)} for good"
        # A small screen covers the row, and nobody knows a stranger's number by heart.
        fields = [Field("digits", f"Last four digits of {international(contact.phone)}")]
        job = partial(_erase, backstage(self).actor, contact.id)
        ask(self, Ask(title, fields, job, intro=ERASING, doing="erase for good"))

    @on(PersonErased)
    def person_erased(self, event: PersonErased) -> None:
        """Say what is gone."""
        event.stop()
        self.table.refresh_from_store()
        say(self, event.sentence)

    # What tests left behind.

    def purge_tests(self) -> None:
        """Delete every test contact, in whatever place it is."""
        self.work_on("delete all test contacts", 0, _purge_tests)

    # Exporting.

    def action_list_export(self) -> None:
        """Ask where to, then write the view to a file."""
        fields = [Field("path", "File", value=str(_proposed(self.view)))]
        title = f"Export “{clean(self.view.description)}”"
        ask(self, Ask(title, fields, _checked, intro=EXPORTING, doing="write the file"))

    @on(ExportAsked)
    def export(self, event: ExportAsked) -> None:
        """Write it, with progress; esc stops it."""
        event.stop()
        if self._busy():
            return
        running = Running(Deed("export", no_acts), Target(), self.table.total or 0)
        self._begin(running)
        job = partial(
            _export, view=self.view, path=event.path, running=running, report=self.post_message
        )
        backstage(self).work(self, job, partial(DeedFailed, running))

    @on(Exported)
    def exported(self, event: Exported) -> None:
        """Say where it is."""
        event.stop()
        self._over()
        say(
            self,
            event.sentence,
            severity="warning" if event.running.cancel.is_set() else "information",
        )


def _suppressing(reason: str, _conn: Connection, who: Actor) -> Sequence[Act]:
    from storage.acts import DoNotContact

    return (DoNotContact(who.name, reason),)


def _purge_tests(
    store: Store, *, who: Actor, running: Running, report: Callable[[Message], object]
) -> Message:
    from storage.acts import Delete
    from storage.bulk import perform, tests_until_now

    progress = reporter(running, report)
    outcome = perform(
        store,
        who,
        Delete(of_tests=True),
        tests_until_now(store),
        progress=progress,
        cancel=running.cancel,
    )
    if outcome.change_id is None:
        raise Refused("There is no test contact.")
    return Done(running, [outcome])


def _erase(who: Actor, contact_id: int, store: Store, values: Mapping[str, str]) -> Message:
    from storage import erase

    done = erase.erase(store, who, contact_id, values["digits"])
    return PersonErased(" ".join(["Erased.", *done.remarks]))


def _proposed(view: View) -> Path:
    """A file in the person's own folder, named after place and day."""
    from storage.paths import spelled_out

    words = "".join(char if char.isascii() and char.isalnum() else " " for char in view.title)
    name = "-".join(words.lower().split())[:40] or "contacts"
    return spelled_out("~") / f"optdesk-{name}-{date.today().isoformat()}.csv"


def _checked(_store: Store, values: Mapping[str, str]) -> Message:
    from storage import export

    return ExportAsked(export.new_file(Path(values["path"])))


def _export(
    store: Store, *, view: View, path: Path, running: Running, report: Callable[[Message], object]
) -> Message:
    from storage import export

    progress = reporter(running, report)
    count = export.to_file(store, view, path, progress=progress, cancel=running.cancel)
    if count is None:
        return Exported(running, "The export was stopped; no file is left.")
    return Exported(
        running, f"{plural(count, 'contact')} written to {path}, for you alone to read."
    )
