"""Who is on the store: desks and listeners, each with a seat that it renews now and then."""

from __future__ import annotations

import os
import re
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, or_, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from storage.driver import fetch
from storage.errors import OptdeskError
from storage.handovers import GONE, SINCE
from storage.rows import moment_of
from storage.schema import HEAD
from storage.tables import Seat
from storage.times import now, stamp

if TYPE_CHECKING:
    from storage.store import Store

BEAT_SECONDS = 60.0
"""How often a seat is renewed. Quietly: no screen looks again because of it."""

GLANCE_SECONDS = 0.25
"""How often a desk looks where the others look, while there are others."""

GAP_SECONDS = 0.1
"""The least time between two rounds, however much happens."""

LEAVE_SECONDS = 1.0
"""How long leaving may take: a seat that is left behind is recognised as such."""

Looks = tuple[tuple[int, str], ...]
"""Contact ids, each with the name of somebody who looks at it; names are untrusted."""

_LOOPBACK = re.compile(r"https?://(127\.|\[::1\]|localhost\b)")
"""Addresses that only their own machine reaches."""

_seats: Any = Seat.__table__  # type: ignore[attr-defined]


_ALL = (
    "SELECT id, kind, actor, host, pid, address, contact_id, started_at, seen_at"
    " FROM seats ORDER BY started_at"
)


@dataclass(frozen=True, slots=True)
class SeatView:
    """A process on the store."""

    id: str
    kind: str
    """`desk` or `serve`."""
    actor: str
    """Untrusted."""
    host: str
    """Untrusted."""
    pid: int
    address: str
    """Of its listener; empty where it has none."""
    contact_id: int | None
    """The contact that its person looks at."""
    started_at: datetime
    seen_at: datetime

    @property
    def sentence(self) -> str:
        """Where, by whom and since when it takes leads in, for programs; printable ASCII."""
        return self.told(stamp(self.started_at))

    def told(self, since: str) -> str:
        """The same, with the moment as whoever reads it is used to."""
        who = f"pid {self.pid}"
        if self.host != this_host():
            who += f" on {self.host}"
        said = f"This store is also served at {self.address} ({who}, since {since})."
        return "".join(sign if " " <= sign <= "~" else "?" for sign in said)


def this_host() -> str:
    """The name of this machine."""
    return socket.gethostname()


def enter(
    conn: Connection, kind: str, actor: str, address: str = "", seat_id: str | None = None
) -> str:
    """Takes a seat for this process; those whose holders are gone are cleared away.

    Args:
        conn: A transaction that holds the write lock.
        kind: `desk` or `serve`.
        actor: The person, or empty.
        address: Where it takes leads in, or empty.
        seat_id: The id of the seat, where this process had one.

    Returns:
        The seat's id.
    """
    moment = now()
    ident = seat_id or secrets.token_hex(8)
    gone = [seat.id for seat in _all(conn) if _is_gone(seat, moment)]
    conn.execute(
        delete(_seats).where(
            or_(
                _seats.c.id == ident,
                # Two machines may have one name. That a program is gone which does not know of
                # handovers is not concluded from its number.
                _seats.c.id.in_(gone)
                & or_(_seats.c.revision >= SINCE, _seats.c.seen_at < moment - GONE),
            )
        )
    )
    conn.execute(
        insert(_seats),
        {
            "id": ident,
            "kind": kind,
            "actor": actor,
            "host": this_host(),
            "pid": os.getpid(),
            "address": address,
            "contact_id": None,
            "started_at": moment,
            "seen_at": moment,
            "revision": int(HEAD),
        },
    )
    return ident


def look_at(conn: Connection, seat_id: str, contact_id: int | None) -> bool:
    """Notes which contact the person at a seat looks at, None for none, and renews the seat.

    Returns:
        Whether the seat is still there.
    """
    done = conn.execute(
        update(_seats).where(_seats.c.id == seat_id).values(contact_id=contact_id, seen_at=now())
    )
    return done.rowcount > 0


def leave(conn: Connection, seat_id: str) -> None:
    """Gives a seat up."""
    conn.execute(delete(_seats).where(_seats.c.id == seat_id))


def others(conn: Connection, seat_id: str = "") -> tuple[SeatView, ...]:
    """The other seats whose holders are there, the oldest first."""
    moment = now()
    return tuple(seat for seat in _all(conn) if seat.id != seat_id and not _is_gone(seat, moment))


def served_at(conn: Connection) -> tuple[str, ...]:
    """Where this machine reaches the listeners of a store, `serve` before desks."""
    seats = sorted(others(conn), key=lambda seat: seat.kind != "serve")
    here = this_host()
    found = ((seat.host == here, reachable(seat.address)) for seat in seats if seat.address)
    return tuple(url for own, url in found if own or not _LOOPBACK.match(url))


def reachable(url: str) -> str:
    """An address that a listener is bound to as it is called from its own machine.

    Nobody can call "any address"; the machine itself answers there as loopback.
    """
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def _all(conn: Connection) -> list[SeatView]:
    return [_seat(*row) for row in fetch(conn, _ALL)]


