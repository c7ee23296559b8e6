"""What was written wrongly behind a verb, said as the rest of the program says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING

from typer._click.exceptions import (
    BadOptionUsage,
    MissingParameter,
    NoArgsIsHelpError,
    NoSuchOption,
    UsageError,
)

from app.cli.values import called
from app.flags import HELP
from storage.errors import WrongUsage

if TYPE_CHECKING:
    from typer._click.core import Context

_ALIKE = 0.65
"""How alike two words are, of 1, for one to be a slip of the other."""


@contextmanager
def in_our_words(ctx: Context) -> Iterator[None]:
    """Says what Typer finds wrong in the product's words, with what would be right.

    Raises:
        WrongUsage: Something is.
    """
    try:
        yield
    except NoArgsIsHelpError:
        raise  # It is the help itself.
    except UsageError as mistake:
        raise _meant(mistake, ctx) from None


def _meant(mistake: UsageError, ctx: Context) -> WrongUsage:
    if isinstance(mistake, NoSuchOption):
        name = mistake.option_name
        return WrongUsage(f"There is no option “{name}”.", _near(name, _options(ctx), ctx))
    if isinstance(mistake, BadOptionUsage):
        name = mistake.option_name
        lacks = "takes no value" if name in _switches(ctx) else "needs a value"
        return WrongUsage(f"{name} {lacks}.", _help_of(ctx))
    if isinstance(mistake, MissingParameter) and mistake.param is not None:
        return WrongUsage(f"{called(mistake.param)} is missing.", _usage(ctx))
    return WrongUsage(mistake.format_message(), _help_of(ctx))


def too_much(words: Sequence[str], ctx: Context) -> WrongUsage:
    """There are words behind the verb that nothing takes."""
    return WrongUsage(f"“{words[0]}” is one word too many.", _usage(ctx))


def no_such_verb(name: str, verbs: Iterable[str], ctx: Context) -> WrongUsage:
    """The noun has no such verb."""
    noun = ctx.command_path.removeprefix("optdesk ")
    return WrongUsage(f"There is no command “{noun} {name}”.", _near(name, verbs, ctx))


def _options(ctx: Context) -> list[str]:
    """Every option that may stand here, the shared ones too."""
    own = [name for param in ctx.command.get_params(ctx) for name in param.opts]
    shared = [name.split()[0] for name, _ in HELP]
    return [name for name in (*own, *shared) if name.startswith("--")]


def _switches(ctx: Context) -> set[str]:
    params = ctx.command.get_params(ctx)
    return {name for each in params if getattr(each, "is_flag", False) for name in each.opts}


def _near(name: str, names: Iterable[str], ctx: Context) -> str:
    near = get_close_matches(name, list(names), n=1, cutoff=_ALIKE)
    return f"Did you mean “{near[0]}”?" if near else _help_of(ctx)


def _usage(ctx: Context) -> str:
    return " ".join(ctx.get_usage().split())


def _help_of(ctx: Context) -> str:
    return f"See: {ctx.command_path} --help"
