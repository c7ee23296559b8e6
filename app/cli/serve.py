"""`optdesk serve`: the listener and the courier without a terminal."""

from __future__ import annotations

import typer

from app.cli.session import session_of, verb_alone

app = verb_alone("serve")


@app.command()
def serve(ctx: typer.Context) -> None:
    """Listen until SIGTERM or Ctrl-C, and print `listening on http://HOST:PORT` when ready."""
    from server.serve import run

    raise typer.Exit(run(session_of(ctx).settings))
