"""Texts that people send us: STOP, START, HELP, and what resembles a STOP.

Nothing here asks whether the integration is on: whoever wants out gets out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from storage import phone_index
from storage.access import SANDBOX, access_at, access_seq
from storage.changes import record
from storage.compliance import help_text, text_for
from storage.consent import open_chain, save_chain
from storage.driver import Written, fetch, fetch_together, run, run_at_last
from storage.ids import new_id
from storage.keywords import LONGEST, Meaning, fold, meaning_of
from storage.outbox import OPTED_IN, OPTED_OUT, News, tell
from storage.rows import inserting, moment_value
from storage.suppressions import phone_hash, store_secret, suppress_contacts
from storage.tables import (
    PROVIDED,
    Change,
    ChangeItem,
    ConsentEvent,
    Contact,
    Message,
    MessagingNumber,
    Suppression,
)
from storage.tallies import add_tallies, stage_tally
from storage.times import now
from storage.words import GATEWAY, UNTEXTED, Actor, Stage

HELP_PAUSE = timedelta(minutes=1)
"""The least time between two answers to HELP, so that two machines do not talk for ever."""

_SUBJECT = "STOP by text"

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_messages: Any = Message.__table__  # type: ignore[attr-defined]
_events: Any = ConsentEvent.__table__  # type: ignore[attr-defined]
_numbers: Any = MessagingNumber.__table__  # type: ignore[attr-defined]
_suppressions: Any = Suppression.__table__  # type: ignore[attr-defined]
_changes: Any = Change.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text that came in. Everything in it was written by a stranger."""

    gateway: str
    provider_id: str
    """The gateway's own id of it; empty where there is none."""
    phone: str
    """Who sent it, canonical E.164."""
    to: str
    """Our number, as the gateway wrote it."""
    body: str
    meant: Meaning | None = None
    """What the gateway says it means; None where it leaves that to us."""


@dataclass(frozen=True, slots=True)
class Received:
    """What was done about a text."""

    meaning: Meaning
    message_id: int | None
    """None where the gateway told of it before, and nothing was done."""
    contact_id: int | None
    changed: bool
    """Whether the person was opted out or in by it."""
    reply: str = ""
    """What is sent back, if anything."""
    waits: bool = False
    """Whether a person has to judge it: it resembles an opt-out of somebody who is not out."""


def receive(conn: Connection, text: Inbound) -> Received:
    """Takes in a text and does what it asks for, all in one transaction.

    Args:
        conn: A transaction that holds the write lock.
        text: As it came. A gateway that tells of it twice changes nothing the second time.
    """
    meaning = text.meant or meaning_of(text.body)
    known, people, numbers = fetch_together(
        conn,
        (_KNOWN, (text.gateway, text.provider_id)),
        _contact_with(conn, text.phone),
        (_NUMBER, (text.to, text.to)),
    )
    if known:
        return Received(meaning, None, None, changed=False)
    moment = now()
    contact = _Person._make(people[0]) if people else None
    number_id = str(numbers[0][0]) if numbers else contact.number_id if contact else ""
    review = _review(conn, text.phone) if meaning is Meaning.REVIEW else ""
    message_id = _keep(conn, text, contact.id if contact else 0, number_id, meaning, review, moment)
    evidence = {
        "method": "text",
        "gateway": text.gateway,
        "gateway_id": text.provider_id,
        "to": text.to,
        "text": text.body[:LONGEST],
    }
    changed, reply = False, ""
    if meaning is Meaning.STOP:
        changed = _opt_out(conn, GATEWAY, text.phone, contact, number_id, evidence)
    elif meaning is Meaning.START and contact is not None:
        changed = _opt_back_in(conn, contact, number_id, evidence, moment)
    elif meaning is Meaning.HELP and text.meant is None:
        reply = _answer_help(conn, text, contact, number_id, moment)
    waits = review == "open"
    return Received(meaning, message_id, contact.id if contact else None, changed, reply, waits)


def opt_out(
    conn: Connection,
    who: Actor,
    phone: str,
    number_id: str,
    evidence: Mapping[str, Any],
    subject: str = _SUBJECT,
) -> bool:
    """Opts a number out: suppressed, out of queue and group, nothing more is sent to it.

    Args:
        conn: A transaction that holds the write lock.
        who: By whose word: the gateway's, or a person's who judged a text.
        phone: Canonical E.164.
        number_id: The messaging number it was said to.
        evidence: What was said and how; kept in the consent ledger.
        subject: The same for the list of those who must not be texted, in some words.

    Returns:
        Whether the number was not opted out before.
    """
    return _opt_out(conn, who, phone, _contact(conn, phone), number_id, evidence, subject)


