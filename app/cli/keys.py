"""`optdesk keys`: the credentials of the API door."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli.output import Column
from app.cli.session import noun, session_of
from storage import keys
from storage.errors import NotFound
from storage.ids import parse, public
from storage.keys import KeyRow
from storage.times import stamp

app = noun("keys")

CHANGING_OVER = 2
"""Keys that one sender needs while it changes over. More may serve as many senders."""


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What will use it, such as “website”.")],
) -> None:
    """Make an API key. It is shown this once."""
    session = session_of(ctx)
    store = session.store(create=True)
    made = store.do(lambda conn: keys.create(conn, session.who, name))
    with store.read() as conn:
        live = keys.count_live(conn)
    fields = {"id": public("key", made.id), "key": made.key, "name": made.name}
    session.out.item(fields, made.key)
    session.out.note(f"This is the key “{made.name}”, {fields['id']}. It is not shown again.")
    if live > CHANGING_OVER:
        session.out.note(
            f"{live} keys work now. Once a sender has changed over, revoke its old one: "
            "optdesk keys list"
        )


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List the API keys; never the keys themselves."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = keys.listing(conn)
    session.out.rows(
        (
            Column("id", lambda row: row["id"]),
            Column("name", lambda row: row["name"]),
            Column("ends in", lambda row: row["hint"]),
            Column("made", lambda row: row["created_at"]),
            Column("last used", lambda row: row["last_used_at"] or "never"),
            Column("revoked", lambda row: row["revoked_at"] or ""),
        ),
        map(_row, found),
        "There is no API key yet. Make one with: optdesk keys create NAME",
    )


@app.command()
def revoke(
    ctx: typer.Context, key: Annotated[str, typer.Argument(metavar="ID", help="Its key_… id.")]
) -> None:
    """Make a key useless, at once and for good."""
    session = session_of(ctx)
    ident = parse(key)
    if ident is None:
        raise NotFound(f"“{key}” is no key's id.", "See: optdesk keys list")
    gone = session.do_for_good(
        lambda conn: keys.revoke(conn, session.who, ident),
        "Revoke this key? Who uses it is refused from then on.",
    )
    session.out.item(_row(gone), f"The key “{gone.name}” is revoked.")


def _row(key: KeyRow) -> dict[str, Any]:
    return {
        "id": public("key", key.id),
        "name": key.name,
        "hint": key.hint,
        "created_at": stamp(key.created_at),
        "last_used_at": stamp(key.last_used_at) if key.last_used_at else None,
        "revoked_at": stamp(key.revoked_at) if key.revoked_at else None,
    }
