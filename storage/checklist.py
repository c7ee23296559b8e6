"""Why don't my leads arrive? Everything that can be in their way, as data.

`optdesk doctor` and the desk's panel show the same list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy.engine import Connection

from storage import attempts, gateway_state, integration, keys, numbers
from storage.changes import ago
from storage.integration import IntegrationView
from storage.refusals import why
from storage.retired import radar
from storage.senders import title_of
from storage.tallies import read_tallies, stage_tally
from storage.times import now
from storage.words import AttemptView, NumberStatus, Stage

RECENT = timedelta(hours=24)
"""What is refused is told for this long."""
LATELY = timedelta(days=7)
"""Who uses an old URL is told for this long."""
READ_ATTEMPTS = 500
"""So many of the newest refusals are read for the fields that were missing."""


class State(StrEnum):
    """What one check found."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    """It keeps leads from arriving."""


class Remedy(StrEnum):
    """What helps. Its value is the command; the desk has a key for it."""

    ADD = "optdesk integration add"
    SWITCH_ON = "optdesk integration on"
    ADD_NUMBER = "optdesk numbers add +1…"
    APPROVE_NUMBER = "optdesk numbers approve"
    MAKE_KEY = "optdesk keys create NAME"
    START_LISTENER = "optdesk serve"
    SEND_TEST = "optdesk integration test"
    READ_LOG = "optdesk attempts list --outcome refused"
    SHOW_URL = "optdesk integration show --reveal"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the check list."""

    check: str
    """What was looked at, in a word or two."""
    state: State
    sentence: str
    """What was found. May hold untrusted text."""
    next_step: str = ""
    """What to do about it; empty where there is nothing to do."""
    remedy: Remedy | None = None
    """The same as something the desk can do."""

    @property
    def ok(self) -> bool | None:
        """None for what is only worth knowing."""
        return {State.OK: True, State.WARN: None, State.BAD: False}[self.state]


def unhealthy(sentence: str, next_step: str) -> Item:
    """The line of a store that fails or can only be read; see `storage.store.StoreHealth`."""
    return Item("store", State.BAD, f"{sentence} Senders get 503 and try again.", next_step)


def examine(
    conn: Connection, *, listener: Item | None = None, public: Item | None = None
) -> tuple[Item, ...]:
    """The check list, the nearest cause first.

    Args:
        conn: A snapshot.
        listener: Whether the listener was reached, by whoever asked it; see `server.reach`.
        public: Whether it was reached at its public address, where it has one.
    """
    view = integration.show(conn)
    items = [
        _integration(view),
        _number(conn, view),
        _key(conn),
        _turned_away(conn),
        _texts(conn),
        _unanswered(conn),
        *(item for item in (listener, public) if item is not None),
        _last_arrival(conn, view),
        *_refusals(conn, view),
        _fields(conn),
        _old_urls(conn),
    ]
    return tuple(item for item in items if item is not None)


def _integration(view: IntegrationView | None) -> Item:
    if view is None:
        return _item("integration", State.BAD, "There is no Opt-In API.", "Add it:", Remedy.ADD)
    if not view.active:
        said = f"The Opt-In API is off, since {view.changed_at:%Y-%m-%d %H:%M} UTC."
        return _item("integration", State.BAD, said, "Switch it on:", Remedy.SWITCH_ON)
    return _item("integration", State.OK, "The Opt-In API is on.")


def _number(conn: Connection, view: IntegrationView | None) -> Item:
    known = numbers.listing(conn)
    approved = [number for number in known if number.status is NumberStatus.APPROVED]
    if not approved:
        said = "No messaging number is approved."
        if not known:
            return _item("number", State.BAD, said, "Add one:", Remedy.ADD_NUMBER)
        step = f"Do: {Remedy.APPROVE_NUMBER} {known[0].id}"
        return Item("number", State.BAD, said, step, Remedy.APPROVE_NUMBER)
    own = next((number for number in approved if view and number.id == view.number_id), None)
    if view is not None and view.active and own is None:
        return Item(
            "number",
            State.BAD,
            f"The Opt-In API's own number {view.number_id} is not approved.",
            f"Choose another: optdesk integration edit --number {approved[0].id}",
        )
    listed = ", ".join(f"{number.phone} ({number.id})" for number in approved)
    return _item("number", State.OK, f"Approved to text from: {listed}.")


def _key(conn: Connection) -> Item:
    live = [key for key in keys.listing(conn) if key.revoked_at is None]
    if live:
        used = max((key.last_used_at for key in live if key.last_used_at), default=None)
        last = f"last used {ago(used)}" if used else "none used yet"
        return _item("key", State.OK, f"API keys that work: {len(live)}, {last}.")
    if any(sender.door == "hook" for sender in attempts.recent_senders(conn, now() - LATELY)):
        said = "No API key works; leads come by the secret URL alone."
        return _item("key", State.WARN, said, "Make one:", Remedy.MAKE_KEY)
    return _item("key", State.BAD, "No API key works.", "Make one:", Remedy.MAKE_KEY)


