"""The `optdesk` command.

Without a verb it opens the desk. What it imports on that way decides how soon the first
frame is painted, so everything else is imported where it is needed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

# None of ours has a plugin; looking for one reads about every package there is.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from app import flags as shared
from app.exits import INTERRUPTED, complain, end, hang_up, stand_in_for_closed_streams
from storage.errors import OptdeskError


def main(argv: Sequence[str] | None = None) -> int:
    """Runs `optdesk`.

    Args:
        argv: The words after the program's name; those of the process when left out.

    Returns:
        The exit code: 0 done, 1 refused, 2 wrong usage, 3 store unusable.
    """
    stand_in_for_closed_streams()
    try:
        flags, rest = shared.take(sys.argv[1:] if argv is None else argv)
        if flags.version:
            return _version()
        if rest:
            from app.cli.root import run

            return run(rest, flags)
        return _desk(flags)
    except OptdeskError as error:
        return complain(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return hang_up()


def _desk(flags: shared.Flags) -> int:
    from app.launch import run_desk
    from app.options import DeskOptions

    return run_desk(
        DeskOptions(
            store_url=flags.store,
            host=flags.host,
            port=flags.port,
            tls_cert=flags.tls_cert,
            tls_key=flags.tls_key,
            config=flags.config,
            actor=flags.actor,
        )
    )


def _version() -> int:
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("optdesk")
    except PackageNotFoundError:
        number = "(not installed)"
    sys.stdout.write(f"optdesk {number}\n")
    return 0


def run() -> NoReturn:
    """Runs `optdesk` as a program of its own."""
    end(main())


if __name__ == "__main__":
    run()
