"""Contacts > Do Not Contact: the numbers that must not be texted, and by whose word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.message import Message

from screens.acting import REPORT_EVERY, Deed, DeedFailed, Progress, Running
from screens.ask import Ask, Field, ask
from screens.backstage import WorkFailed, backstage, say
from screens.clock import BRIEF, in_brief
from screens.commands import ActsOn, Context, verbs_in
from screens.keymap import bindings
from screens.log_place import LogPlace
from screens.progress_strip import ProgressStrip
from storage.words import Target
from widgets.display import titled
from widgets.finding import once
from widgets.log_columns import Cell, Column
from widgets.log_reader import Unhurried
from widgets.log_window import Page
from widgets.phones import international

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.acts import Act
    from storage.dnc_import import Imported, ImportRow
    from storage.dnc_pages import Entry
    from storage.number_lists import Line
    from storage.store import Store
    from storage.words import Actor

MOST_TOLD = 500
"""Skipped lines that are shown; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry with a number for its place in the list. Its texts are untrusted."""

    id: int
    phone: str
    source: str
    reason: str
    actor: str
    at: datetime
    releasable: bool


class Entries(Unhurried):
    """The entries that a search lets through."""

    def __init__(self, store: Store, search: str) -> None:
        self._store = store
        self._search = search

    def page(self, *, before: int | None, after: int | None, limit: int) -> Page[Listed]:
        """See `widgets.log_reader.Pages`."""
        from storage import dnc_pages

        with self._store.read() as conn:
            found = dnc_pages.window(
                conn, search=self._search, before=before, after=after, limit=limit
            )
        return Page(tuple(map(_listed, found.rows)), found.on)

    def newest(self) -> int:
        """See `widgets.log_reader.Pages`."""
        page = Entries(self._store, "").page(before=None, after=None, limit=1)
        return page.rows[0].id if page.rows else 0


def _listed(entry: Entry) -> Listed:
    return Listed(
        entry.place,
        entry.phone or "",
        entry.source,
        entry.reason,
        entry.actor,
        entry.at,
        entry.releasable,
    )


class Changed(Message):
    """An entry was added or released."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class ImportAsked(Message):
    """The person has said which file."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__()
        self.path = path
        self.reason = reason


class ImportDone(Message):
    """A list was taken in, as far as it came."""

    def __init__(self, name: str, done: Imported, skipped: Sequence[Line]) -> None:
        super().__init__()
        self.name = name
        self.done = done
        self.skipped = tuple(skipped)


class ImportsRead(Message):
    """The lists that were taken in were read."""

    def __init__(self, lists: Sequence[ImportRow]) -> None:
        super().__init__()
        self.lists = tuple(lists)


class DoNotContact(LogPlace):
    """All entries, the newest first."""

    BINDINGS: ClassVar = bindings(Context.LOG, Context.DNC)
    contexts = (Context.DNC, Context.LOG)
    takes_back = True
    title = "Do Not Contact"
    strip = once(ProgressStrip)
    columns: ClassVar[tuple[Column[Any], ...]] = (
        Column("Number", 17, 17, lambda row: Cell(_shown(row.phone), _tone(row))),
        Column("By", 7, 8, lambda row: Cell(row.source), goes=2),
        Column("Reason", 10, 0, lambda row: Cell(row.reason)),
        Column("Who", 8, 14, lambda row: Cell(row.actor, "dim"), goes=1),
        Column("When", BRIEF, BRIEF, lambda row: Cell(in_brief(row.at), "dim"), goes=3),
    )

    _under_way: Running | None = None

    def compose(self) -> ComposeResult:
        """The list, and how far an import has got."""
        yield from super().compose()
        yield ProgressStrip()

    def pages(self) -> Entries:
        """The entries that the search lets through."""
        store = backstage(self).store
        assert store is not None  # noqa: S101 - asked for only when it is open
        return Entries(store, self.searched)

    def nothing(self) -> tuple[str, str]:
        """Why it is empty."""
        keymap = backstage(self).keymap
        if self.searched:
            back = keymap.key_of("log.escape")
            return f"No entry matches “{titled(self.searched)}”.", f"{back} clears the search."
        add, take = keymap.key_of("dnc.add"), keymap.key_of("dnc.import")
        return "Nobody is on the Do Not Contact list.", f"{add} adds a number, {take} a whole list."

    @property
    def idle_verbs(self) -> frozenset[str]:
        """Only what people put there can be released; logs are filtered, this list is searched."""
        row = self.table.row
        here = verbs_in(Context.DNC) + verbs_in(Context.LOG)
        idle = {each.id for each in here if row is None and each.acts_on is not ActsOn.NOTHING}
        return frozenset(idle | {"log.filter"})

    def open_row(self, row: Listed) -> None:
        """What became of the number."""
        if not row.phone:
            say(self, "Only a hash of that number is kept: the person was erased.")
            return
        from screens.where import WhereIs

        def wished(wish: Message | None) -> None:
            if wish is not None:
                self.post_message(wish)

        self.app.push_screen(WhereIs(row.phone), wished)

    def action_log_filter(self) -> None:
        """This list is searched: a source is a word like any other."""
        self.action_list_search()

    def action_log_escape(self) -> None:
        """Stop an import; else back one layer."""
        if self._under_way is None:
            super().action_log_escape()
        else:
            self._under_way.cancel.set()
            self.strip.report(self._under_way)

    # One number.

    def action_dnc_add(self) -> None:
        """Ask for the number, then put it on the list."""
        fields = [
            Field("phone", "Number", "such as +1 415 555 0123"),
            Field("reason", "Reason", "for people to read", required=False),
        ]
        intro = (
            "Its contact leaves the queue and its group at once and is never texted. Undo does not"
            " take that back; only a release with a reason does."
        )
        job = partial(_add, backstage(self).actor)
        ask(self, Ask("Add to Do Not Contact", fields, job, intro=intro, doing="add"))

    def action_dnc_release(self) -> None:
        """Ask why, then release the number under the cursor."""
        row: Listed | None = self.table.row
        if row is None:
            return
        if not row.phone:
            say(self, "That number was erased and is never texted again.", severity="warning")
            return
        fields = [Field("reason", "Reason", "goes on record")]
        intro = (
            "It may be texted again, and its contact goes back to where it stood. Undo does not"
            " take that back; putting the number on the list again does."
        )
        job = partial(_release, backstage(self).actor, row.phone)
        ask(self, Ask(f"Release {_shown(row.phone)}", fields, job, intro=intro, doing="release"))

    @on(Changed)
    def changed(self, event: Changed) -> None:
        """Say so."""
        event.stop()
        self.table.refresh_from_store()
        self.show_view()
        say(self, event.sentence)

    # Whole lists.

    def action_dnc_import(self) -> None:
        """Ask for a file, then take it in."""
        if self._under_way is not None:
            say(self, "Still busy with another list.", severity="warning")
            return
        fields = [
            Field("path", "File", "CSV or plain: E.164, 10 digits, or area,number"),
            Field("reason", "Reason", "for people to read", required=False),
        ]
        intro = (
            "The whole file is looked through before anything is changed. Undo does not take it"
            " back: numbers are released one by one, each with a reason."
        )
        title = "Import a Do Not Contact list"
        ask(self, Ask(title, fields, _file_named, intro=intro, doing="import"))

    @on(ImportAsked)
    def import_asked(self, event: ImportAsked) -> None:
        """Take it in, with progress; esc stops it."""
        event.stop()
        back = backstage(self)
        self._under_way = running = Running(
            Deed(f"import {event.path.name}", _nothing, before="looking through the file"),
            Target(),
            0,
        )
        self.strip.begin(running)
        job = partial(
            _take_in,
            who=back.actor,
            path=event.path,
            reason=event.reason,
            running=running,
            report=self.post_message,
        )
        back.work(self, job, partial(DeedFailed, running))

    @on(Progress)
    def progressed(self, event: Progress) -> None:
        """The strip tells how far it is."""
        event.stop()
        event.running.done, event.running.total = event.done, event.total
        self.strip.report(event.running)

    @on(DeedFailed)
    def import_failed(self, event: DeedFailed) -> None:
        """The frame tells why."""
        event.stop()
        self._over()
        self.post_message(WorkFailed(event.error))

    @on(ImportDone)
    def import_done(self, event: ImportDone) -> None:
        """Show what came of it, with every line that was skipped."""
        event.stop()
        self._over()
        from screens.import_report import ImportReport

        self.app.push_screen(ImportReport(event.name, event.done, event.skipped))

    def _over(self) -> None:
        self._under_way = None
        self.strip.end()
        self.show_view()

    def action_dnc_lists(self) -> None:
        """The lists that were taken in, and how old they are."""
        backstage(self).work(self, _read_lists)

    @on(ImportsRead)
    def lists_read(self, event: ImportsRead) -> None:
        """Show them."""
        event.stop()
        from screens.import_report import ImportedLists

        self.app.push_screen(ImportedLists(event.lists))


def _shown(phone: str) -> str:
    return international(phone) if phone else "hash only"


def _tone(row: Listed) -> str:
    return "plain" if row.phone else "dim"


def _nothing(_conn: Connection, _who: Actor) -> Sequence[Act]:
    return ()


def _add(who: Actor, store: Store, values: Mapping[str, str]) -> Message:
    from storage import suppressions
    from storage.spelling import canonical

    def add(conn: Connection) -> tuple[str, int]:
        phone = canonical(conn, values["phone"])
        return phone, suppressions.add(conn, who, [phone], reason=values["reason"])

    phone, added = store.do(add)
    shown = _shown(phone)
    return Changed(f"{shown} is on the list." if added else f"{shown} is on the list already.")


def _release(who: Actor, phone: str, store: Store, values: Mapping[str, str]) -> Message:
    from storage import do_not_contact

    store.do(lambda conn: do_not_contact.release(conn, who, phone, values["reason"]))
    return Changed(f"{_shown(phone)} is released.")


def _file_named(_store: Store, values: Mapping[str, str]) -> Message:
    from storage.errors import Refused
    from storage.paths import spelled_out

    path = spelled_out(values["path"])
    if not path.is_file():
        raise Refused(f"There is no file “{path}”.")
    return ImportAsked(path, values["reason"])


def _take_in(
    store: Store,
    *,
    who: Actor,
    path: Path,
    reason: str,
    running: Running,
    report: Callable[[Message], object],
) -> Message:
    import time

    from storage import dnc_import
    from storage.access import load_access

    with store.read() as conn:
        region = load_access(conn).default_region
    skipped: list[Line] = []
    last = 0.0

    def skip(line: Line) -> None:
        if len(skipped) < MOST_TOLD:
            skipped.append(line)

    def progress(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= REPORT_EVERY:
            last = time.monotonic()
            report(Progress(running, done, total))

    done = dnc_import.take_in_list(
        store,
        who,
        path,
        region=region,
        reason=reason,
        skipped=skip,
        progress=progress,
        cancel=running.cancel,
    )
    return ImportDone(path.name, done, skipped)


def _read_lists(store: Store) -> ImportsRead:
    from storage import dnc_import

    with store.read() as conn:
        return ImportsRead(dnc_import.imports(conn))
