"""Carries out an act on the contacts that a person named, and tells what came of it."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from app.cli.choosing import Choice, choose
from app.cli.session import Session
from app.exits import INTERRUPTED
from storage.acts import Act
from storage.bulk import Progress, perform
from storage.errors import Refused
from storage.ids import public
from storage.words import Gone, Outcome

_TOLD = 5
"""How many contacts that were out of reach are explained one by one."""


def act_on(
    session: Session,
    act: Act,
    done: str,
    contacts: Choice | Sequence[str] | None,
    view: str | None = None,
    search: str | None = None,
    *,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Does something to contacts and reports it.

    Args:
        session: The run.
        act: What to do.
        done: What programs find the count under, such as `moved`.
        contacts: The contacts chosen, or as they were named on the command line.
        view: A view, or None.
        search: A search, or None.
        extra: What else programs get.

    Raises:
        Refused: Not one contact could be reached.
    """
    store = session.store()
    choice = (
        contacts if isinstance(contacts, Choice) else choose(session, contacts or [], view, search)
    )
    outcomes = []
    with cancelled_by_ctrl_c() as cancel:
        for part in choice.parts:
            outcome = perform(
                store,
                session.who,
                act,
                part.target,
                seen=part.seen,
                progress=shown_progress(),
                cancel=cancel,
            )
            outcomes.append(outcome)
    report(session, done, outcomes, missing=choice.missing, extra=extra)
    if any(outcome.cancelled for outcome in outcomes):
        raise SystemExit(INTERRUPTED)


def report(
    session: Session,
    done: str,
    outcomes: Sequence[Outcome],
    *,
    missing: Sequence[str] = (),
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Tells what became of an act.

    Raises:
        Refused: Not one contact could be reached.
    """
    n = sum(outcome.done for outcome in outcomes)
    gone_count = sum(outcome.gone_count for outcome in outcomes) + len(missing)
    unchanged = sum(outcome.unchanged for outcome in outcomes)
    gone = [_explained(each) for outcome in outcomes for each in outcome.gone]
    gone += [
        {"id": text, "name": "", "why": "there is no such contact"} for text in missing[:_TOLD]
    ]
    fields = {done: n, "gone": gone_count, "unchanged": unchanged, **(extra or {})}
    fields["out_of_reach"] = gone[:_TOLD]
    sentences = [outcome.sentence for outcome in outcomes if outcome.done]
    if not n and gone_count:
        if session.out.as_json:
            session.out.item(fields, "")
        raise Refused(_count_gone(gone_count, gone))
    parts = [_capitalised("; ".join(sentences) or "nothing to change") + "."]
    if unchanged:
        parts.append(f"{unchanged:,} were so already.")
    if any(outcome.cancelled for outcome in outcomes):
        kept = "what was done stays done" if n else "nothing was changed"
        parts.append(f"Stopped there; {kept}.")
    session.out.item(fields, " ".join(parts))
    if gone_count:
        session.out.note(_count_gone(gone_count, gone))


def report_all(
    session: Session, done: str, outcome: Outcome, *, extra: Mapping[str, Any] | None = None
) -> None:
    """Tells what became of an act as a whole; one that was stopped ends the run as such.

    Raises:
        Refused: Not one contact could be reached.
    """
    report(session, done, [outcome], extra=extra)
    if outcome.cancelled:
        raise SystemExit(INTERRUPTED)


def _explained(gone: Gone) -> dict[str, str]:
    return {"id": public("con", gone.contact_id), "name": gone.name, "why": gone.why}


def _count_gone(count: int, gone: Sequence[Mapping[str, str]]) -> str:
    """Who was out of reach, and why."""
    told = "; ".join(f"{each['name'] or each['id']}: {each['why']}" for each in gone[:_TOLD])
    more = f"; and {count - _TOLD:,} more" if count > _TOLD else ""
    return f"Out of reach: {told}{more}."


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def shown_progress() -> Progress | None:
    """Shows how a long act goes: how many, how fast and how long still; None without a terminal."""
    if not sys.stderr.isatty():
        return None
    began = time.monotonic()

    def show(done: int, total: int) -> None:
        if total <= 1000:
            return
        rate = done / max(time.monotonic() - began, 0.001)
        left = f", {rate:,.0f} a second, {(total - done) / max(rate, 1):,.0f} s left"
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r{done:,} of {total:,}{'' if end else left}\x1b[K{end}")
        sys.stderr.flush()

    return show


@contextmanager
def cancelled_by_ctrl_c() -> Iterator[threading.Event]:
    """Lets Ctrl-C end a long act between two transactions, so that the count is true."""
    cancel = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        cancel.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, before)
