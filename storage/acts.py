"""What a person can do to contacts, each as one value that changes a chunk of them at a time.

A chunk is one transaction: the contacts that may be changed are written down as they are
(`change_items`), then changed, all in SQL, so that a hundred thousand cost little more than
the updates alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, literal, select, update
from sqlalchemy.engine import Connection

from storage import phone_index
from storage.dialects import among, insert_or_skip, or_fail
from storage.driver import Written, run, run_at_last
from storage.errors import NotFound
from storage.ids import new_ids
from storage.noting import Left, Those, count_left, leave_places, noted, those
from storage.rows import moment_value
from storage.search import label_mark
from storage.suppressions import cancel_texts, phone_hash, store_secret
from storage.tables import (
    ChangeItem,
    Contact,
    ContactLabel,
    Group,
    Label,
    Message,
    Note,
    SearchPending,
    Suppression,
)
from storage.tallies import add_tallies, group_tally, label_tally, stage_tally
from storage.times import now
from storage.words import Gone, Place, Stage, View

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]
_worn: Any = ContactLabel.__table__  # type: ignore[attr-defined]
_groups: Any = Group.__table__  # type: ignore[attr-defined]
_labels: Any = Label.__table__  # type: ignore[attr-defined]
_messages: Any = Message.__table__  # type: ignore[attr-defined]
_notes: Any = Note.__table__  # type: ignore[attr-defined]
_suppressions: Any = Suppression.__table__  # type: ignore[attr-defined]
_pending: Any = SearchPending.__table__  # type: ignore[attr-defined]


class Act(Protocol):
    """Something done to contacts."""

    @property
    def verb(self) -> str:
        """What it is called in the change log."""

    @property
    def undoable(self) -> bool:
        """Whether it can be taken back."""

    def subject(self, conn: Connection) -> str:
        """What it is done with, such as a group's name.

        Raises:
            NotFound: That does not exist.
        """

    def details(self) -> dict[str, Any]:
        """What doing it again needs beside the contacts."""

    def eligible(self, seen: View | None) -> ColumnElement[bool]:
        """Which contacts it may change, for a person who acted in `seen`."""

    def same(self, seen: View | None) -> ColumnElement[bool]:
        """Which contacts already are as it would make them."""

    def apply(self, conn: Connection, change_id: int, ids: Sequence[int]) -> None:
        """Changes the contacts of a chunk that are written down in `change_items`."""


@runtime_checkable
class Sets(Protocol):
    """An act that does nothing but set columns, where a store can do so as it writes down."""

    def setting(self, conn: Connection) -> Written:
        """What stands behind `SET`, and the values it takes."""

    def count(self, conn: Connection, left: Sequence[Left]) -> None:
        """Counts those whose columns were set.

        Args:
            conn: The transaction.
            left: How many they are, by where they stood.
        """


@runtime_checkable
class Explains(Protocol):
    """An act that knows better than the change log why it left contacts out."""

    def explain(self, conn: Connection, ids: Sequence[int]) -> list[Gone]:
        """Why it did; at most a few are told of."""


@runtime_checkable
class Remarks(Protocol):
    """An act after which things may not be as its sentence alone suggests."""

    def remark(self, conn: Connection, change_id: int, done: int) -> str:
        """What to add to the sentence, or nothing.

        Args:
            conn: Reads the store as it is after the act.
            change_id: The change that names the contacts.
            done: How many they are.
        """


def in_view(seen: View | None) -> ColumnElement[bool]:
    """Which contacts still are where a person saw them, as far as acts are concerned."""
    if seen is not None and seen.place is Place.QUEUE:
        return _contacts.c.stage == Stage.QUEUED  # type: ignore[no-any-return]
    if seen is not None and seen.place is Place.GROUP:
        return and_(_contacts.c.stage == Stage.GROUPED, _contacts.c.group_id == seen.group_id)
    return _contacts.c.stage != Stage.DELETED  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Move:
    """Puts contacts into a group, out of the queue or another group."""

    group_id: int
    verb: ClassVar[str] = "move"
    undoable: ClassVar[bool] = True

    def subject(self, conn: Connection) -> str:
        """The group's name."""
        name = conn.execute(select(_groups.c.name).where(_groups.c.id == self.group_id)).scalar()
        if name is None:
            raise NotFound("That group does not exist any more.", "Choose another one.")
        return str(name)

    def details(self) -> dict[str, Any]:
        """The group."""
        return {"group_id": self.group_id}

    def eligible(self, seen: View | None) -> ColumnElement[bool]:
        """Queued contacts and those of other groups."""
        return and_(
            in_view(seen),
            _contacts.c.stage.in_([Stage.QUEUED, Stage.GROUPED]),
            func.coalesce(_contacts.c.group_id, 0) != self.group_id,
        )

    def same(self, seen: View | None) -> ColumnElement[bool]:
        """Contacts of that group, unless they were seen elsewhere."""
        return and_(in_view(seen), _contacts.c.group_id == self.group_id)

    def apply(self, conn: Connection, change_id: int, ids: Sequence[int]) -> None:
        """Moves them; the queue loses them in the same transaction."""
        chunk = those(conn, change_id, ids)
        columns, values = self.setting(conn)
        moved = run(
            conn,
            f"UPDATE{or_fail(conn)} contacts SET {columns} WHERE id IN ({chunk.ids})",
            (*values, *chunk.values),
        )
        leave_places(conn, change_id, ids)
        self._arrive(conn, moved)

    def setting(self, conn: Connection) -> Written:
        """Stage and group."""
        columns = "stage = 'grouped', group_id = ?, version = version + 1, changed_at = ?"
        return columns, (self.group_id, moment_value(conn, now()))

    def count(self, conn: Connection, left: Sequence[Left]) -> None:
        """Counts them out of where they stood and into the group."""
        count_left(conn, left)
        self._arrive(conn, sum(each.count for each in left))

    def _arrive(self, conn: Connection, moved: int) -> None:
        add_tallies(conn, {stage_tally(Stage.GROUPED): moved, group_tally(self.group_id): moved})


