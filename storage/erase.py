"""Erasing a person: every trace of them leaves the store, but for a keyed hash of the number.

What is kept: the hash, so that the number is never texted again; the links of the consent chain,
which say when something was agreed and not by whom; and rows of the log without their content.
Backups are files of their own and are not touched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial, reduce
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    and_,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from storage import attempt_index, erasing_words, phone_index, saved_views, search_index
from storage.changes import record
from storage.dialects import among, is_postgresql
from storage.engine import sqlite_module, store_url, write_engine
from storage.errors import NotFound, Refused
from storage.file_guard import holds
from storage.folding import digits, fold, in_any_spelling
from storage.rounds import take_turn
from storage.store import Store
from storage.suppressions import phone_hash, store_secret
from storage.tables import (
    Attempt,
    CampaignContact,
    Change,
    ChangeItem,
    ConsentEvent,
    Contact,
    ContactLabel,
    Delivery,
    DeliveryTry,
    GatewayScript,
    IdempotencyKey,
    Message,
    Note,
    OutboxEvent,
    SearchPending,
    Seat,
    Suppression,
)
from storage.tallies import add_tallies, group_tally, label_tally, stage_tally
from storage.times import now
from storage.words import Actor

_PIECE = 5_000
_SAID = ("body", "headers", "reason", "phone")
"""What senders said in a request."""

_SMALL = 32 << 20
"""Bytes of a table of PostgreSQL that are written anew within a moment."""

_SEARCHED = ("contacts_fts", "attempts_fts")
"""Tables without a model."""

_LOCK_MS = 1000
"""Milliseconds that this waits for those who use a table."""


def _table(model: Any) -> Any:
    return model.__table__


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did, and what it could not promise."""

    contacts: int
    attempts: int
    messages: int
    remarks: tuple[str, ...]
    """Sentences for the person who asked for it."""


@dataclass
class _Person:
    """What is known of the person, to be looked for everywhere."""

    phone: str
    names: tuple[str, ...]
    """Folded; long enough to mean them."""
    ids: list[int]
    attempts: list[int]
    messages: list[int]
    events: list[int]
    words: frozenset[str] = frozenset()
    """Each of their names alone, folded."""
    staff: erasing_words.Found = field(default_factory=lambda: erasing_words.Found([], [], []))
    """What colleagues wrote down for themselves."""

    def is_meant_in(self, written: str) -> bool:
        """Whether what a colleague wrote may be about the person: one of the names is enough."""
        return self.is_in(written) or not self.words.isdisjoint(re.split(r"\W+", fold(written)))

    def is_in(self, written: str) -> bool:
        """Whether a text holds the number, in any spelling, or a whole name."""
        if not written:
            return False
        if self.spellings.search(written):
            return True
        if not self.names:
            return False
        folded = fold(written)
        return any(name in folded for name in self.names)

    @cached_property
    def spellings(self) -> re.Pattern[str]:
        """Finds the number in a text."""
        return in_any_spelling(self.phone)


def erase(store: Store, who: Actor, contact_id: int, last_digits: str) -> Erased:
    """Erases a contact and everything about its number. It cannot be undone.

    Args:
        store: Where it is.
        who: By whose hand.
        contact_id: Which.
        last_digits: The last four digits of its number, so that it is not somebody else.

    Raises:
        NotFound: There is no such contact.
        Refused: Those are not its digits.
    """
    person = _find(store, contact_id, last_digits)
    store.do(lambda conn: _erase(conn, who, person))
    remarks = ["Backups made before now still hold it: they are files of their own."]
    _forget_in_index(store)
    remarks += erasing_words.remarks(person.staff)
    remarks += _clean_up(store, person.phone)
    return Erased(len(person.ids), len(person.attempts), len(person.messages), tuple(remarks))


def check(conn: Connection, contact_id: int, last_digits: str) -> str:
    """The number of a contact, if those are its last digits.

    Raises:
        NotFound: There is no such contact.
        Refused: Those are not its digits.
    """
    contacts = _table(Contact)
    phone = conn.scalar(select(contacts.c.phone).where(contacts.c.id == contact_id))
    if phone is None:
        raise NotFound("There is no such contact.")
    if len(last_digits) != 4 or not str(phone).endswith(last_digits):
        raise Refused("Those are not the last four digits of its number.", "Nothing was erased.")
    return str(phone)


