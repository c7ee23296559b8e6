"""`optdesk serve`: the listener and the courier without a terminal."""

from __future__ import annotations

import typer

from app.cli.session import session_of, verb_alone

app = verb_alone("serve")


@app.command()
def serve(ctx: typer.Context) -> None:
    """Listen until SIGTERM or Ctrl-C, and print `listening on http://HOST:PORT` when ready.

    --host and --port say where, else the settings do; 127.0.0.1:8765 when nothing is said.
    """
    from server.one_core import OneCore
    from server.serve import run

    settings = session_of(ctx).settings
    if settings.one_core:
        OneCore(settings.store).start()
    raise typer.Exit(run(settings))
