"""Activity > Intake log: every authenticated attempt and what became of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.message import Message

from screens.attempt_verbs import AttemptVerbs
from screens.backstage import backstage
from screens.clock import BRIEF, in_brief
from screens.commands import ActsOn, Context, verbs_in
from screens.empty import nothing_matches
from screens.keymap import bindings
from screens.log_place import LogPlace
from storage.glimpses import GaveUp, Patience
from storage.refusals import in_words
from storage.words import AttemptView
from widgets.log_columns import Cell, Column
from widgets.log_window import Page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.attempts import AttemptRow
    from storage.store import Store

FIRST_PATIENCE = 0.012
"""Seconds until the first rows of a search are shown, if there are any by then."""
MORE_PATIENCE = 0.1
"""The same for those that follow."""

SENDER_DAYS = 30
"""Senders seen in so many days can be filtered by."""

_TONES = {"accepted": "good", "duplicate": "dim", "refused": "bad"}


class SendersRead(Message):
    """Who sent lately was read."""

    def __init__(self, senders: Mapping[str, str]) -> None:
        super().__init__()
        self.senders = senders


class AttemptPages:
    """The intake log as a view lets it through."""

    def __init__(self, store: Store, view: AttemptView) -> None:
        from storage.attempt_search import People

        self._store = store
        self._view = view
        self._people = People()
        self._patience = Patience()
        self._given_up = False

    def page(self, *, before: int | None, after: int | None, limit: int) -> Page[AttemptRow]:
        """See `widgets.log_reader.Pages`."""
        from storage import attempts

        first = before is None and after is None
        self._patience = Patience(FIRST_PATIENCE if first else MORE_PATIENCE)
        if self._given_up:
            raise GaveUp
        with self._store.read() as conn:
            found = attempts.page(
                conn,
                self._view,
                before=before,
                after=after,
                limit=limit,
                patience=self._patience,
                people=self._people,
            )
        return Page(found.rows, found.next)

    def give_up(self) -> None:
        """See `widgets.log_reader.Pages`. Called from the thread that paints."""
        self._given_up = True
        self._patience.give_up()

    def newest(self) -> int:
        """See `widgets.log_reader.Pages`."""
        from storage import attempts

        with self._store.read() as conn:
            return attempts.newest(conn)


def _why(row: AttemptRow) -> Cell:
    who = row.name or row.phone
    said = (row.why, who) if row.outcome == "refused" else (who, row.why)
    return Cell(" · ".join(part for part in said if part))


class IntakeLog(LogPlace, AttemptVerbs):
    """All attempts, the newest first."""

    BINDINGS: ClassVar = bindings(Context.LOG, Context.INTAKE)
    contexts = (Context.LOG, Context.INTAKE)
    title = "Intake log"
    told_whole = True
    columns: ClassVar[tuple[Column[Any], ...]] = (
        Column("Time", BRIEF, BRIEF, lambda row: Cell(in_brief(row.at), "dim"), goes=3),
        Column("Outcome", 9, 9, lambda row: Cell(row.outcome, _TONES.get(row.outcome, "plain"))),
        Column("Door", 4, 7, lambda row: Cell(row.door, "dim"), goes=1),
        Column("Sender", 8, 14, lambda row: Cell(row.sender or row.user_agent, "dim"), goes=2),
        Column("Who, or why not", 22, 0, _why),
    )

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._view = AttemptView()

    # What the log shows.

    def pages(self) -> AttemptPages:
        """The attempts that the filter and the search let through."""
        store = backstage(self).store
        assert store is not None  # noqa: S101 - asked for only when it is open
        return AttemptPages(store, self._view.searching(self.searched))

    @property
    def filter_word(self) -> str:
        """What the filter lets through."""
        view = self._view
        why = in_words(view.code, "").lower() if view.code else ""
        return " ".join(part for part in (view.outcome, view.door, view.sender, why) if part)

    def nothing(self) -> tuple[str, str]:
        """Why it is empty."""
        keymap = backstage(self).keymap
        back = keymap.key_of("log.escape")
        if self.searched:
            return nothing_matches(self.searched, back)
        if self.filter_word:
            return f"No attempt is {self.filter_word}.", f"{back} shows all attempts."
        return "No attempt yet.", "Each request with a valid key or URL is listed here."

    def clear_filter(self) -> bool:
        """Lets everything through."""
        filtered = bool(self.filter_word)
        self._view = AttemptView()
        return filtered

    def only(self, view: AttemptView) -> None:
        """Shows what another filter lets through."""
        self._view = view
        self.show_view()

    @property
    def idle_verbs(self) -> frozenset[str]:
        """Only the hook door's attempts can be mapped, only refused ones mended."""
        row = self.table.row
        if row is None:
            here = verbs_in(Context.INTAKE) + verbs_in(Context.LOG)
            return frozenset(each.id for each in here if each.acts_on is not ActsOn.NOTHING)
        return self.idle_for(row)

    @property
    def attempt(self) -> AttemptRow | None:
        """The attempt under the cursor."""
        row: AttemptRow | None = self.table.row
        return row

    def open_row(self, row: AttemptRow) -> None:
        """Shows an attempt whole."""
        from screens.attempt import OpenAttempt

        def left(wish: Message | None) -> None:
            if wish is not None:
                self.post_message(wish)

        self.app.push_screen(OpenAttempt(row), left)

    # What the keys do.

    def action_log_filter(self) -> None:
        """Ask what to let through; who sent lately is read first."""
        backstage(self).work(self, partial(_read_senders))

    @on(SendersRead)
    def senders_read(self, event: SendersRead) -> None:
        """Offer the choices."""
        event.stop()
        from screens.attempt_filter import AttemptFilter

        def chosen(view: AttemptView | None) -> None:
            if view is not None:
                self.only(replace(view, search=""))

        self.app.push_screen(AttemptFilter(self._view, event.senders), chosen)


def _read_senders(store: Store) -> SendersRead:
    from datetime import timedelta

    from storage import attempts
    from storage.times import now

    with store.read() as conn:
        found = attempts.recent_senders(conn, now() - timedelta(days=SENDER_DAYS))
    return SendersRead({each.sender: each.title for each in found if each.sender})
