"""The shapes in which the command line gives contacts to programs and to people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from app.cli.output import Column, Row
from storage.export import fields as contact_fields
from storage.ids import public
from storage.phones import international
from storage.times import stamp

if TYPE_CHECKING:
    from storage.notes import NoteRow
    from storage.profile import Profile

__all__ = ["CONTACT_COLUMNS", "contact_fields", "note_fields", "profile_fields", "profile_lines"]


def _marks(row: Row) -> str:
    parts = [*row["labels"], *(badge.upper().replace("_", " ") for badge in row["badges"])]
    return ", ".join(parts)


CONTACT_COLUMNS = (
    Column("", lambda row: "*" if row["favorite"] else ""),
    Column("id", lambda row: row["id"]),
    Column("name", lambda row: f"{row['first_name']} {row['last_name']}".strip()),
    Column("phone", lambda row: international(row["phone"])),
    Column("kind", lambda row: row["kind"].replace("_", " ")),
    Column("received", lambda row: row["received_at"]),
    Column("where", lambda row: row["group"] or row["stage"]),
    Column("labels", _marks),
)
"""A contact for people: what `contacts list` shows."""


def profile_fields(found: Profile) -> dict[str, Any]:
    """A contact with its history, for programs."""
    return contact_fields(found.contact) | {
        "number_id": found.number_id,
        "region": found.region,
        "source": found.source,
        "campaigns": [
            {"name": each.name, "active": each.active, "by_hand": each.by_hand}
            for each in found.campaigns
        ],
        "notes": [note_fields(note) for note in found.notes],
        "consent": [
            {
                "seq": event.seq,
                "at": stamp(event.at),
                "kind": event.kind,
                "number_id": event.number_id,
                "request_id": public("req", event.request_id) if event.request_id else None,
                "evidence": event.evidence,
                "hash": event.hash.hex(),
            }
            for event in found.consent
        ],
        "messages": [
            {
                "at": stamp(message.created_at),
                "direction": message.direction,
                "status": message.status,
                "error": message.error,
                "body": message.body,
            }
            for message in found.messages
        ],
        "changes": [
            {
                "at": stamp(change.at),
                "actor": change.actor,
                "what": change.sentence,
                "undone_by": change.undone_by or None,
                "undone_at": stamp(change.undone_at) if change.undone_at else None,
            }
            for change in found.changes
        ],
    }


def note_fields(note: NoteRow) -> dict[str, Any]:
    """A note for programs."""
    return {
        "id": note.public_id,
        "author": note.author,
        "body": note.body,
        "at": stamp(note.created_at),
        "edited_at": stamp(note.changed_at) if note.edited else None,
    }


def profile_lines(fields: Row) -> str:
    """A contact with its history, for people; takes what `profile_fields` gives."""
    return "\n".join(_profile(fields))


def _profile(fields: Row) -> Iterator[str]:
    name = f"{fields['first_name']} {fields['last_name']}".strip()
    star = " *" if fields["favorite"] else ""
    yield f"{name or '(no name)'}{star}"
    kind = fields["kind"].replace("_", " ")
    yield f"  {international(fields['phone'])}  {kind} {fields['region']}".rstrip()
    where = f"in the group {fields['group']}" if fields["group"] else fields["stage"]
    yield f"  {where}, received {fields['received_at']}, {fields['id']}"
    if marks := _marks(fields):
        yield f"  {marks}"
    for campaign in fields["campaigns"]:
        state = "active" if campaign["active"] else "not active"
        by_hand = ", added by hand" if campaign["by_hand"] else ""
        yield f"  campaign {campaign['name']}, {state}{by_hand}"
    yield "Notes" if fields["notes"] else "No notes"
    for note in fields["notes"]:
        edited = f", changed {note['edited_at']}" if note["edited_at"] else ""
        yield f"  {note['at']}  {note['author']}{edited}  {note['id']}"
        yield from (f"    {line}" for line in note["body"].splitlines())
    yield "Consent"
    for event in fields["consent"]:
        yield f"  {event['at']}  {event['kind']}  {event['request_id'] or ''}"
        for key, value in event["evidence"].items():
            if key != "salt":
                yield f"    {key}: {value}"
    yield "Messages" if fields["messages"] else "No messages"
    for message in fields["messages"]:
        error = f" ({message['error']})" if message["error"] else ""
        yield f"  {message['at']}  {message['direction']}  {message['status']}{error}"
        yield f"    {message['body']}"
    yield "Changes" if fields["changes"] else "No changes"
    for change in fields["changes"]:
        undone = f" (undone by {change['undone_by']})" if change["undone_by"] else ""
        yield f"  {change['at']}  {change['actor']}: {change['what']}{undone}"
