"""What may follow in the search box: keys, and the values that they know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from storage import groups, labels
from storage.folding import fold
from storage.query import KEYS, KINDS, MARKS, STAGES, written
from storage.tables import RARE_SOURCE, Contact

MOST = 20
"""Completions that are offered."""

MOST_SENDERS = 50

MEANINGS = {
    "label": "wears a label",
    "is": "favorite, test, unconfirmed …",
    "kind": "of line: mobile, landline …",
    "age": "<1d, >2h; m h d w",
    "group": "in a group, or none",
    "from": "the sender that brought it",
    "stage": "where it stands",
    "phone": "digits of the number",
}
"""What each key looks for, in a few words."""

AGES = ("<1h", "<1d", "<7d", ">1d", ">1w")

_UNDER_CURSOR = re.compile(r'(?:^|\s)((-?)(?:([a-z]+)(:|(?=[<>])))?((?:"[^"]*|[^\s"]*)))$', re.I)

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Completion:
    """A way to go on."""

    start: int
    end: int
    """The part of the text that `text` takes the place of."""
    text: str
    """What stands there then. Untrusted."""
    hint: str = ""
    """What it means, or how many contacts it stands for."""

    def applied(self, typed: str) -> tuple[str, int]:
        """The text with it, and where the cursor is then."""
        done = typed[: self.start] + self.text + typed[self.end :]
        return done, self.start + len(self.text)


def complete(conn: Connection, typed: str, cursor: int | None = None) -> list[Completion]:
    """What the part of a query before the cursor may become, the likeliest first.

    Args:
        conn: Where labels, groups and senders are read.
        typed: The whole text.
        cursor: The place of the cursor in it; at its end when left out.
    """
    end = len(typed) if cursor is None else max(0, min(cursor, len(typed)))
    found = _UNDER_CURSOR.search(typed[:end])
    if found is None:
        return []
    minus, key, begun = found[2], (found[3] or "").lower(), fold(found[5].lstrip('"'))
    if not key:
        start = found.start(1)
        return [
            Completion(start, end, f"{minus}{each}{'' if each == 'age' else ':'}", MEANINGS[each])
            for each in KEYS
            if each.startswith(begun)
        ]
    if key not in KEYS:
        return []
    start = found.start(5)
    values = _values(conn, key)
    first = [each for each in values if fold(each[0]).startswith(begun)]
    then = [each for each in values if begun in fold(each[0]) and each not in first]
    return [
        Completion(start, end, value if key == "age" else _spelled(key, value) + " ", hint)
        for value, hint in (first + then)[:MOST]
    ]


def _spelled(key: str, value: str) -> str:
    return value if key == "group" and value == "none" else written(value)


def _values(conn: Connection, key: str) -> list[tuple[str, str]]:
    """What a key knows, with what is told of each."""
    if key == "label":
        return [(row.name, f"{row.count:,}") for row in labels.listing(conn)]
    if key == "group":
        named = [(row.name, f"{row.count:,}") for row in groups.listing(conn)]
        return [*named, ("none", "in no group")]
    if key == "is":
        return list(MARKS.items())
    if key == "kind":
        return [(kind, kind.replace("_", " ")) for kind in KINDS]
    if key == "stage":
        return [(stage, "") for stage in STAGES]
    if key == "from":
        return [(sender, "") for sender in senders(conn)]
    return [(age, "") for age in AGES] if key == "age" else []


def senders(conn: Connection) -> list[str]:
    """Who has brought contacts: `api`, and every recognised sender."""
    found, last = ["api"], ""
    column = _contacts.c.source
    while len(found) < MOST_SENDERS:
        # From one value of the index to the next, whatever stands between them.
        query = select(column).where(text(RARE_SOURCE), column > last).order_by(column).limit(1)
        following = conn.scalar(query)
        if following is None:
            break
        found.append(following)
        last = following
    return found