@dataclass(frozen=True, slots=True)
class Delete:
    """Takes contacts away; they count as new when they opt in again."""

    of_tests: bool = False
    """It is about what tests left behind, wherever that is; not to be repeated elsewhere."""
    verb: ClassVar[str] = "delete"
    undoable: ClassVar[bool] = True

    def subject(self, _conn: Connection) -> str:
        """Nothing."""
        return ""

    def details(self) -> dict[str, Any]:
        """Whether it is about tests."""
        return {"of_tests": True} if self.of_tests else {}

    def eligible(self, seen: View | None) -> ColumnElement[bool]:
        """All that are not deleted yet."""
        return and_(in_view(seen), _contacts.c.stage != Stage.DELETED)

    def same(self, _seen: View | None) -> ColumnElement[bool]:
        """None: a contact deleted by somebody else is worth telling of."""
        return literal(1) == 0

    def apply(self, conn: Connection, change_id: int, ids: Sequence[int]) -> None:
        """Deletes them and cancels what was still to be sent to them."""
        chunk, moment = noted(conn, change_id, ids), now()
        theirs = select(_contacts.c.id, _contacts.c.phone).where(_contacts.c.id.in_(chunk))
        phone_index.leave(conn, [(row.id, row.phone) for row in conn.execute(theirs)])
        gone = conn.execute(
            update(_contacts)
            .where(_contacts.c.id.in_(chunk))
            .values(
                stage=Stage.DELETED,
                group_id=None,
                version=_contacts.c.version + 1,
                changed_at=moment,
            )
        ).rowcount
        conn.execute(
            update(_messages)
            .where(_messages.c.contact_id.in_(chunk), _messages.c.status == "pending")
            .values(status="cancelled", changed_at=moment)
        )
        leave_places(conn, change_id, ids)
        add_tallies(conn, {stage_tally(Stage.DELETED): gone})


