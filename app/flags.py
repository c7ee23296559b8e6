"""The options that every verb shares, taken from anywhere on the command line.

Light on purpose: it stands between `optdesk` and the first frame of the desk.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from storage.errors import WrongUsage


@dataclass(slots=True)
class Flags:
    """What was said with the shared options; None where nothing was said."""

    store: str | None = None
    host: str | None = None
    port: int | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    config: str | None = None
    actor: str | None = None
    json: bool = False
    yes: bool = False
    version: bool = False
    started: float = field(default_factory=time.time, compare=False)
    """When the command was given, in seconds since 1970."""


_VALUES = {
    "--store": "store",
    "--host": "host",
    "--port": "port",
    "--tls-cert": "tls_cert",
    "--tls-key": "tls_key",
    "--config": "config",
    "--as": "actor",
}
_SWITCHES = {"--json": "json", "--yes": "yes", "--version": "version"}

HELP = (
    ("--store URL", "The store: sqlite:///file, postgresql://… or a path."),
    ("--host HOST", "The address that the listener is bound to."),
    ("--port PORT", "The port of the listener; 0 takes a free one."),
    ("--tls-cert FILE", "The certificate, in PEM, with which the listener speaks HTTPS."),
    ("--tls-key FILE", "Its private key, where that is another file."),
    ("--config FILE", "The settings file, instead of the one in your config folder."),
    ("--as NAME", "Who acts, for the audit trail; your user name when left out."),
    ("--json", "Print JSON: a list as one object a line, all else as one object."),
    ("--yes", "Do not ask before what cannot be undone."),
    ("--version", "Print the version."),
)
"""The shared options as help shows them."""


def take(words: Sequence[str]) -> tuple[Flags, list[str]]:
    """Parts the shared options from the rest, up to a `--`.

    Returns:
        The options, and the words that are left: a verb with its own options, or nothing.

    Raises:
        WrongUsage: An option lacks its value, or the value cannot be right.
    """
    flags = Flags()
    rest: list[str] = []
    waiting = iter(words)
    for word in waiting:
        _check(word)
        if word == "--":
            rest.extend((word, *waiting))
            break
        name, equals, value = word.partition("=")
        if name in _VALUES:
            if not equals:
                value = next(waiting, "")
                _check(value)
            _set(flags, name, value)
        elif word in _SWITCHES:
            setattr(flags, _SWITCHES[word], True)
        else:
            rest.append(word)
    return flags, rest


def _check(word: str) -> None:
    try:
        word.encode()
    except UnicodeEncodeError:
        raise WrongUsage(f"“{word}” is not text in UTF-8.") from None


def _set(flags: Flags, name: str, value: str) -> None:
    if not value or value.startswith("--"):
        raise WrongUsage(f"{name} needs a value.", "See: optdesk --help")
    if name != "--port":
        setattr(flags, _VALUES[name], value)
        return
    if not (value.isascii() and value.isdigit() and int(value) <= 65535):
        raise WrongUsage(f"--port takes a number from 0 to 65535, not “{value}”.")
    flags.port = int(value)
