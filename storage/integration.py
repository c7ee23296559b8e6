"""The Opt-In API connection: at most one, on or off."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection

from storage import keys, numbers
from storage.access import credential_hash, touch_access
from storage.changes import record
from storage.compliance import demand_complete
from storage.double_opt_in import asked
from storage.driver import fetch
from storage.errors import NotFound, Refused
from storage.ids import moment_of, new_id
from storage.mapping_rules import Options, Rule, checked, parse, serialise
from storage.phones import region_of
from storage.questions import Question, Rows, ask
from storage.retired import retire
from storage.rows import moment_of as stored_moment
from storage.tables import ApiKey, Integration
from storage.tallies import hour_tally, tallies
from storage.times import now
from storage.words import REGION, Actor, NumberStatus

HOURS = 24

SIMULATED_NUMBER = "+12025550123"
"""The number a store texts from while nothing real is connected; reserved for fiction."""

_integrations: Any = Integration.__table__  # type: ignore[attr-defined]
_keys: Any = ApiKey.__table__  # type: ignore[attr-defined]

_LIVE = select(_integrations).where(_integrations.c.live == 1)
_LATEST = select(_integrations).order_by(_integrations.c.id.desc()).limit(1)
_SHOWN = (
    "SELECT id, active, token, number_id, brand, program, default_region, created_at, changed_at,"
    " options FROM integrations WHERE live = 1"
)
_NEWEST = (
    "SELECT id FROM contacts WHERE NOT EXISTS (SELECT 1 FROM attempts"
    " WHERE contact_id = contacts.id AND replay_of IS NOT NULL AND outcome = 'accepted')"
    " ORDER BY id DESC LIMIT 1"
)
"""The newest contact that a sender brought: not one whom a person took in by mending a request."""


@dataclass(frozen=True, slots=True)
class Added:
    """What adding the integration made."""

    integration_id: int
    token: str
    """The secret of the hook URL."""
    number_id: str
    """The messaging number to opt in to."""
    key: str | None
    """A first API key, where there was none. Shown once."""
    key_id: int | None


@dataclass(frozen=True, slots=True)
class IntegrationView:
    """The integration as the panel shows it."""

    id: int
    active: bool
    token: str
    number_id: str
    brand: str
    program: str
    default_region: str
    created_at: datetime
    changed_at: datetime
    last_arrival: datetime | None
    hourly: tuple[int, ...]
    """Arrivals in each of the last 24 hours, the oldest first."""
    redirect: str = ""
    """Where a browser that posted a form is sent; empty for the thank-you page."""
    thanks: str = ""
    """What the thank-you page says; empty for its usual sentence."""
    rules: tuple[Rule, ...] = ()
    """Which value of a body is which field, where the aliases do not suffice."""
    confirm_hours: int = 0
    """With double opt-in, how long a YES is waited for; 0 where none is asked for."""


def add(
    conn: Connection,
    who: Actor,
    *,
    brand: str | None = None,
    program: str | None = None,
    default_region: str | None = None,
    simulated: bool = True,
    number_id: str | None = None,
    active: bool = True,
) -> Added:
    """Adds the integration, with everything that a first lead needs.

    Args:
        conn: A transaction that holds the write lock.
        who: By whose hand.
        brand: Who texts, in the compliance text; as before when left out, see `before`.
        program: What about; as before when left out.
        default_region: Of numbers that come without a country; as before when left out.
        simulated: Whether the gateway is the simulated one. Then a store without a messaging
            number gets an approved simulated one.
        number_id: The messaging number to opt people in to, by its id or in E.164; the oldest
            approved one when left out.
        active: Whether it is on at once.

    Returns:
        Its secrets; a store without a key gets its first one.

    Raises:
        Refused: There is one already, no number to text from, or the region is none.
    """
    said = before(conn)
    region = region_of(said.region if default_region is None else default_region)
    if show_row(conn) is not None:
        raise Refused(
            "There is an Opt-In API already.", "Only one can exist: optdesk integration show"
        )
    if number_id is None:
        number = _number_for(conn, who, simulated=simulated)
    else:
        number = _approved(conn, number_id).id
    first_key = None
    if conn.execute(select(func.count()).select_from(_keys)).scalar_one() == 0:
        first_key = keys.create(conn, who, "first key")
    token, moment, ident = secrets.token_urlsafe(24), now(), new_id()
    conn.execute(
        insert(_integrations),
        {
            "id": ident,
            "live": 1,
            "active": active,
            "token": token,
            "token_hash": credential_hash(token),
            "default_region": region,
            "brand": (said.brand if brand is None else brand).strip(),
            "program": (said.program if program is None else program).strip(),
            "number_id": number,
            "options": "{}",
            "created_at": moment,
            "changed_at": moment,
        },
    )
    record(conn, who, "integration.add")
    touch_access(conn)
    return Added(
        ident,
        token,
        number,
        first_key.key if first_key else None,
        first_key.id if first_key else None,
    )


@dataclass(frozen=True, slots=True)
class Before:
    """What the integration said that was there last; one that is added goes on with it."""

    brand: str = ""
    program: str = ""
    region: str = REGION


def before(conn: Connection) -> Before:
    """What the newest integration says or, after it was deleted, said."""
    row = conn.execute(_LATEST).first()
    return Before() if row is None else Before(row.brand, row.program, row.default_region)


def _number_for(conn: Connection, who: Actor, *, simulated: bool) -> str:
    known = numbers.listing(conn)
    approved = [number for number in known if number.status is NumberStatus.APPROVED]
    if approved:
        return approved[0].id
    if known:
        raise Refused(
            "No messaging number is approved, so the Opt-In API cannot be on.",
            f"Approve one first: optdesk numbers approve {known[0].id}",
        )
    if not simulated:
        raise Refused(
            "There is no messaging number to send the compliance text from.",
            "Add and approve one first: optdesk numbers add +1…",
        )
    return numbers.add(conn, who, SIMULATED_NUMBER, name="simulated", approved=True).id


def switch(conn: Connection, who: Actor, *, on: bool) -> bool:
    """Switches the integration on or off, for every process at once.

    Returns:
        Whether that changed anything.

    Raises:
        NotFound: There is no integration.
        Refused: It cannot be on without an approved number.
    """
    row = _there(conn, "switch")
    number = _number_while_on(conn, row.number_id) if on else row.number_id
    if on:
        demand_complete(conn)
    if row.active == on:
        return False
    _change(conn, row, active=on, number_id=number)
    moved = {"number_id": number} if number != row.number_id else {}
    record(conn, who, "integration.on" if on else "integration.off", details=moved)
    return True


def edit(
    conn: Connection,
    who: Actor,
    *,
    brand: str | None = None,
    program: str | None = None,
    default_region: str | None = None,
    number_id: str | None = None,
    redirect: str | None = None,
    thanks: str | None = None,
    rules: Sequence[Rule] | None = None,
) -> IntegrationView:
    """Changes what is named and leaves the rest; in force in every process at once.

    Args:
        conn: A transaction that holds the write lock.
        who: By whose hand.
        brand: Who texts, in the compliance text; empty for a neutral word.
        program: What about.
        default_region: Of numbers that come without a country, as two letters.
        number_id: The messaging number to opt people in to, by its id or in E.164.
        redirect: Where a browser that posted a form is sent; empty for the thank-you page.
        thanks: What the thank-you page says; empty for its usual sentence.
        rules: Which value of a body is which field; empty for the aliases alone.

    Raises:
        NotFound: There is no integration, or no such number.
        Refused: The region, the address or a rule is none, or the number is not approved.
    """
    row = _there(conn, "edit")
    said: dict[str, Any] = {}
    if brand is not None:
        said["brand"] = brand.strip()
    if program is not None:
        said["program"] = program.strip()
    if default_region is not None:
        said["default_region"] = region_of(default_region)
    if number_id is not None:
        said["number_id"] = _approved(conn, number_id).id
    options = checked(_options(parse(row.options), redirect, thanks, rules))
    if options != parse(row.options):
        said["options"] = serialise(options, row.options)
    new = {name: value for name, value in said.items() if value != getattr(row, name)}
    if new:
        _change(conn, row, **new)
        before = {name: getattr(row, name) for name in new}
        record(conn, who, "integration.edit", details={"before": before, "after": new})
    view = show(conn)
    assert view is not None  # noqa: S101 - its row was read above
    return view


def regenerate(conn: Connection, who: Actor) -> str:
    """Gives the integration a new secret URL; the old one is dead with the commit.

    Returns:
        The new token.

    Raises:
        NotFound: There is no integration.
    """
    row = _there(conn, "give a new URL")
    token = secrets.token_urlsafe(24)
    retire(conn, bytes(row.token_hash), "regenerated")
    _change(conn, row, token=token, token_hash=credential_hash(token))
    record(conn, who, "integration.regenerate")
    return token


def delete(conn: Connection, who: Actor) -> None:
    """Removes the integration for good. Contacts, numbers and keys stay.

    Raises:
        NotFound: There is no integration.
    """
    row = _there(conn, "delete")
    retire(conn, bytes(row.token_hash), "deleted")
    _change(conn, row, live=None, active=False, token="")
    record(conn, who, "integration.delete")


def _options(
    known: Options, redirect: str | None, thanks: str | None, rules: Sequence[Rule] | None
) -> Options:
    """Options with what is named changed."""
    return Options(
        rules=known.rules if rules is None else tuple(rules),
        redirect=known.redirect if redirect is None else redirect.strip(),
        thanks=known.thanks if thanks is None else thanks.strip(),
    )


def _there(conn: Connection, verb: str) -> Any:
    row = show_row(conn)
    if row is None:
        raise NotFound(
            f"There is no Opt-In API to {verb}.", "Add it first: optdesk integration add"
        )
    return row


def _change(conn: Connection, row: Any, **values: Any) -> None:
    conn.execute(
        update(_integrations).where(_integrations.c.id == row.id).values(changed_at=now(), **values)
    )
    touch_access(conn)


def _approved(conn: Connection, ident: str) -> numbers.NumberRow:
    number = numbers.get(conn, ident)
    if number.status is not NumberStatus.APPROVED:
        raise Refused(
            f"{number.phone} ({number.id}) is {number.status}, so it cannot text anybody.",
            f"Approve it first: optdesk numbers approve {number.id}",
        )
    return number


def _number_while_on(conn: Connection, ident: str) -> str:
    """The number that it is to text from while on: its own, or else the oldest approved one."""
    known = numbers.listing(conn)
    approved = [number.id for number in known if number.status is NumberStatus.APPROVED]
    if not approved:
        step = f"optdesk numbers approve {known[0].id}" if known else "optdesk numbers add +1…"
        raise Refused(
            "The Opt-In API cannot be on without an approved messaging number.",
            f"Approve one first: {step}",
        )
    return ident if ident in approved else approved[0]


def show_row(conn: Connection) -> Any:
    """The stored row of the integration, or None."""
    return conn.execute(_LIVE).one_or_none()


def show(conn: Connection) -> IntegrationView | None:
    """The integration, or None while there is none."""
    return ask(conn, shown(conn))


def shown(conn: Connection) -> Question[IntegrationView | None]:
    """Asks for the integration."""
    hours = _last_hours()
    arrivals = tallies(conn, hours)

    def told(rows: Rows, newest: Rows, counted: Rows) -> IntegrationView | None:
        if not rows:
            return None
        by_hour = arrivals.told(counted)
        hourly = tuple(by_hour[name] for name in hours)
        return _view(rows[0], _arrival(newest), hourly)

    return Question(((_SHOWN, ()), (_NEWEST, ()), *arrivals.asked), told)


def _view(
    row: tuple[Any, ...], last_arrival: datetime | None, hourly: tuple[int, ...]
) -> IntegrationView:
    ident, active, *words, created_at, changed_at, said = row
    token, number_id, brand, program, default_region = words
    options = parse(said)
    double, wait = asked(said)
    return IntegrationView(
        id=ident,
        active=bool(active),
        token=token,
        number_id=number_id,
        brand=brand,
        program=program,
        default_region=default_region,
        created_at=stored_moment(created_at),
        changed_at=stored_moment(changed_at),
        last_arrival=last_arrival,
        hourly=hourly,
        redirect=options.redirect,
        thanks=options.thanks,
        rules=options.rules,
        confirm_hours=wait if double else 0,
    )


def last_arrival(conn: Connection) -> datetime | None:
    """When the newest lead came in, whatever became of it since."""
    return _arrival(fetch(conn, _NEWEST))


def _arrival(newest: Rows) -> datetime | None:
    return moment_of(newest[0][0]) if newest else None


def _last_hours() -> list[str]:
    """The counters of arrivals in each of the last 24 hours, the oldest first."""
    this_hour = int(now().timestamp()) // 3600
    return [hour_tally(hour) for hour in range(this_hour - HOURS + 1, this_hour + 1)]
