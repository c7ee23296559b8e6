"""`optdesk demo`: a throwaway desk with leads arriving."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.session import session_of, verb_alone
from storage.errors import WrongUsage

_STORIES = ("compliance",)

app = verb_alone("demo")


@app.command()
def demo(
    ctx: typer.Context,
    rate: Annotated[float, typer.Option(min=0.01, max=1000, help="Leads a second.")] = 0.5,
    seconds: Annotated[
        float | None, typer.Option(min=0, help="Let leads arrive for so long only.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same leads each time.")] = None,
    story: Annotated[
        str, typer.Option(help=f"Tell a story in a minute instead: {', '.join(_STORIES)}.")
    ] = "",
    speed: Annotated[
        float, typer.Option(min=0.1, max=100, help="How fast a story is told; 2 is twice as fast.")
    ] = 1.0,
) -> None:
    """Open a throwaway desk with leads arriving; without a terminal, print a line for each."""
    from app.demo import DemoOptions, run

    if story and story not in _STORIES:
        raise WrongUsage(f"“{story}” is no story.", f"There is: {', '.join(_STORIES)}.")
    session = session_of(ctx)
    flags = session.flags
    options = DemoOptions(
        host=flags.host or "127.0.0.1",
        port=flags.port or 0,
        actor=session.settings.actor,
        config=flags.config,
        rate=rate,
        seconds=seconds,
        seed=seed,
        story=story,
        speed=speed,
    )
    raise typer.Exit(run(options))