def _find(store: Store, contact_id: int, last_digits: str) -> _Person:
    """Looks for every trace, in pieces and without holding anybody up."""
    contacts, events = _table(Contact), _table(ConsentEvent)
    with store.read() as conn:
        phone = check(conn, contact_id, last_digits)
        person_is = phone_index.same_person(conn, contact_id, phone)
        rows = conn.execute(select(contacts).where(person_is)).all()
        ids = [row.id for row in rows]
        requests = conn.execute(
            select(events.c.request_id).where(among(conn, events.c.contact_id, ids))
        ).scalars()
        known = [each for each in requests if each is not None]
    names = {fold(f"{row.first_name} {row.last_name}".strip()) for row in rows}
    person = _Person(
        phone,
        tuple(name for name in names if " " in name and len(name) > 4),
        ids,
        known,
        [],
        [],
        frozenset(word for name in names for word in name.split() if len(word) > 2),
    )
    messages, outbox = _table(Message), _table(OutboxEvent)
    # Anybody may have written of the person, so every request is looked through.
    person.attempts = sorted({*known, *_attempts_about(store, person)})
    with store.read() as conn:
        theirs = among(conn, messages.c.contact_id, ids)
        strays = and_(messages.c.contact_id.is_(None), messages.c.phone == phone)
        person.messages = [
            ident
            for where in (theirs, strays)
            for ident in conn.scalars(select(messages.c.id).where(where))
        ]
    with store.read() as conn:
        told = or_(among(conn, outbox.c.contact_id, ids), outbox.c.phone == phone)
        person.events = list(conn.scalars(select(outbox.c.id).where(told)))
        person.staff = erasing_words.about(conn, person.is_in, person.words, ids)
    return person


def _attempts_about(store: Store, person: _Person) -> Iterator[int]:
    """The requests that became the person or tell of it, read in pieces."""
    attempts, ids = _table(Attempt), set(person.ids)
    after: int | None = 0
    while after is not None:
        with store.read() as conn:
            rest = select(attempts.c.id).where(attempts.c.id > after).order_by(attempts.c.id)
            end = conn.scalar(rest.offset(_PIECE - 1).limit(1))
            said = (attempts.c[name] for name in _SAID)
            about, numbered, named = _may_tell_of(conn, person)
            rows = select(attempts.c.id, attempts.c.contact_id, named.label("named"), *said)
            rows = rows.where(attempts.c.id > after, or_(about, numbered, named))
            if end is not None:
                rows = rows.where(attempts.c.id <= end)
            piece = conn.execute(rows).all()
        for ident, contact_id, may_be_named, *texts in piece:
            # Most of what is left has its digits and no letter of a name: looking for the number
            # alone is a twentieth of the work.
            tells = person.is_in if may_be_named else person.spellings.search
            if contact_id in ids or any(map(tells, texts)):
                yield ident
        after = end


def _may_tell_of(conn: Connection, person: _Person) -> tuple[ColumnElement[bool], ...]:
    """Which requests may be about a person: faster than reading them all.

    Returns:
        Those that became the person, those with the digits of the number, and those that may
        hold a name.
    """
    attempts = _table(Attempt)
    body, *rest = (attempts.c[name] for name in _SAID)
    # Of the others there is seldom much: together they are one short text.
    texts = [body, reduce(lambda one, other: one + "\n" + other, rest)]
    numbered = [each.like(f"%{'%'.join(digits(person.phone)[-10:])}%") for each in texts]
    # Other letters are folded, which the store cannot do.
    foreign = [_octets(conn, each) != func.length(each) for each in texts]
    names = [
        and_(*(_holds(conn, each, word) for word in name.split()))
        for each in texts
        for name in person.names
    ]
    theirs = among(conn, attempts.c.contact_id, person.ids)
    return theirs, or_(*numbered), or_(*foreign, *names)