def _opt_out(
    conn: Connection,
    who: Actor,
    phone: str,
    contact: _Person | None,
    number_id: str,
    evidence: Mapping[str, Any],
    subject: str = _SUBJECT,
) -> bool:
    moment = now()
    at = moment_value(conn, moment)
    digest = phone_hash(store_secret(conn), phone)
    added = run(conn, _SUPPRESS, (digest, phone, subject, who.name, at))
    contact_id = contact.id if contact else 0
    write_event(conn, "opt_out", contact_id, phone, number_id, evidence, moment)
    suppress_contacts(conn, who, [phone], subject)
    run_at_last(conn, [(_JUDGED, (at, contact_id, phone))])
    if added:
        tell(conn, [News(OPTED_OUT, contact_id, phone, number_id, at=moment)])
    return bool(added)


_SUPPRESS = (
    "INSERT INTO suppressions (phone_hash, source, phone, reason, actor, at)"
    " VALUES (?, 'stop', ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_JUDGED = (
    "UPDATE messages SET review = 'confirmed', changed_at = ? WHERE contact_id = ? AND phone = ?"
    " AND review = 'open'"
)


def write_event(
    conn: Connection,
    kind: str,
    contact_id: int,
    phone: str,
    number_id: str,
    evidence: Mapping[str, Any],
    moment: datetime,
) -> None:
    """Appends an act of consent or its withdrawal to the ledger."""
    program = access_at(conn, access_seq(conn)).program_of(number_id)
    said = {"salt": os.urandom(12).hex(), "door": "gateway", "phone": phone, "program": program}
    said |= evidence
    chain = open_chain(conn)
    row = chain.link(
        at=moment,
        kind=kind,
        contact_id=contact_id,
        number_id=number_id,
        request_id=None,
        evidence=json.dumps(said, separators=(",", ":")),
        moment=moment_value(conn, moment),
    )
    run_at_last(conn, inserting(conn, _events, [row]))
    save_chain(conn, chain)


def _opt_back_in(
    conn: Connection, contact: Any, number_id: str, evidence: Mapping[str, Any], moment: datetime
) -> bool:
    """START from the handset lifts a STOP, and nothing that staff or a list decided.

    A contact that a door had put into the queue returns there. One whose text was still on its
    way when it left waits for the text again, as a new lead does.
    """
    if _asked(conn, contact):
        # Only the word itself confirms.
        yes = fold(str(evidence["text"])) == "yes"
        return yes and _confirm(conn, contact, number_id, evidence, moment)
    secret = store_secret(conn)
    digest = phone_hash(secret, contact.phone)
    lifted = conn.execute(
        delete(_suppressions).where(
            _suppressions.c.phone_hash == digest, _suppressions.c.source == "stop"
        )
    ).rowcount
    if not lifted:
        return False
    write_event(conn, "opt_back_in", contact.id, contact.phone, number_id, evidence, moment)
    tell(conn, [News(OPTED_IN, contact.id, contact.phone, number_id, at=moment)])
    others = conn.execute(
        select(_suppressions.c.source).where(_suppressions.c.phone_hash == digest)
    ).first()
    if others is None and contact.stage == Stage.SUPPRESSED:
        _return(conn, contact, moment)
    return True


def _asked(conn: Connection, contact: Any) -> bool:
    """Whether a person was asked for a YES and has not given it."""
    if contact.stage == Stage.CONFIRMING:
        # The answer may be quicker than the receipt of the question.
        return (
            conn.execute(
                select(_messages.c.id).where(
                    _messages.c.contact_id == contact.id,
                    _messages.c.purpose == "confirm",
                    _messages.c.status != "pending",
                )
            ).first()
            is not None
        )
    return bool(contact.stage == Stage.AWAITING)


def _confirm(
    conn: Connection, contact: Any, number_id: str, evidence: Mapping[str, Any], moment: datetime
) -> bool:
    """YES to a text of double opt-in."""
    move_stage(conn, GATEWAY, contact, Stage.QUEUED, "confirm", moment)
    write_event(conn, "confirmed", contact.id, contact.phone, number_id, evidence, moment)
    tell(conn, [News(OPTED_IN, contact.id, contact.phone, number_id, at=moment)])
    return True


def _return(conn: Connection, contact: Any, moment: datetime) -> None:
    before = conn.execute(
        select(_items.c.stage)
        .join(_changes, _changes.c.id == _items.c.change_id)
        .where(_items.c.contact_id == contact.id, _changes.c.verb == "suppress")
        .order_by(_items.c.change_id.desc())
        .limit(1)
    ).scalar()
    if before in (Stage.QUEUED, Stage.GROUPED) or contact.kind in UNTEXTED:
        stage = Stage.QUEUED
    else:
        stage = Stage.CONFIRMING
        send(
            conn,
            contact.id,
            contact.phone,
            contact.number_id,
            "compliance",
            text_for(conn, contact.number_id),
            moment,
        )
    move_stage(conn, GATEWAY, contact, stage, "opt_back_in", moment)