def _turned_away(conn: Connection) -> Item | None:
    """Senders that get 401: nobody knows who they are, so the intake log does not show them."""
    count = keys.turned_away(conn)
    if not count:
        return None
    requests = "1 request" if count == 1 else f"{count:,} requests"
    return Item(
        "wrong keys",
        State.WARN,
        f"{requests} of the last 24 hours came without an API key that works (401).",
        "Compare the end of the sender's key, in the header x-api, with Settings > API keys"
        " (optdesk keys list).",
    )


def _texts(conn: Connection) -> Item | None:
    """What keeps the compliance texts from going out; a contact is queued only after its text."""
    trouble = gateway_state.in_trouble(conn)
    if not trouble:
        return None
    name, reason = trouble[0].name, trouble[0].reason
    said = f"New contacts wait for their compliance text, {name}: {reason}."
    if reason == gateway_state.NOBODY:
        said = "New contacts wait for their compliance text: nobody carries it."
        return _item("texts", State.BAD, said, "Start a listener:", Remedy.START_LISTENER)
    return Item("texts", State.BAD, said, "They are tried again by themselves.")


def _unanswered(conn: Connection) -> Item | None:
    """Whom double opt-in keeps out of the queue until they say YES."""
    name = stage_tally(Stage.AWAITING)
    count = read_tallies(conn, [name])[name]
    if not count:
        return None
    one = count == 1
    return Item(
        "double opt-in",
        State.WARN,
        f"{count:,} {'person was' if one else 'people were'} asked for a YES and"
        f" {'has' if one else 'have'} not given it yet; only that puts them into the queue.",
        f"Search all contacts for stage:{Stage.AWAITING}"
        f" (optdesk contacts list --view all --search stage:{Stage.AWAITING}).",
    )


def _last_arrival(conn: Connection, view: IntegrationView | None) -> Item:
    last = integration.last_arrival(conn)
    if last is None:
        said = "No lead has come in yet."
        if view is None:
            return _item("last arrival", State.WARN, said)
        return _item("last arrival", State.WARN, said, "Send a test request:", Remedy.SEND_TEST)
    return _item("last arrival", State.OK, f"The last lead came {ago(last)}.")


def _refusals(conn: Connection, view: IntegrationView | None) -> Iterator[Item]:
    refused = attempts.refusals_since(conn, now() - RECENT)
    if not refused:
        yield _item("refusals", State.OK, "Nothing was refused in the last 24 hours.")
        return
    most_first = sorted(refused.items(), key=lambda each: -each[1])
    reasons = "; ".join(f"{n:,} because {why(code).clause}" for code, n in most_first)
    # Where some came in, the others are the senders' affair.
    arrived = view is not None and sum(view.hourly) > 0
    yield Item(
        "refusals",
        State.WARN if arrived else State.BAD,
        f"Refused in the last 24 hours: {reasons}.",
        why(most_first[0][0]).next_step,
        Remedy.READ_LOG,
    )
    limited = refused.get("RATE_LIMITED", 0)
    if limited:
        said = f"{limited:,} requests of the last 24 hours came faster than the settings allow."
        yield Item("rate limit", State.WARN, said, why("RATE_LIMITED").next_step)


def _fields(conn: Connection) -> Item | None:
    view = AttemptView(code="MISSING_REQUIRED_FIELD")
    since = now() - RECENT
    found = attempts.page(conn, view, limit=READ_ATTEMPTS).rows
    missing = Counter(
        name
        for row in found
        if row.at >= since and row.replay_of is None
        for name in row.reason.replace(",", " ").split()
        if name.isidentifier()
    )
    if not missing:
        return _item("fields", State.OK, "No required field was missing in the last 24 hours.")
    named = ", ".join(f"{name} ({n:,})" for name, n in missing.most_common(5))
    return Item(
        "fields",
        State.WARN,
        f"Required fields that did not arrive: {named}.",
        "Compare the names in the sender's form; the log shows what it sent: "
        "optdesk attempts list --code MISSING_REQUIRED_FIELD",
        Remedy.READ_LOG,
    )


def _old_urls(conn: Connection) -> Item:
    since = now() - LATELY
    uses = [use for use in radar(conn) if use.last_at >= since]
    if not uses:
        return _item("old URL", State.OK, "Nobody used an old URL in the last 7 days.")
    newest = uses[0]
    total = sum(use.hits for use in uses)
    senders = ", ".join(
        dict.fromkeys(title_of(use.sender) or "an unnamed program" for use in uses[:5])
    )
    return _item(
        "old URL",
        State.BAD if newest.last_at >= now() - RECENT else State.WARN,
        f"An old URL was used {_times(total)}, last {ago(newest.last_at)}, by {senders}: "
        "those leads were turned away.",
        "Paste the new URL there and save it:",
        Remedy.SHOW_URL,
    )


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n:,} times"


def _item(
    check: str, state: State, sentence: str, step: str = "", remedy: Remedy | None = None
) -> Item:
    """A line whose next step is its remedy's command."""
    return Item(check, state, sentence, f"{step} {remedy}" if remedy else "", remedy)
