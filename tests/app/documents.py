"""The parts of the documents that are made from the program.

`python -m tests.app.documents` writes them; a test sees that they are up to date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from app import settings
from app.cli.help_page import in_usage
from app.cli.root import NOUNS, manual
from screens.commands import VERBS, Context, key_tables, show_key

ROOT = Path(__file__).parents[2]


def commands() -> str:
    """Every noun with its verbs, their options and what they do."""
    return "\n".join(part for noun in NOUNS for part in _noun(noun))


def commands_of(noun: str) -> dict[str, Any]:
    """The verbs of a noun by what people write, such as `contacts star`."""
    command: Any = typer.main.get_command(import_module(f"app.cli.{noun}").app)
    return {words.removeprefix("optdesk "): verb for words, verb in _verbs(noun, command)}


def parity() -> str:
    """What does on the command line what a key does in the desk, in Markdown."""
    lines = ["| in the desk | key | on the command line |", "|---|---|---|"]
    for verb in VERBS:
        if verb.command:
            keys = " ".join(f"`{show_key(key)}`" for key in verb.keys) or "palette"
            lines.append(f"| {verb.help} | {keys} | `optdesk {verb.command}` |")
    return "\n".join(lines) + "\n"


def _noun(noun: str) -> Iterator[str]:
    command: Any = typer.main.get_command(import_module(f"app.cli.{noun}").app)
    yield f"### {noun}\n\n{NOUNS[noun]}\n"
    yield "```"
    for words, verb in _verbs(noun, command):
        yield f"{words}{''.join(_parameters(verb))}"
        yield f"    {_first_line(verb.help)}"
    yield "```\n"


def _verbs(noun: str, command: Any) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield f"optdesk {noun}", command
        return
    for name, verb in command.commands.items():
        if not verb.hidden:
            yield f"optdesk {noun} {name}", verb


def _parameters(verb: Any) -> Iterator[str]:
    for parameter in sorted(verb.params, key=lambda each: each.param_type_name == "argument"):
        if parameter.name == "help":
            continue
        if parameter.param_type_name == "argument":
            yield f" {in_usage(parameter)}"
            continue
        option = parameter.opts[0]
        if not parameter.is_flag:
            option += f" {(parameter.metavar or parameter.name.upper())}"
        yield f" {option}" if parameter.required else f" [{option}]"


def _first_line(text: str | None) -> str:
    return (text or "").strip().split("\n")[0]


REGIONS: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {"keys": lambda: key_tables(Context.LIST, Context.DESK, Context.INTEGRATIONS)},
    "docs/keys.md": {"keys": key_tables},
    "docs/configuration.md": {"settings": settings.manual},
    "docs/command-line.md": {
        "options": lambda: f"```\n{manual()}```\n",
        "commands": commands,
        "parity": parity,
    },
}
"""What is made, by document and the name of its place."""


def renewed(text: str, name: str, made: str) -> str:
    """A document's text with one place filled anew."""
    place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not place.search(text):
        raise ValueError(f"no place for “{name}”")
    return place.sub(lambda found: f"{found[1]}\n{made}\n{found[2]}", text)


def write() -> None:
    """Fills every place."""
    for document, places in REGIONS.items():
        path = ROOT / document
        text = path.read_text(encoding="utf-8")
        for name, make in places.items():
            text = renewed(text, name, make())
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