def move_stage(
    conn: Connection, who: Actor, contact: Any, stage: Stage, verb: str, moment: datetime
) -> None:
    """Moves one contact that stands outside of queue and groups, and writes down who did it."""
    change_id = record(conn, who, verb, size=1)
    conn.execute(
        insert(_items),
        {
            "change_id": change_id,
            "contact_id": contact.id,
            "stage": contact.stage,
            "group_id": contact.group_id,
            "favorite": contact.favorite,
        },
    )
    conn.execute(
        update(_contacts)
        .where(_contacts.c.id == contact.id)
        .values(stage=stage, version=_contacts.c.version + 1, changed_at=moment)
    )
    add_tallies(conn, {stage_tally(contact.stage): -1, stage_tally(stage): 1})


def send(
    conn: Connection,
    contact_id: int,
    phone: str,
    number_id: str,
    purpose: str,
    body: str,
    moment: datetime,
) -> int:
    """Queues a text for the courier; returns its id."""
    ident, at = new_id(), moment_value(conn, moment)
    row = [ident, contact_id, number_id, phone, "out", purpose, body, "pending"]
    run_at_last(conn, inserting(conn, _messages, [[*row, "", "", "", at, at, at, "", "", 0]]))
    return ident


def _answer_help(
    conn: Connection, text: Inbound, contact: _Person | None, number_id: str, moment: datetime
) -> str:
    blocked = conn.execute(
        select(_suppressions.c.source).where(
            _suppressions.c.phone_hash == phone_hash(store_secret(conn), text.phone)
        )
    ).first()
    if blocked is not None:
        # Who asked not to be texted is not texted, not even with help.
        return ""
    contact_id = contact.id if contact else 0
    lately = conn.execute(
        select(_messages.c.id)
        .where(
            _messages.c.contact_id == contact_id,
            _messages.c.phone == text.phone,
            _messages.c.purpose == "help",
            _messages.c.direction == "out",
            _messages.c.created_at > moment - HELP_PAUSE,
            _messages.c.created_at <= moment,
        )
        .limit(1)
    ).first()
    if lately is not None:
        return ""
    reply = help_text(conn, number_id)
    send(conn, contact_id, text.phone, number_id or SANDBOX, "help", reply, moment)
    return reply


_KNOWN = f"SELECT id FROM messages WHERE gateway = ? AND provider_id = ? AND {PROVIDED}"  # noqa: S608
_NUMBER = "SELECT id FROM numbers WHERE phone = ? OR id = ? ORDER BY status = 'removed', id LIMIT 1"


def _contact_with(conn: Connection, phone: str) -> Written:
    """Asks for the contact with a number: the one that is not deleted, else the last that was."""
    holders, numbers = phone_index.ever_held_by(conn, [phone])
    return (
        "SELECT id, phone, stage, kind, group_id, favorite, number_id FROM contacts"  # noqa: S608
        f" WHERE {phone_index.among_holders(conn, holders)}"
        " ORDER BY stage = 'deleted', id DESC LIMIT 1"
    ), numbers


class _Person(NamedTuple):
    """A contact as a text of theirs finds it."""

    id: int
    phone: str
    stage: str
    kind: str
    group_id: int | None
    favorite: int
    number_id: str


def _contact(conn: Connection, phone: str) -> _Person | None:
    found = fetch(conn, *_contact_with(conn, phone))
    return _Person._make(found[0]) if found else None


def _review(conn: Connection, phone: str) -> str:
    """How a text that resembles an opt-out stands: there is nothing to judge after a STOP.

    What staff or a list decided is no STOP: they may take it back, and this would be forgotten.
    """
    out = conn.execute(
        select(_suppressions.c.source).where(
            _suppressions.c.phone_hash == phone_hash(store_secret(conn), phone),
            _suppressions.c.source == "stop",
        )
    ).first()
    return "open" if out is None else "confirmed"


def _keep(
    conn: Connection,
    text: Inbound,
    contact_id: int,
    number_id: str,
    meaning: Meaning,
    review: str,
    moment: datetime,
) -> int:
    ident, at = new_id(), moment_value(conn, moment)
    body = text.body[:LONGEST].replace("\x00", "\ufffd")
    row = [ident, contact_id, number_id, text.phone, "in", meaning.value, body, "received"]
    rest = ["", text.provider_id, "", at, at, at, text.gateway, review, 0]
    run_at_last(conn, inserting(conn, _messages, [row + rest]))
    return ident