def _seat(*said: Any) -> SeatView:
    ident, kind, actor, host, pid, address, contact_id, started_at, seen_at = said
    started_at, seen_at = moment_of(started_at), moment_of(seen_at)
    return SeatView(ident, kind, actor, host, pid, address, contact_id, started_at, seen_at)


def _is_gone(seat: SeatView, moment: datetime) -> bool:
    if seat.seen_at < moment - GONE:
        return True
    return seat.host == this_host() and not _runs(seat.pid)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


class Presence:
    """Keeps the seat of this process, in a thread of its own.

    Args:
        store: The store; must stay open until `close` has returned.
        kind: `desk` or `serve`.
        actor: The person, or empty.
        address: Where the process takes leads in, or empty; see `moved`.
        met: Told who else takes leads into this store, as soon as that is known.
        seen: Told where the people at other seats look, by contact id and name, whenever that
            changes.
    """

    def __init__(
        self,
        store: Store,
        kind: str,
        actor: str = "",
        address: str = "",
        met: Callable[[tuple[SeatView, ...]], None] | None = None,
        seen: Callable[[Looks], None] | None = None,
    ) -> None:
        self._store = store
        self._kind = kind
        self._actor = actor
        self._address = address
        self._met = met
        self._seen = seen
        self._told: Looks = ()
        self._company = False
        self._wish: int | None = None
        self._wish_due = 0.0
        self._noted: int | None = None
        self._beat_due = 0.0
        self._seated_at: str | None = None
        """The address that the seat tells of; None where there is no seat."""
        self._over = threading.Event()
        self._wake = threading.Event()
        self._deaf: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._run, name="optdesk-seat", daemon=True)
        self.id = secrets.token_hex(8)
        """The seat's id."""

    def start(self) -> None:
        """Takes the seat, soon. A store that can only be read has none."""
        if self._store.read_only:
            return
        if self._seen is not None:
            self._deaf = self._store.feed.subscribe(self._heard)
        self._thread.start()

    def look(self, contact_id: int | None, rest: float = 0.0) -> None:
        """The person looks at a contact, or at none; costs the caller nothing.

        Args:
            contact_id: Which.
            rest: Seconds that they have to stay there before the others are told.
        """
        due = monotonic() + rest
        if contact_id != self._wish or due < self._wish_due:
            self._wish_due, self._wish = due, contact_id
            self._wake.set()

    def _heard(self) -> None:
        # Whoever sits down is heard of; from then on this looks round by itself.
        if not self._company:
            self._wake.set()

    def moved(self, address: str) -> None:
        """The process takes leads in elsewhere now; empty for nowhere."""
        if address != self._address:
            self._address = address
            self._wake.set()

    def close(self) -> None:
        """Leaves, where that is done at once."""
        self._over.set()
        self._wake.set()
        if self._deaf is not None:
            self._deaf()
        if self._thread.ident is None:
            return
        self._thread.join(LEAVE_SECONDS)
        if self._store.health.ok:
            with suppress(OptdeskError, SQLAlchemyError, TimeoutError):
                self._store.write(lambda conn: leave(conn, self.id)).result(LEAVE_SECONDS)

    def _run(self) -> None:
        while not self._over.is_set():
            self._wake.clear()
            with suppress(OptdeskError, SQLAlchemyError):
                self._renew()
                self._look_round()
            self._wake.wait(self._pause())
            self._over.wait(GAP_SECONDS)

    def _pause(self) -> float:
        pause = GLANCE_SECONDS if self._company else BEAT_SECONDS
        if self._wish != self._noted and not self._is_alone:
            pause = min(pause, max(0.0, self._wish_due - monotonic()))
        return pause

    def _renew(self) -> None:
        rested = monotonic() >= self._wish_due and not self._is_alone
        wish = self._wish if rested else self._noted
        # Whoever moves while the seat is taken or renewed takes it again.
        address = self._address
        if self._seated_at == address and wish == self._noted and monotonic() < self._beat_due:
            return
        if self._seated_at != address:
            self._sit_down(address)
        there = self._store.do(lambda conn: look_at(conn, self.id, wish), quiet=True)
        self._seated_at = address if there else None
        self._noted = wish
        self._beat_due = monotonic() + BEAT_SECONDS

    @property
    def _is_alone(self) -> bool:
        """Nobody is there to be told where this person looks: then it is not written down."""
        return self._seen is not None and not self._company

    def _look_round(self) -> None:
        if self._seen is None:
            return
        with self._store.read() as conn:
            found = [seat for seat in others(conn, self.id) if seat.kind == "desk"]
        self._company = bool(found)
        looks = tuple((seat.contact_id, seat.actor) for seat in found if seat.contact_id)
        if looks != self._told:
            self._told = looks
            self._seen(looks)

    def _sit_down(self, address: str) -> None:
        self._store.do(lambda conn: enter(conn, self._kind, self._actor, address, self.id))
        if self._met is not None and address:
            with self._store.read() as conn:
                found = others(conn, self.id)
            self._met(tuple(seat for seat in found if seat.address))
