"""The help of nouns and verbs, written as manual pages write it: `create [OPTIONS] NAME`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from typer import Typer
from typer.core import TyperCommand, TyperGroup

from app.cli.mistakes import in_our_words, no_such_verb, too_much
from app.cli.values import Reader

if TYPE_CHECKING:
    from typer._click.core import Command, Context, Parameter
    from typer._click.formatting import HelpFormatter

SHARED = "Options for every command, such as --store, --as and --json: optdesk --help"
"""What stands at the end of each page."""

_WHOLE = 1000
"""Characters, more than any sentence has."""

_VALUES = {"str": "TEXT", "int": "N", "float": "N", "path": "FILE"}
"""What stands for a value of a Python type where the verb says nothing better."""

_TYPE = re.compile(r" <([^<>]*)>")
_RANGE = re.compile(r"([\d.]+)<=x<=([\d.]+)")


class Verb(TyperCommand):
    """A verb whose help names arguments and values as manual pages do."""

    def __init__(self, name: str | None, **given: Any) -> None:
        given["epilog"] = given.get("epilog") or SHARED
        super().__init__(name, **given)
        for param in self.params:
            if param.param_type_name == "argument" and param.metavar is None:
                param.metavar = str(param.name).upper()

    def get_params(self, ctx: Context) -> list[Parameter]:
        """Arguments and options, `--help` among them."""
        return _read_by_us(super().get_params(ctx))

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Takes the words apart, and none that stands for nothing."""
        ctx.allow_extra_args = True
        with in_our_words(ctx):
            left = super().parse_args(ctx, args)
        if left and not ctx.resilient_parsing:
            raise too_much(left, ctx)
        return left

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        """The words behind the verb's name: `--to GROUP [OPTIONS] [CONTACT]...`."""
        params = self.get_params(ctx)
        given = [param for param in params if param.param_type_name == "argument"]
        needed = [param for param in params if param not in given and param.required]
        options = [f"{param.opts[-1]} {param.metavar}" for param in needed]
        return [*options, str(self.options_metavar), *map(in_usage, given)]

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Arguments and options, each with what it means."""
        rows: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                rows[param.param_type_name].append(_in_words(*record, param.param_type_name))
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            if rows[kind]:
                with formatter.section(title):
                    formatter.write_dl(rows[kind])


class Verbs(TyperGroup):
    """A noun whose help says of each verb what it does to the end of the sentence."""

    def get_params(self, ctx: Context) -> list[Parameter]:
        """The noun's own options: `--help` alone."""
        return _read_by_us(super().get_params(ctx))

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Takes the noun's own options; without a verb the help is shown."""
        with in_our_words(ctx):
            return super().parse_args(ctx, [] if args == ["--"] else args)

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """Finds the verb."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            raise no_such_verb(name, list(self.commands), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Wraps the sentences, where they would be cut to one line."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        shown = [(name, verb) for name, verb in found if verb is not None and not verb.hidden]
        if shown:
            with formatter.section("Commands"):
                formatter.write_dl(
                    [(name, verb.get_short_help_str(_WHOLE)) for name, verb in shown]
                )


class Noun(Typer):
    """Where verbs are declared."""

    def command(self, name: str | None = None, **more: Any) -> Callable[[Any], Any]:
        """Declares a function as a verb."""
        return super().command(name, **({"cls": Verb} | more))


def _read_by_us(params: list[Parameter]) -> list[Parameter]:
    for each in params:
        param: Any = each
        if param._runtime_param is None:
            # Where Typer keeps its own reader once it has made one; there is no other way in.
            param._runtime_param = Reader(param)
    return params


def in_usage(argument: Any) -> str:
    """An argument as it stands behind a verb's name: `GROUP`, `[FILE]`, `PHONE...`."""
    name: str = argument.metavar
    if not re.fullmatch(r"[\w|=]+", name):
        return name
    needed = name if argument.required else f"[{name}]"
    return needed if argument.nargs == 1 else f"{needed}..."


def _in_words(names: str, meaning: str, kind: str) -> tuple[str, str]:
    """A row of help without Python's types: `--limit N`, `at least 1`."""

    def value(found: re.Match[str]) -> str:
        of = found[1].removesuffix(" range")
        return f" {_VALUES.get(of, of)}"

    meaning = _RANGE.sub(r"\1 to \2", meaning).replace("x>=", "at least ")
    if kind == "argument":
        return _TYPE.sub("", names), meaning.removesuffix("  [required]")
    return _TYPE.sub(value, names), meaning