@dataclass(frozen=True, slots=True)
class Star:
    """Marks contacts as favorites, or no longer."""

    on: bool
    undoable: ClassVar[bool] = True

    @property
    def verb(self) -> str:
        """`star` or `unstar`."""
        return "star" if self.on else "unstar"

    def subject(self, _conn: Connection) -> str:
        """Nothing."""
        return ""

    def details(self) -> dict[str, Any]:
        """Nothing: the verb says it."""
        return {}

    def eligible(self, _seen: View | None) -> ColumnElement[bool]:
        """Contacts that are not so yet."""
        return and_(_contacts.c.stage != Stage.DELETED, _contacts.c.favorite == int(not self.on))

    def same(self, _seen: View | None) -> ColumnElement[bool]:
        """Contacts that are so already."""
        return and_(_contacts.c.stage != Stage.DELETED, _contacts.c.favorite == int(self.on))

    def apply(self, conn: Connection, change_id: int, ids: Sequence[int]) -> None:
        """Stars them."""
        conn.execute(
            update(_contacts)
            .where(_contacts.c.id.in_(noted(conn, change_id, ids)))
            .values(favorite=int(self.on), version=_contacts.c.version + 1, changed_at=now())
        )


@dataclass(frozen=True, slots=True)
class _Labelling:
    label_id: int
    undoable: ClassVar[bool] = True

    def subject(self, conn: Connection) -> str:
        """The label's name."""
        return self._row(conn).name  # type: ignore[no-any-return]

    def details(self) -> dict[str, Any]:
        """The label."""
        return {"label_id": self.label_id}

    def _row(self, conn: Connection) -> Any:
        row = conn.execute(select(_labels).where(_labels.c.id == self.label_id)).one_or_none()
        if row is None:
            raise NotFound("That label does not exist any more.", "Choose another one.")
        return row

    def _worn(self) -> ColumnElement[bool]:
        return and_(
            _contacts.c.stage != Stage.DELETED,
            exists().where(_worn.c.contact_id == _contacts.c.id, _worn.c.label_id == self.label_id),
        )

    def _bare(self) -> ColumnElement[bool]:
        return and_(
            _contacts.c.stage != Stage.DELETED,
            ~exists().where(
                _worn.c.contact_id == _contacts.c.id, _worn.c.label_id == self.label_id
            ),
        )

    def _rewrite(self, conn: Connection, hay: str, mark: str, chunk: Those) -> None:
        """Sets the haystacks of the noted contacts to an expression with one `?`."""
        run(
            conn,
            f"UPDATE{or_fail(conn)} contacts SET haystack = {hay}, version = version + 1,"
            f" changed_at = ? WHERE id IN ({chunk.ids})",
            (mark, moment_value(conn, now()), *chunk.values),
        )
        pending = f"INSERT INTO search_pending (contact_id) {chunk.ids} ON CONFLICT DO NOTHING"
        run_at_last(conn, [(pending, chunk.values)])


@dataclass(frozen=True, slots=True)
class AddLabel(_Labelling):
    """Puts a label on contacts."""

    verb: ClassVar[str] = "label"

    def eligible(self, _seen: View | None) -> ColumnElement[bool]:
        """Contacts without it."""
        return self._bare()

    def same(self, _seen: View | None) -> ColumnElement[bool]:
        """Contacts with it."""
        return self._worn()

    def apply(self, conn: Connection, change_id: int, ids: Sequence[int]) -> None:
        """Labels them."""
        chunk = those(conn, change_id, ids)
        mark = label_mark(self._row(conn).folded)
        added = run(
            conn,
            f"INSERT{or_fail(conn)} INTO contact_labels (contact_id, label_id)"  # noqa: S608 - our own names
            f" SELECT contact_id, CAST(? AS BIGINT) FROM change_items WHERE {chunk.where}",
            (self.label_id, *chunk.values),
        )
        self._rewrite(conn, "haystack || ?", mark, chunk)
        add_tallies(conn, {label_tally(self.label_id): added})


@dataclass(frozen=True, slots=True)
class RemoveLabel(_Labelling):
    """Takes a label off contacts."""

    verb: ClassVar[str] = "unlabel"

    def eligible(self, _seen: View | None) -> ColumnElement[bool]:
        """Contacts with it."""
        return self._worn()

    def same(self, _seen: View | None) -> ColumnElement[bool]:
        """Contacts without it."""
        return self._bare()

    def apply(self, conn: Connection, change_id: int, ids: Sequence[int]) -> None:
        """Unlabels them."""
        chunk = those(conn, change_id, ids)
        mark = label_mark(self._row(conn).folded)
        removed = run(
            conn,
            "DELETE FROM contact_labels WHERE label_id = ?"  # noqa: S608 - our own names
            f" AND contact_id IN ({chunk.ids})",
            (self.label_id, *chunk.values),
        )
        self._rewrite(conn, "replace(haystack, ?, '')", mark, chunk)
        add_tallies(conn, {label_tally(self.label_id): -removed})


