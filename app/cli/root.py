"""The top of the command line: which nouns there are, and the way to them.

A noun's module is imported when it is used, so that help and mistakes are answered at once.
"""

from __future__ import annotations

import gc
import sys
import textwrap
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper

from app.flags import HELP, Flags
from storage.errors import WrongUsage

NOUNS = {
    "serve": "Run the listener and the courier without a terminal.",
    "demo": "Open a throwaway desk with leads arriving.",
    "integration": "Connect the Opt-In API, switch it on and off.",
    "keys": "Create, list and revoke API keys.",
    "numbers": "The numbers we text from.",
    "attempts": "Read the intake log: every request and what became of it.",
    "contacts": "List and triage contacts.",
    "groups": "The groups that contacts are moved to.",
    "labels": "The labels on contacts.",
    "views": "The views that you keep on number keys.",
    "campaigns": "The campaigns that draw on groups.",
    "dnc": "The numbers that must not be texted.",
    "consent": "Prove who agreed to what; check the ledger.",
    "webhooks": "Tell other systems, and see what became of it.",
    "sms": "Play the carrier and the person; review texts; find lost ones.",
    "db": "Check, upgrade and back up the store.",
    "doctor": "Find out why no leads arrive.",
    "config": "Show every setting and where it comes from.",
}
"""Every noun with its line in the help. Its module in this folder has the same name."""

_ABOUT = """\
Usage: optdesk [OPTIONS] [COMMAND [ARGUMENTS]]

The lead desk for SMS opt-ins that lives in a terminal.
Without a command it opens the desk, with the listener embedded.
"""

_COLLECT_AFTER = 20_000
"""Objects made and kept after which garbage is looked for."""

_CODES = "Exit codes: 0 done, 1 refused by a rule, 2 wrong usage, 3 store unusable."


def run(words: Sequence[str], flags: Flags) -> int:
    """Runs a verb.

    Args:
        words: The noun, its verb and their own options.
        flags: The shared options.

    Returns:
        The exit code.

    Raises:
        WrongUsage: There is no such noun.
    """
    noun = words[0]
    if noun in ("-h", "--help", "help"):
        sys.stdout.write(manual())
        return 0
    if noun not in NOUNS:
        near = get_close_matches(noun, NOUNS, n=1)
        hint = f"Did you mean “{near[0]}”?" if near else "See: optdesk --help"
        kind = "option" if noun.startswith("-") else "command"
        raise WrongUsage(f"There is no {kind} “{noun}”.", hint)
    # Most of what is made from here on stays: modules, tables. Looking for garbage in it is waste.
    gc.set_threshold(_COLLECT_AFTER)
    from app.cli.session import Session

    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter shows a question mark instead.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    session = Session(flags)
    app = import_module(f"app.cli.{noun}").app
    try:
        app(args=list(words[1:]), prog_name=f"optdesk {noun}", obj=session)
    except SystemExit as end:
        session.out.finish()
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        session.close()
    return 0


def manual() -> str:
    """What `optdesk --help` prints."""
    options = [*HELP, ("-h, --help", "Show this help; after a command, the help of that.")]
    parts = (
        _ABOUT,
        "Options, before or after the command:",
        _listed(options),
        "Commands:",
        _listed(NOUNS.items()),
        _CODES + "\n",
    )
    return "\n".join(parts)


def _listed(rows: Iterable[tuple[str, str]]) -> str:
    pairs = list(rows)
    width = max(len(name) for name, _ in pairs) + 4
    lines = []
    for name, meaning in pairs:
        wrapped = textwrap.wrap(meaning, 78 - width)
        lines.append(f"  {name}".ljust(width) + wrapped[0])
        lines.extend(" " * width + more for more in wrapped[1:])
    return "\n".join(lines) + "\n"
