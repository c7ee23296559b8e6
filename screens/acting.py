"""Carrying out acts on contacts: in the background, with progress, and told in one sentence."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from textual.message import Message
from textual.message_pump import MessagePump

from screens.backstage import say
from storage.errors import OptdeskError
from storage.words import Actor, Outcome, Target, View
from widgets.display import plural

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from storage.acts import Act
    from storage.store import Store

REPORT_EVERY = 0.1
"""Seconds between two reports of progress."""

QUICK = 1.0
"""Seconds after which a person has gone on to something else."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that can be done to contacts, and done again."""

    name: str
    """As the person asked for it, such as `move to “Spring”`. May quote strangers."""
    acts: Callable[[Connection, Actor], Sequence[Act]]
    """Makes the acts inside a transaction: a new group or label is made there."""
    leaves: bool = False
    """Whether contacts leave the list by it."""
    quiet: bool = False
    """Whether the row itself shows it, so that a toast for one contact would only be noise."""
    asked: bool = False
    """Whether the person was asked first, because it cannot be undone: then it is not repeated."""
    before: str = ""
    """What is going on while it is not known how much there is to do."""


@dataclass(slots=True)
class Running:
    """A deed on its way."""

    deed: Deed
    target: Target
    total: int
    cancel: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)
    done: int = 0
    stood_on: int | None = None
    """The contact that was under the cursor when it began."""
    whom: str = ""
    """What the contact is called where it is one and known: cleaned, cut to fit a toast."""

    @property
    def seconds(self) -> float:
        """How long it has been on its way."""
        return time.monotonic() - self.began

    @property
    def per_second(self) -> float:
        """How many contacts a second so far."""
        return self.done / max(0.001, self.seconds)


class Progress(Message):
    """A deed has got so far."""

    def __init__(self, running: Running, done: int, total: int) -> None:
        super().__init__()
        self.running = running
        self.done = done
        self.total = total


class Done(Message):
    """A deed was carried out."""

    def __init__(self, running: Running, outcomes: Sequence[Outcome]) -> None:
        super().__init__()
        self.running = running
        self.outcomes = tuple(outcomes)


class LabelWorked(Done):
    """A label was renamed, deleted or merged into another.

    Args:
        running: That deed.
        outcomes: What came of it.
        finished: Called once the person is through with labels.
    """

    def __init__(
        self, running: Running, outcomes: Sequence[Outcome], finished: Callable[[], None]
    ) -> None:
        super().__init__(running, outcomes)
        self.done = finished


class GroupMerged(Done):
    """A group was merged into another, or some of it was moved there."""

    def __init__(
        self, running: Running, outcomes: Sequence[Outcome], group_id: int, into_id: int
    ) -> None:
        super().__init__(running, outcomes)
        self.group_id = group_id
        self.into_id = into_id


class Turned(Message):
    """An act was undone or done again."""

    def __init__(self, running: Running, outcome: Outcome) -> None:
        super().__init__()
        self.running = running
        self.outcome = outcome


class WorkOver(Message):
    """Something long came to its end, or was stopped.

    Args:
        running: What it was.
        news: For who asked for it.
    """

    def __init__(self, running: Running, news: Message) -> None:
        super().__init__()
        self.running = running
        self.news = news


class DeedFailed(Message):
    """A deed was refused, or the store failed under it."""

    def __init__(self, running: Running, error: OptdeskError) -> None:
        super().__init__()
        self.running = running
        self.error = error


class LongJob(Protocol):
    """A job in the background that tells how far it is."""

    def __call__(
        self, store: Store, *, who: Actor, running: Running, report: Callable[[Message], object]
    ) -> Message:
        """Does it; the message that it returns is posted to who asked."""


def reporter(running: Running, report: Callable[[Message], object]) -> Callable[[int, int], None]:
    """Takes word of how far a deed is, and passes on as much of it as a person can see."""
    last = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= REPORT_EVERY:
            last = time.monotonic()
            report(Progress(running, done, total))

    return progress


def no_acts(_conn: Connection, _who: Actor) -> Sequence[Act]:
    """Of a deed that is more than acts on contacts."""
    return ()


def named(name: str, total: int) -> Running:
    """Something long that is more than acts on contacts.

    Args:
        name: What it is, such as `merge “Spring”`. May quote strangers.
        total: How many contacts it is about, as far as that is known.
    """
    return Running(Deed(name, no_acts), Target(), total)


def carry_out(
    store: Store,
    who: Actor,
    running: Running,
    seen: View,
    report: Callable[[Message], object],
) -> Done:
    """Does it. For background threads.

    Args:
        store: Where.
        who: The person.
        running: What to do and to whom; its `cancel` ends it early and keeps what is done.
        seen: The view that the person acted in; contacts that left it since are "gone".
        report: Takes messages of progress.
    """
    from storage import bulk

    acts = store.do(lambda conn: tuple(running.deed.acts(conn, who)))
    progress = reporter(running, report)
    outcomes = []
    for act in acts:
        if running.cancel.is_set():
            break
        outcomes.append(
            bulk.perform(
                store,
                who,
                act,
                running.target,
                seen=seen,
                whom=running.whom,
                progress=progress,
                cancel=running.cancel,
            )
        )
    return Done(running, outcomes)


@dataclass(frozen=True, slots=True)
class Telling:
    """What a toast says about outcomes. May quote strangers."""

    text: str
    warning: bool = False


def tell(outcomes: Sequence[Outcome], undo_key: str = "", missed: str = "already gone") -> Telling:
    """Puts outcomes into words: what was done, who was out of reach and why.

    Args:
        outcomes: They.
        undo_key: What undoes it.
        missed: What is said of those who were out of reach.
    """
    said = [_sentence(outcome.sentence) for outcome in outcomes if outcome.done]
    same = sum(outcome.unchanged for outcome in outcomes)
    if same and not said:
        said.append("Nothing to change: already so.")
    gone = [outcome for outcome in outcomes if outcome.gone_count]
    for outcome in gone[:1]:
        reasons = "; ".join(f"{each.name}: {each.why}" for each in outcome.gone[:2])
        more = outcome.gone_count - len(outcome.gone[:2])
        reasons += f"; and {more:,} more" if more > 0 else ""
        said.append(f"{outcome.gone_count:,} {missed}. {reasons}".rstrip(". ") + ".")
    cancelled = any(outcome.cancelled for outcome in outcomes)
    done = sum(outcome.done for outcome in outcomes)
    if cancelled:
        through = f"Cancelled after {plural(done, 'contact')}; what was done stays."
        said.append(through if done else "Cancelled; all is as it was.")
    one_act = sum(bool(outcome.done) for outcome in outcomes) == 1
    undoes = "undoes it" if one_act else "undoes one after the other"
    hint = f"{undo_key} {undoes}" if undo_key and done else ""
    return Telling(" ".join([*said, hint]).strip(), warning=bool(gone) or cancelled)


def tell_turned(owner: MessagePump, outcome: Outcome) -> None:
    """Says by name what was turned back, and what was not and why."""
    telling = tell([outcome], missed="left alone")
    more = " The same key goes on with the rest." if outcome.cancelled else ""
    # Of a bare "1 left alone" nobody would know what was not done to it.
    nothing = _sentence(outcome.sentence) + " " if outcome.gone_count and not outcome.done else ""
    say(
        owner,
        nothing + telling.text + more,
        severity="warning" if telling.warning else "information",
    )


def _sentence(clause: str) -> str:
    clause = clause.strip()
    whole = clause[:1].upper() + clause[1:]
    return whole if whole.endswith((".", "!")) else f"{whole}."