@dataclass(frozen=True, slots=True)
class DoNotContact:
    """Puts contacts on the Do Not Contact list. Only a release with a reason takes them off."""

    author: str
    reason: str = ""
    verb: ClassVar[str] = "suppress"
    undoable: ClassVar[bool] = False

    def subject(self, _conn: Connection) -> str:
        """Why."""
        return self.reason or "Do Not Contact"

    def details(self) -> dict[str, Any]:
        """Nothing: it cannot be done again from here."""
        return {}

    def eligible(self, seen: View | None) -> ColumnElement[bool]:
        """All that are still where they were seen, and not suppressed."""
        return and_(in_view(seen), _contacts.c.stage.not_in([Stage.DELETED, Stage.SUPPRESSED]))

    def same(self, _seen: View | None) -> ColumnElement[bool]:
        """Suppressed contacts."""
        return _contacts.c.stage == Stage.SUPPRESSED  # type: ignore[no-any-return]

    def apply(self, conn: Connection, change_id: int, ids: Sequence[int]) -> None:
        """Suppresses them; queue and groups lose them in the same transaction."""
        chunk, moment = noted(conn, change_id, ids), now()
        secret = store_secret(conn)
        phones = conn.execute(select(_contacts.c.phone).where(_contacts.c.id.in_(chunk))).scalars()
        rows = [
            {
                "phone_hash": phone_hash(secret, phone),
                "source": "staff",
                "phone": phone,
                "reason": self.reason,
                "actor": self.author,
                "at": moment,
                "import_id": None,
            }
            for phone in sorted(set(phones))
        ]
        if not rows:
            return
        conn.execute(insert_or_skip(conn, _suppressions), rows)
        gone = conn.execute(
            update(_contacts)
            .where(_contacts.c.id.in_(chunk))
            .values(
                stage=Stage.SUPPRESSED,
                group_id=None,
                version=_contacts.c.version + 1,
                changed_at=moment,
            )
        ).rowcount
        cancel_texts(conn, [str(row["phone"]) for row in rows])
        leave_places(conn, change_id, ids)
        add_tallies(conn, {stage_tally(Stage.SUPPRESSED): gone})


@dataclass(frozen=True, slots=True)
class WriteNote:
    """Writes the same note on contacts."""

    author: str
    body: str
    verb: ClassVar[str] = "note"
    undoable: ClassVar[bool] = True

    def subject(self, _conn: Connection) -> str:
        """Nothing: what was written stands on the contact."""
        return ""

    def details(self) -> dict[str, Any]:
        """Who wrote what."""
        return {"author": self.author, "body": self.body}

    def eligible(self, _seen: View | None) -> ColumnElement[bool]:
        """All that are not deleted."""
        return _contacts.c.stage != Stage.DELETED  # type: ignore[no-any-return]

    def same(self, _seen: View | None) -> ColumnElement[bool]:
        """None: the same may be said twice."""
        return literal(1) == 0

    def apply(self, conn: Connection, change_id: int, ids: Sequence[int]) -> None:
        """Writes it."""
        moment = now()
        noted_ids = list(conn.execute(noted(conn, change_id, ids)).scalars())
        rows = [
            {
                "id": ident,
                "contact_id": contact_id,
                "author": self.author,
                "body": self.body,
                "created_at": moment,
                "changed_at": moment,
            }
            for ident, contact_id in zip(new_ids(len(noted_ids)), noted_ids, strict=True)
        ]
        if rows:
            conn.execute(insert(_notes), rows)

    def take_back(self, conn: Connection, change_id: int, ids: Sequence[int]) -> list[int]:
        """Removes it from contacts where it still stands as written; returns those."""
        query = delete(_notes).where(
            among(conn, _notes.c.contact_id, ids),
            _notes.c.id > change_id,
            _notes.c.author == self.author,
            _notes.c.body == self.body,
            _notes.c.changed_at == _notes.c.created_at,
        )
        return list(conn.execute(query.returning(_notes.c.contact_id)).scalars())
