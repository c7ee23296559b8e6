"""`optdesk webhooks`: the addresses that events are delivered to, and what became of events."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from app.cli.output import Column
from app.cli.session import Session, noun, session_of
from app.cli.values import none_of
from server.webhooks.guard import Guard
from storage import delivery_log, endpoints
from storage.delivery_log import STATUSES, DeliveryRow, DeliveryView
from storage.endpoints import ROTATION_HOURS, EndpointRow
from storage.errors import NotFound, WrongUsage
from storage.ids import parse, public
from storage.inside import inside_host, warning
from storage.outbox import EVENTS
from storage.times import now, stamp

app = noun("webhooks")

Endpoint = Annotated[str, typer.Argument(metavar="ENDPOINT", help="Its end_… id, or its address.")]
Events = Annotated[
    list[str] | None,
    typer.Option("--event", metavar="EVENT", help=f"May be repeated: {', '.join(EVENTS)}."),
]
Seed = Annotated[
    bool | None,
    typer.Option("--seed-body/--full-body", help="Leave `type` out of the body, or have it."),
]

_POLL_SECONDS = 0.05


@app.command()
def add(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="Where events are posted to.")],
    event: Events = None,
    seed_body: Seed = None,
) -> None:
    """Add an endpoint. Its signing secret is shown this once."""
    session = session_of(ctx)
    made = session.store(create=True).do(
        lambda conn: endpoints.add(
            conn, session.who, url, events=event or EVENTS, seed=bool(seed_body)
        )
    )
    session.out.item(_endpoint(made.endpoint) | {"secret": made.secret}, made.secret)
    session.out.note(
        f"This is the secret of {made.endpoint.public_id}. It is not shown again."
        f" Try it: optdesk webhooks test {made.endpoint.public_id}"
    )
    _warn_of_inside(session, url)


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List the endpoints; never their secrets."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = endpoints.listing(conn)
    session.out.rows(
        (
            Column("id", lambda row: row["id"]),
            Column("address", lambda row: row["url"]),
            Column("state", _state),
            Column("events", lambda row: " ".join(row["events"])),
        ),
        map(_endpoint, found),
        "There is no webhook endpoint yet. Add one with: optdesk webhooks add https://…",
    )


@app.command()
def edit(
    ctx: typer.Context,
    endpoint: Endpoint,
    url: Annotated[str | None, typer.Option(metavar="URL", help="Its new address.")] = None,
    event: Events = None,
    seed_body: Seed = None,
) -> None:
    """Change an endpoint's address, the events it is told of, or the body's form."""
    if url is None and not event and seed_body is None:
        raise WrongUsage("Nothing was said to change.", "Give --url, --event or --seed-body.")
    session = session_of(ctx)
    ident = _ident(session, endpoint)
    changed = session.store().do(
        lambda conn: endpoints.edit(
            conn, session.who, ident, url=url, events=event or None, seed=seed_body
        )
    )
    session.out.item(
        _endpoint(changed), f"{changed.public_id}: {changed.url}, {' '.join(changed.events)}."
    )
    _warn_of_inside(session, url or "")


def _warn_of_inside(session: Session, url: str) -> None:
    """Says so where events will not be delivered because of the address."""
    host = inside_host(url)
    if host and not Guard(session.settings.webhook_allow).trusts(host):
        session.out.note(warning(url))


@app.command()
def rotate(ctx: typer.Context, endpoint: Endpoint) -> None:
    """Give an endpoint a new secret; both sign for a day."""
    session = session_of(ctx)
    ident = _ident(session, endpoint)
    made = session.store().do(lambda conn: endpoints.rotate(conn, session.who, ident))
    session.out.item(_endpoint(made.endpoint) | {"secret": made.secret}, made.secret)
    session.out.note(
        f"This is the new secret of {made.endpoint.public_id}. It is not shown again."
        f" For {ROTATION_HOURS} hours the old one signs beside it."
    )


@app.command()
def enable(ctx: typer.Context, endpoint: Endpoint) -> None:
    """Deliver to an endpoint again; what waited for it goes out now."""
    _switch(ctx, endpoint, on=True)


@app.command()
def disable(ctx: typer.Context, endpoint: Endpoint) -> None:
    """Deliver nothing to an endpoint; what waits for it is kept."""
    _switch(ctx, endpoint, on=False)


@app.command()
def remove(ctx: typer.Context, endpoint: Endpoint) -> None:
    """Remove an endpoint and cancel what waits for it."""
    session = session_of(ctx)
    ident = _ident(session, endpoint)
    gone = session.do_for_good(
        lambda conn: endpoints.remove(conn, session.who, ident),
        "Remove this endpoint? What waits for it is never delivered.",
    )
    endpoints.clear_left_over(session.store())
    session.out.item(_endpoint(gone) | {"active": False}, f"{gone.public_id} is removed.")


@app.command()
def test(
    ctx: typer.Context,
    endpoint: Endpoint,
    wait: Annotated[int, typer.Option(min=0, help="Seconds to wait for the answer.")] = 20,
) -> None:
    """Send an endpoint an event that is about nobody, and say what it answered."""
    session = session_of(ctx)
    ident = _ident(session, endpoint)
    delivery = session.store().do(lambda conn: delivery_log.test(conn, session.who, ident))
    until = time.monotonic() + wait
    while True:
        with session.store().read() as conn:
            view = delivery_log.show(conn, delivery)
        if view.tries or time.monotonic() >= until:
            break
        time.sleep(_POLL_SECONDS)
    fields = _whole(view)
    if not view.tries:
        session.out.item(fields, "Not tried yet. Deliveries need a desk or `optdesk serve`.")
    else:
        session.out.item(fields, _told(fields["tries"][-1]))
    if view.row.status != "delivered":
        raise typer.Exit(1)


@app.command()
def deliveries(
    ctx: typer.Context,
    endpoint: Annotated[
        str | None, typer.Option(help="Only those to one endpoint: its id or address.")
    ] = None,
    status: Annotated[
        str, typer.Option(help=f"Only those that stand so: {', '.join(STATUSES)}.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 100,
) -> None:
    """List deliveries, the newest first."""
    if status and status not in STATUSES:
        raise none_of(STATUSES, status, "--status")
    session = session_of(ctx)
    ident = None if endpoint is None else _ident(session, endpoint)
    with session.store().read() as conn:
        found = delivery_log.listing(conn, endpoint_id=ident, status=status, limit=limit)
    session.out.rows(
        (
            Column("id", lambda row: row["id"]),
            Column("event", lambda row: row["event"]),
            Column("number", lambda row: row["phone"] or ""),
            Column("status", lambda row: row["status"]),
            Column("tries", lambda row: str(row["attempts"]), right=True),
            Column("answer", lambda row: str(row["answer_status"] or row["answer"])),
            Column("address", lambda row: row["url"]),
        ),
        map(_delivery, found),
        "There are no deliveries.",
    )


@app.command()
def show(
    ctx: typer.Context,
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="Its dlv_… id.")],
) -> None:
    """Show a delivery with its request and every answer."""
    from server.webhooks.letter import described

    session = session_of(ctx)
    with session.store().read() as conn:
        view = delivery_log.show(conn, _delivery_id(delivery))
    fields = _whole(view) | {"request": described(view)}
    lines = [
        f"{fields['id']}: {fields['event']} to {fields['url']}, {fields['status']}",
        f"webhook-id: {fields['webhook_id']}",
        fields["request"],
        *[f"{one['at']}  {_told(one)}" for one in fields["tries"]],
    ]
    if fields["status"] == "pending":
        lines.append(f"Next try: {fields['due_at']}")
    session.out.item(fields, "\n".join(lines))


@app.command()
def replay(
    ctx: typer.Context,
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help="A dlv_… id, or an endpoint with --since.")
    ],
    since: Annotated[
        str, typer.Option(metavar="TIME", help="From then on, such as 2026-03-28T12:00:00Z.")
    ] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="Up to then; now if left out.")] = "",
    failed: Annotated[
        bool, typer.Option("--failed", help="Leave out what the endpoint has taken.")
    ] = False,
) -> None:
    """Send one event again, or all of a span of time to one endpoint.

    Such as: optdesk webhooks replay end_… --since 2026-03-28T12:00:00Z --failed
    """
    session = session_of(ctx)
    store = session.store()
    if what.startswith("dlv_"):
        ident = _delivery_id(what)
        row = store.do(lambda conn: delivery_log.replay(conn, session.who, ident))
        session.out.item(_delivery(row), f"{row.public_id} is sent again.")
        return
    if not since:
        raise WrongUsage("A span of time needs its beginning.", "Give --since.")
    sent = delivery_log.replay_span(
        store,
        session.who,
        _ident(session, what),
        _moment(since),
        _moment(until) if until else now(),
        failed_only=failed,
    )
    session.out.item({"replayed": sent}, f"{sent:,} events are sent again.")


def _switch(ctx: typer.Context, endpoint: str, *, on: bool) -> None:
    session = session_of(ctx)
    store, ident = session.store(), _ident(session, endpoint)
    changed = store.do(lambda conn: endpoints.switch(conn, session.who, ident, on=on))
    with store.read() as conn:
        row = endpoints.get(conn, ident)
    was = "" if changed else " already"
    session.out.item(_endpoint(row), f"{row.public_id} is{was} {'enabled' if on else 'disabled'}.")


def _ident(session: Session, text: str) -> int:
    with session.store().read() as conn:
        return endpoints.find(conn, text).id


def _delivery_id(text: str) -> int:
    ident = parse(text) if text.startswith("dlv_") else None
    if ident is None:
        raise NotFound(f"“{text}” is no delivery's id.", "See: optdesk webhooks deliveries")
    return ident


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"“{text}” is no time.", "Write it like 2026-03-28T12:00:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _endpoint(row: EndpointRow) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "url": row.url,
        "events": list(row.events),
        "seed_body": row.seed_body,
        "active": row.active,
        "failing_since": stamp(row.failing_since) if row.failing_since else None,
        "disabled_why": row.disabled_why,
        "old_secret_until": stamp(row.old_secret_until) if row.old_secret_until else None,
        "created_at": stamp(row.created_at),
    }


def _state(row: Any) -> str:
    if not row["active"]:
        return f"disabled: {row['disabled_why']}" if row["disabled_why"] else "disabled"
    return f"failing since {row['failing_since']}" if row["failing_since"] else "enabled"


def _delivery(row: DeliveryRow) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "endpoint": public("end", row.endpoint_id),
        "url": row.url,
        "webhook_id": public("evt", row.event_id),
        "event": row.event,
        "contact_id": public("con", row.contact_id) if row.contact_id else None,
        "phone": row.phone or None,
        "at": stamp(row.at),
        "status": row.status,
        "attempts": row.tries,
        "due_at": stamp(row.due_at) if row.status == "pending" else None,
        "answer_status": row.answer_status,
        "answer": row.answer,
        "took_ms": row.took_ms,
        "changed_at": stamp(row.changed_at),
    }


def _whole(view: DeliveryView) -> dict[str, Any]:
    tries = [
        {
            "at": stamp(one.at),
            "status": one.status,
            "answer": one.answer,
            "took_ms": one.took_ms,
        }
        for one in view.tries
    ]
    return _delivery(view.row) | {"tries": tries}


def _told(one: dict[str, Any]) -> str:
    what = f"{one['status']} {one['answer']}".strip() if one["status"] else one["answer"]
    return f"{what} ({one['took_ms']} ms)"
