"""The evidence about one person: a receipt of consent, and everything for a request by law."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.engine import Connection

from storage import phone_index
from storage.consent import open_chain
from storage.dialects import among
from storage.errors import StoreError
from storage.export import private_file
from storage.ids import public
from storage.suppressions import phone_hash, store_secret
from storage.tables import (
    Attempt,
    Change,
    ChangeItem,
    ConsentEvent,
    Contact,
    ContactLabel,
    Delivery,
    Group,
    Integration,
    Label,
    Message,
    MessagingNumber,
    Note,
    OutboxEvent,
    Suppression,
)
from storage.times import now, stamp
from storage.words import badges_of

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_events: Any = ConsentEvent.__table__  # type: ignore[attr-defined]
_messages: Any = Message.__table__  # type: ignore[attr-defined]
_numbers: Any = MessagingNumber.__table__  # type: ignore[attr-defined]
_integrations: Any = Integration.__table__  # type: ignore[attr-defined]
_attempts: Any = Attempt.__table__  # type: ignore[attr-defined]
_changes: Any = Change.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]
_suppressions: Any = Suppression.__table__  # type: ignore[attr-defined]
_outbox: Any = OutboxEvent.__table__  # type: ignore[attr-defined]
_deliveries: Any = Delivery.__table__  # type: ignore[attr-defined]
_notes: Any = Note.__table__  # type: ignore[attr-defined]
_labels: Any = Label.__table__  # type: ignore[attr-defined]
_worn: Any = ContactLabel.__table__  # type: ignore[attr-defined]
_groups: Any = Group.__table__  # type: ignore[attr-defined]


def receipt(conn: Connection, contact_id: int) -> dict[str, Any]:
    """The evidence of one contact's consent, with the head of the chain that holds it.

    Args:
        conn: An open transaction.
        contact_id: An existing contact's id.

    Returns:
        JSON. Everything below `said` was written by a sender.
    """
    contact = conn.execute(select(_contacts).where(_contacts.c.id == contact_id)).one()
    chain = open_chain(conn)
    texts = _rows(
        conn,
        select(_messages).where(_messages.c.contact_id == contact_id).order_by(_messages.c.id),
    )
    return {
        "contact_id": public("con", contact_id),
        "phone": contact.phone,
        "stage": contact.stage,
        "made_at": stamp(now()),
        "program": _program(conn, contact.number_id),
        "events": [_event(row) for row in _of_contacts(conn, _events, [contact_id], "seq")],
        "texts": [
            {
                "at": stamp(row["created_at"]),
                "direction": row["direction"],
                "purpose": row["purpose"],
                "body": row["body"],
                "status": row["status"],
                "gateway": row["gateway"],
                "gateway_id": row["provider_id"],
                "number_id": row["number_id"],
            }
            for row in texts
        ],
        "ledger": {"events": chain.seq, "head": chain.head.hex()},
    }


def _program(conn: Connection, number_id: str) -> dict[str, Any]:
    number = conn.execute(
        select(_numbers.c.phone, _numbers.c.options).where(_numbers.c.id == number_id)
    ).one_or_none()
    usual = conn.execute(
        select(_integrations.c.brand, _integrations.c.program)
        .order_by(_integrations.c.live.is_(None), _integrations.c.id.desc())
        .limit(1)
    ).one_or_none()
    texts = json.loads(number.options or "{}") if number else {}
    return {
        "number_id": number_id,
        "number": number.phone if number else None,
        "brand": texts.get("brand") or (usual.brand if usual else ""),
        "program": texts.get("program") or (usual.program if usual else ""),
    }


def _event(row: dict[str, Any]) -> dict[str, Any]:
    said = json.loads(row["evidence"]) if row["evidence"] else None
    wording = (said or {}).get("consent_text")
    return {
        "seq": row["seq"],
        "at": stamp(row["at"]),
        "kind": row["kind"],
        "number_id": row["number_id"],
        "request_id": public("req", row["request_id"]) if row["request_id"] else None,
        "said": said,
        "wording_version": _version(wording) if isinstance(wording, str) else None,
        "evidence_hash": bytes(row["evidence_hash"]).hex(),
        "previous_hash": bytes(row["prev_hash"]).hex(),
        "hash": bytes(row["hash"]).hex(),
    }


def _version(wording: str) -> str:
    """What tells one wording from every other."""
    return hashlib.sha256(" ".join(wording.split()).encode("utf-8", "replace")).hexdigest()[:16]


_KINDS_OF_EVENTS = {
    "opt_in": "Opted in",
    "repeat": "Opted in again",
    "confirmed": "Confirmed with YES",
    "opt_out": "Opted out",
    "opt_back_in": "Opted back in",
}

_SAID = (
    ("door", "Method"),
    ("method", "How"),
    ("phone", "Number"),
    ("program", "Program"),
    ("claimed_ip", "Address, as the sender says"),
    ("peer", "Address, as we saw it"),
    ("sender", "Sender behind our proxy"),
    ("forwarded", "Forwarded chain"),
    ("user_agent", "User agent"),
    ("source_url", "Page"),
    ("consent_text", "Wording"),
    ("text", "What was texted"),
    ("to", "Texted to"),
    ("gateway", "Gateway"),
    ("gateway_id", "Gateway's id"),
    ("judged_by", "Judged by"),
)


def as_text(made: dict[str, Any]) -> str:
    """A receipt for people to read. Holds what senders wrote: untrusted."""
    program = made["program"]
    named = " · ".join(part for part in (program["brand"], program["program"]) if part)
    lines = [
        f"Consent of {made['phone']} ({made['contact_id']}), now {made['stage']}",
        f"Messaging number: {program['number'] or program['number_id']}"
        + (f" ({named})" if named else ""),
    ]
    for event in made["events"]:
        kind = _KINDS_OF_EVENTS.get(event["kind"], event["kind"])
        lines += ["", f"{event['at']}  {kind}  (event {event['seq']})"]
        if event["request_id"]:
            lines.append(f"  Request: {event['request_id']}")
        said = event["said"]
        if said is None:
            lines.append("  The evidence was erased or let go after its time; its hash stays.")
        for name, title in _SAID:
            if said and said.get(name):
                lines.append(f"  {title}: {_line(said[name])}")
        if event["wording_version"]:
            lines.append(f"  Version of the wording: {event['wording_version']}")
        elif said and event["kind"] in ("opt_in", "repeat"):
            lines.append("  Wording: the sender did not say what the person agreed to.")
        if said and said.get("more"):
            lines.append(f"  Also sent: {_line(said['more'])}")
        lines.append(f"  Hash: {event['hash']}")
    if made["texts"]:
        lines += ["", "Texts:"]
    for text in made["texts"]:
        via = " ".join(part for part in (text["gateway"], text["gateway_id"]) if part)
        via = f" via {via}" if via else ""
        way = "to" if text["direction"] == "out" else "from"
        lines.append(f"  {text['at']}  {way} them, {text['status']}{via}: {_line(text['body'])}")
    ledger = made["ledger"]
    lines += ["", f"Ledger at {made['made_at']}: {ledger['events']} events, {ledger['head']}"]
    return "\n".join(lines)


def _line(value: object) -> str:
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return " ".join(written.split())


def write(made: dict[str, Any], folder: Path) -> tuple[Path, Path]:
    """Writes a receipt as text and as JSON, for its user alone.

    Args:
        made: As `receipt` gives it.
        folder: Where to; it is made where it is missing.

    Returns:
        The two files.

    Raises:
        StoreError: They cannot be written.
    """
    moment = now()
    stem = f"consent-{made['contact_id']}-{moment:%Y%m%dT%H%M%S}Z"
    said = (
        (folder / f"{stem}.txt", as_text(made) + "\n"),
        (folder / f"{stem}.json", json.dumps(made, indent=2) + "\n"),
    )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, content in said:
            with private_file(path) as stream:
                stream.write(content.encode("utf-8", "replace").decode())
    except OSError as error:
        raise StoreError(
            f"The evidence cannot be written into {folder}: {error.strerror}.",
            "On the command line: optdesk consent receipt",
        ) from error
    return said[0][0], said[1][0]


# Everything about one person.


def everything(conn: Connection, contact_id: int) -> dict[str, Any]:
    """All that the store holds about a contact's number, for a request by law.

    Args:
        conn: An open transaction.
        contact_id: An existing contact's id.
    """
    phone = conn.execute(select(_contacts.c.phone).where(_contacts.c.id == contact_id)).scalar_one()
    person_is = phone_index.same_person(conn, contact_id, phone)
    people = _rows(conn, select(_contacts).where(person_is))
    ids = [row["id"] for row in people]
    events = _of_contacts(conn, _events, ids, "seq")
    requests = [row["request_id"] for row in events if row["request_id"]]
    outbox = _of_contacts(conn, _outbox, ids, "id") if ids else []
    digest = phone_hash(store_secret(conn), phone)
    parts: dict[str, list[dict[str, Any]]] = {
        "contacts": people,
        "groups": _rows(
            conn,
            select(_groups.c.id, _groups.c.name).where(
                among(conn, _groups.c.id, [row["group_id"] for row in people if row["group_id"]])
            ),
        ),
        "labels": _rows(
            conn,
            select(_worn.c.contact_id, _labels.c.name)
            .join(_labels, _labels.c.id == _worn.c.label_id)
            .where(among(conn, _worn.c.contact_id, ids)),
        ),
        "notes": _of_contacts(conn, _notes, ids, "id"),
        "texts": _of_contacts(conn, _messages, ids, "id"),
        "consent_events": events,
        "requests": _rows(
            conn,
            select(_attempts).where(
                or_(
                    among(conn, _attempts.c.contact_id, ids),
                    among(conn, _attempts.c.id, requests),
                )
            ),
        ),
        "changes": _rows(
            conn,
            select(_changes.c.at, _changes.c.actor, _changes.c.verb, _items.c.contact_id)
            .join(_items, _items.c.change_id == _changes.c.id)
            .where(among(conn, _items.c.contact_id, ids))
            .order_by(_changes.c.id),
        ),
        "webhook_events": outbox,
        "webhook_deliveries": _rows(
            conn,
            select(_deliveries.c.event_id, _deliveries.c.endpoint_id, _deliveries.c.status).where(
                among(conn, _deliveries.c.event_id, [row["id"] for row in outbox])
            ),
        ),
        "do_not_contact": _rows(
            conn,
            select(
                _suppressions.c.source,
                _suppressions.c.reason,
                _suppressions.c.actor,
                _suppressions.c.at,
            ).where(_suppressions.c.phone_hash == digest),
        ),
    }
    told = {name: [_plain(row, _IDS.get(name)) for row in rows] for name, rows in parts.items()}
    return {"phone": phone, "made_at": stamp(now()), **told}


def _of_contacts(conn: Connection, table: Any, ids: list[int], order: str) -> list[dict[str, Any]]:
    query = select(table).where(among(conn, table.c.contact_id, ids)).order_by(table.c[order])
    return _rows(conn, query)


def _rows(conn: Connection, query: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in conn.execute(query).mappings()]


_KINDS = {
    **{"contact_id": "con", "request_id": "req", "event_id": "evt", "endpoint_id": "end"},
    **{"group_id": "grp", "key_id": "key", "campaign_id": "cam", "replay_of": "req"},
}
_LEFT_OUT = frozenset({"haystack", "version", "claimed_by"})


_IDS = {
    **{"contacts": "con", "texts": "msg", "requests": "req", "webhook_events": "evt"},
    **{"groups": "grp", "notes": "nte"},
}
"""How the ids of each part are written elsewhere; as numbers many programs would round them."""


def _plain(row: dict[str, Any], kind: str | None) -> dict[str, Any]:
    """A row as JSON takes it; `kind` is what its own id begins with."""
    said: dict[str, Any] = {}
    for name, value in row.items():
        if name in _LEFT_OUT:
            continue
        if isinstance(value, bytes | memoryview):
            said[name] = bytes(value).hex()
        elif hasattr(value, "isoformat"):
            said[name] = stamp(value)
        elif name in _KINDS and value is not None:
            said[name] = public(_KINDS[name], value)
        elif name == "id" and kind is not None:
            said[name] = public(kind, value)
        elif name == "badges":
            said[name] = [badge.value for badge in badges_of(value)]
        elif name == "evidence" and value:
            said[name] = json.loads(value)
        else:
            said[name] = value
    return said
