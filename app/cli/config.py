"""`optdesk config`: every setting, its value and where it came from."""

from __future__ import annotations

import typer

from app.cli.output import Column
from app.cli.session import session_of, verb_alone

app = verb_alone("config")


@app.command()
def config(ctx: typer.Context) -> None:
    """Show every setting and where it comes from."""
    from app.settings import Settings, shown

    session = session_of(ctx)
    loaded = session.loaded
    rows = [
        {
            "setting": name,
            "value": shown(loaded.settings, name),
            "origin": loaded.origin(name),
        }
        for name in Settings.model_fields
    ]
    session.out.rows(
        (
            Column("setting", lambda row: row["setting"]),
            Column("value", lambda row: row["value"]),
            Column("from", lambda row: row["origin"]),
        ),
        rows,
        "",
    )
    from screens.keymap import Keymap

    for sentence in Keymap(loaded.settings.keys).troubles(loaded.where_key):
        session.out.note(sentence)