def _holds(conn: Connection, written: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """Whether a folded word stands in a text, in capitals or not."""
    if is_postgresql(conn):
        return func.strpos(func.lower(written), word) > 0
    # Capitals are all the same to SQLite's LIKE, and no copy of the text is made for it.
    return written.contains(word, autoescape=True)


def _octets(conn: Connection, column: ColumnElement[str]) -> ColumnElement[int]:
    """How many bytes a text has."""
    if is_postgresql(conn) or (conn.dialect.server_version_info or ()) >= (3, 43):
        return func.octet_length(column)
    return func.length(cast(column, LargeBinary))


def _erase(conn: Connection, who: Actor, person: _Person) -> None:
    _forget_requests(conn, person)
    _forget_texts(conn, person)
    _forget_events(conn, person)
    _forget_acts(conn, person)
    _forget_contacts(conn, person)
    _keep_hash(conn, who, person)
    record(conn, who, "erase", size=1)


def _forget_requests(conn: Connection, person: _Person) -> None:
    attempts, events, answers = _table(Attempt), _table(ConsentEvent), _table(IdempotencyKey)
    ids = person.attempts
    more = conn.execute(
        select(attempts.c.id).where(
            or_(
                among(conn, attempts.c.contact_id, person.ids),
                among(conn, attempts.c.id, ids),
            )
        )
    )
    person.attempts = ids = list(more.scalars())
    conn.execute(
        update(attempts)
        .where(among(conn, attempts.c.id, ids))
        .values(body="", headers="", peer="", user_agent="", reason="", phone="", contact_id=None)
    )
    attempt_index.forget(conn, ids)
    conn.execute(
        update(events).where(among(conn, events.c.contact_id, person.ids)).values(evidence=None)
    )
    position = func.strpos if is_postgresql(conn) else func.instr
    conn.execute(
        delete(answers).where(
            or_(
                position(answers.c.answer, person.phone) > 0,
                position(answers.c.key, digits(person.phone)) > 0,
            )
        )
    )


def _forget_texts(conn: Connection, person: _Person) -> None:
    messages, notes = _table(Message), _table(Note)
    conn.execute(
        delete(messages).where(
            or_(
                among(conn, messages.c.contact_id, person.ids),
                among(conn, messages.c.id, person.messages),
            )
        )
    )
    conn.execute(delete(notes).where(among(conn, notes.c.contact_id, person.ids)))
    script = _table(GatewayScript)
    conn.execute(delete(script).where(script.c.phone == person.phone))


def _forget_events(conn: Connection, person: _Person) -> None:
    take_turn(conn)
    outbox, deliveries, tries = _table(OutboxEvent), _table(Delivery), _table(DeliveryTry)
    of_them = select(deliveries.c.id).where(among(conn, deliveries.c.event_id, person.events))
    conn.execute(delete(tries).where(tries.c.delivery_id.in_(of_them)))
    conn.execute(delete(deliveries).where(among(conn, deliveries.c.event_id, person.events)))
    conn.execute(delete(outbox).where(among(conn, outbox.c.id, person.events)))


def _forget_acts(conn: Connection, person: _Person) -> None:
    """What people did stays on record; what it tells of the person does not."""
    changes, items = _table(Change), _table(ChangeItem)
    touched = (
        select(items.c.change_id).where(among(conn, items.c.contact_id, person.ids)).distinct()
    )
    free = changes.c.verb.in_(["dnc.add", "dnc.release", "suppress", *saved_views.REVERSALS])
    for row in conn.execute(select(changes).where(or_(changes.c.id.in_(touched), free))).all():
        said = f"{row.subject} {_readable(row.details)}"
        about = row.verb.startswith("note") or person.is_meant_in(said)
        if about:
            alone = row.size <= 1 or row.verb == "note"
            values: dict[str, Any] = {"subject": "", "details": "{}", "undoable": False}
            if not alone:
                values = {"subject": ""}
            conn.execute(update(changes).where(changes.c.id == row.id).values(**values))
    conn.execute(delete(items).where(among(conn, items.c.contact_id, person.ids)))
    # Those of this moment; the few that are about nobody else were looked for before.
    now_there = erasing_words.naming(conn, person.is_in)
    erasing_words.remove(conn, {*person.staff.gone, *now_there})


def _readable(details: str) -> str:
    """Details of a change with their letters as people write them."""
    return json.dumps(json.loads(details), ensure_ascii=False)


def _forget_contacts(conn: Connection, person: _Person) -> None:
    contacts, worn = _table(Contact), _table(ContactLabel)
    deltas: dict[str, int] = {}

    def less(name: str) -> None:
        deltas[name] = deltas.get(name, 0) - 1

    for row in conn.execute(select(contacts).where(among(conn, contacts.c.id, person.ids))):
        less(stage_tally(row.stage))
        if row.group_id:
            less(group_tally(row.group_id))
    for label_id in conn.execute(
        select(worn.c.label_id).where(among(conn, worn.c.contact_id, person.ids))
    ).scalars():
        less(label_tally(label_id))
    add_tallies(conn, deltas)
    for model in (ContactLabel, CampaignContact, SearchPending):
        table = _table(model)
        conn.execute(delete(table).where(among(conn, table.c.contact_id, person.ids)))
    seats = _table(Seat)
    conn.execute(
        update(seats).where(among(conn, seats.c.contact_id, person.ids)).values(contact_id=None)
    )
    search_index.index.drop(conn, person.ids)
    phone_index.forget(conn, person.phone, person.ids)
    conn.execute(delete(contacts).where(among(conn, contacts.c.id, person.ids)))


def _keep_hash(conn: Connection, who: Actor, person: _Person) -> None:
    suppressions = _table(Suppression)
    hashed = phone_hash(store_secret(conn), person.phone)
    conn.execute(
        update(suppressions)
        .where(suppressions.c.phone_hash == hashed)
        .values(phone=None, reason="")
    )
    known = select(suppressions.c.source).where(
        suppressions.c.phone_hash == hashed, suppressions.c.source == "erasure"
    )
    if conn.execute(known).first() is None:
        conn.execute(
            insert(suppressions),
            {
                "phone_hash": hashed,
                "source": "erasure",
                "phone": None,
                "reason": "erased",
                "actor": who.name,
                "at": now(),
                "import_id": None,
            },
        )


def _forget_in_index(store: Store) -> None:
    """Writes the indexes anew without what was deleted from them, in steps."""
    for index in (search_index.index, attempt_index.index):
        more = store.do(partial(index.tidy, pages=-500), patient=True)
        while more:
            more = store.do(partial(index.tidy, pages=500), patient=True)


def _clean_up(store: Store, phone: str) -> Sequence[str]:
    """Removes what the stores keep of rows that are gone: free pages, the log, dead rows."""
    if store.path is not None:
        emptied = _empty_log(store.path)
        number = phone_index.in_a_row(phone)
        if number and (not emptied or holds(store.path, number)):
            store.do(phone_index.write_anew, patient=True, quiet=True)
            emptied = _empty_log(store.path)
        if not emptied:
            return ["Somebody was reading: the log is emptied by the next checkpoint."]
        return []
    engine = write_engine(store_url(store.url), None).execution_options(
        isolation_level="AUTOCOMMIT"
    )
    remarks: list[str] = []
    try:
        with engine.connect() as conn:
            try:
                search_index.wait_for_indexing(conn)
            except OperationalError:
                remarks.append(
                    "Another process was at work on the search index and did not end: what was"
                    " erased may stay in PostgreSQL's files until its tables are vacuumed again."
                )
            conn.execute(text(f"SET lock_timeout = {_LOCK_MS}"))
            for name in (*Contact.metadata.tables, *_SEARCHED, "pg_statistic"):
                _write_anew(conn, name)
    finally:
        engine.dispose()
    return [
        *remarks,
        "PostgreSQL has vacuumed the tables; its write-ahead log, its backups and replicas keep"
        " older pages until they are recycled, which is for its administrator.",
    ]


def _empty_log(path: Path) -> bool:
    """Brings all that SQLite's log holds into the file; whether nobody was in the way."""
    module: Any = sqlite_module()
    conn = module.connect(str(path), timeout=5)
    try:
        busy, *_ = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        conn.close()
    return not busy


def _write_anew(conn: Connection, table: str) -> None:
    """Leaves nothing of dead rows, nor of what the planner noted of them.

    A vacuum gives their room free, but what stood there is still in the file until something else
    does. A small table is soon written anew without it; a large one would be locked for long.
    """
    size = conn.execute(select(func.pg_table_size(func.to_regclass(table)))).scalar_one()
    analyze = "" if table == "pg_statistic" else "ANALYZE"
    if (size or 0) <= _SMALL:
        with suppress(OperationalError):
            # Somebody who reads it for long is not waited for.
            conn.execute(text(f"VACUUM (FULL{', ' + analyze if analyze else ''}) {table}"))
            return
    conn.execute(text(f"VACUUM {analyze} {table}"))
