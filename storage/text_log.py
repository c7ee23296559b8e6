"""The log of texts, to and from people, and what in it waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select, text
from sqlalchemy.engine import Connection

from storage.driver import Written
from storage.errors import NotFound
from storage.folding import digits, fold
from storage.ids import public
from storage.log_pages import LogPage, read_page
from storage.questions import Question, ask
from storage.tables import TEXT_FAILED, WAITING, Contact, Message
from storage.words import TextView

MOST_COUNTED = 1_000
"""What waits for a person is counted up to here."""

_FEW_DIGITS = 4

_messages: Any = Message.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]

_KEPT = {
    "waiting": WAITING,
    "unknown": "status = 'unknown'",
    "failed": TEXT_FAILED,
    "inbound": "direction = 'in'",
    "review": "review = 'open'",
}
"""In the words of the partial indexes."""


@dataclass(frozen=True, slots=True)
class TextRow:
    """A text as lists show it. Name, phone, body and error are untrusted."""

    id: int
    contact_id: int
    """0 where the number is nobody's we know."""
    phone: str
    name: str
    number_id: str
    inbound: bool
    purpose: str
    body: str
    status: str
    error: str
    gateway: str
    provider_id: str
    review: str
    """Of one that resembles an opt-out: `open`, `confirmed` or `dismissed`."""
    tries: int
    due_at: datetime
    """When it is sent, while it is pending."""
    created_at: datetime
    changed_at: datetime

    @property
    def public_id(self) -> str:
        """`msg_` and 16 hex digits."""
        return public("msg", self.id)

    def held(self, moment: datetime) -> bool:
        """Whether it waits for a later time, such as the end of quiet hours."""
        return self.status == "pending" and self.due_at > moment


def page(
    conn: Connection,
    view: TextView,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int,
) -> LogPage[TextRow]:
    """Some texts, the newest first; see `storage.log_pages.read_page`."""
    query = _joined()
    if view.only:
        query = query.where(text(_KEPT[view.only]))
    # What waits has no index along the ids: it is few, so it is sorted.
    order: ColumnElement[int] | None = (
        literal_column("+messages.id") if view.only == "waiting" else None
    )
    words = fold(view.search)
    number = digits(view.search) if not any(char.isalpha() for char in view.search) else ""

    def lets(row: TextRow) -> bool:
        if len(number) >= _FEW_DIGITS:
            return number in digits(row.phone)
        return words in fold(f"{row.name} {row.phone} {row.body} {row.public_id} {row.provider_id}")

    return read_page(
        conn,
        query,
        _messages.c.id,
        _row,
        before=before,
        after=after,
        limit=limit,
        order=order,
        lets=lets if words else None,
    )


def newest(conn: Connection) -> int:
    """The largest id of a text; 0 for none."""
    return int(conn.execute(select(func.max(_messages.c.id))).scalar() or 0)


def get(conn: Connection, ident: int) -> TextRow:
    """One text.

    Raises:
        NotFound: There is none.
    """
    row = conn.execute(_joined().where(_messages.c.id == ident)).one_or_none()
    if row is None:
        raise NotFound("There is no such text.", "Look for it in the log of texts.")
    return _row(row)


@dataclass(frozen=True, slots=True)
class Awaited:
    """What waits for a person, each counted up to `MOST_COUNTED`."""

    reviews: int = 0
    unknown: int = 0


def awaited(conn: Connection) -> Awaited:
    """How many texts wait for a person's judgement. Cheap: two small indexes are read."""
    return ask(conn, AWAITED)


def _counted(which: str) -> Written:
    few = f"SELECT id FROM messages WHERE {_KEPT[which]} LIMIT {MOST_COUNTED}"  # noqa: S608
    return f"SELECT COUNT(*) FROM ({few}) AS few", ()  # noqa: S608 - our own names


AWAITED = Question(
    (_counted("review"), _counted("unknown")),
    lambda reviews, unknown: Awaited(int(reviews[0][0]), int(unknown[0][0])),
)
"""Asks how many texts wait for a person's judgement."""


def _joined() -> Any:
    return select(_messages, _contacts.c.first_name, _contacts.c.last_name).outerjoin(
        _contacts, _contacts.c.id == _messages.c.contact_id
    )


def _row(row: Any) -> TextRow:
    return TextRow(
        row.id,
        row.contact_id,
        row.phone,
        f"{row.first_name or ''} {row.last_name or ''}".strip(),
        row.number_id,
        row.direction == "in",
        row.purpose,
        row.body,
        row.status,
        row.error,
        row.gateway,
        row.provider_id,
        row.review,
        row.tries,
        row.due_at,
        row.created_at,
        row.changed_at,
    )
