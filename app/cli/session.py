"""What every verb of the command line works with: settings, store, actor and voice."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import typer

from app.cli.help_page import SHARED, Noun, Verbs
from app.cli.output import Output
from app.cli.root import NOUNS
from app.flags import Flags
from storage.errors import Refused, WrongUsage

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from app.settings import Loaded, Settings
    from storage.store import Store
    from storage.words import Actor

T = TypeVar("T")


class _Rehearsed(Refused):
    """Takes a rehearsal back."""


class Session:
    """One run of the command line.

    Args:
        flags: The shared options.
    """

    def __init__(self, flags: Flags) -> None:
        self.flags = flags
        self.out = Output(as_json=flags.json)
        self._store: Store | None = None

    @cached_property
    def loaded(self) -> Loaded:
        """The settings and where each came from."""
        from app.settings import Loaded

        said = {
            "store": self.flags.store,
            "host": self.flags.host,
            "port": self.flags.port,
            "tls_cert": self.flags.tls_cert,
            "tls_key": self.flags.tls_key,
            "actor": self.flags.actor,
        }
        return Loaded(said, self.flags.config)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.loaded.settings

    @cached_property
    def base_url(self) -> str:
        """The start of the addresses that senders are given.

        Where no address is configured or named here, that of a listener that runs counts.
        """
        from storage import seats

        configured = self.settings.base_url
        if self.settings.public_base_url or self.names_address:
            return configured
        with self.store().read() as conn:
            served = seats.served_at(conn)
        return configured if configured in served or not served else served[0]

    @property
    def names_address(self) -> bool:
        """Whether the listener's address was given with this very command."""
        return self.flags.host is not None or self.flags.port is not None

    @cached_property
    def who(self) -> Actor:
        """The person that acts."""
        from storage.words import Actor

        return Actor.person(self.settings.actor)

    def store(self, *, create: bool = False, migrate: bool = True) -> Store:
        """The store, open until the run ends.

        Args:
            create: Make it where there is none. Verbs that only look leave that to the desk
                and to `serve`, so that a mistyped path makes no empty store.
            migrate: Upgrade an older one.

        Raises:
            StoreError: It cannot be used.
        """
        if self._store is None:
            from storage.store import Store

            self._store = Store.open(self.settings.store, create=create, migrate=migrate)
        return self._store

    def do_for_good(self, verb: Callable[[Connection], T], question: str) -> T:
        """Does what cannot be undone, after asking; what a rule forbids is not even asked.

        Args:
            verb: What to do.
            question: What the person is asked; its text is trusted.
        """
        if not self.flags.yes:
            self._rehearse(verb)
            self.confirm(question)
        return self.store().do(verb)

    def _rehearse(self, verb: Callable[[Connection], object]) -> None:
        """Does it and takes it back, so that a refusal comes before the question."""

        def rehearsed(conn: Connection) -> None:
            verb(conn)
            raise _Rehearsed("")

        with suppress(_Rehearsed):
            self.store().do(rehearsed)

    def confirm(self, question: str) -> None:
        """Asks before what cannot be undone; `--yes` is the answer of scripts.

        Args:
            question: What will be done; its text is trusted.

        Raises:
            WrongUsage: There is nobody to ask.
            Refused: The answer was no.
        """
        if self.flags.yes:
            return
        if not _somebody_is_there():
            raise WrongUsage(
                "This cannot be undone and there is no terminal to ask at.",
                "Say --yes if you mean it.",
            )
        _ask(f"{question} This cannot be undone.")

    def agree(self, question: str) -> None:
        """Asks before what has consequences but can be undone; scripts are not held up.

        Args:
            question: What will be done; its text is trusted.

        Raises:
            Refused: The answer was no.
        """
        if not self.flags.yes and _somebody_is_there():
            _ask(question)

    def close(self) -> None:
        """Lets go of the store."""
        if self._store is not None:
            self._store.close()
            self._store = None


def _somebody_is_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _ask(question: str) -> None:
    sys.stderr.write(f"{question} Type yes to go on: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("yes", "y"):
        raise Refused("Nothing was changed.")


def session_of(ctx: typer.Context) -> Session:
    """The run that a verb was called in."""
    session = ctx.find_object(Session)
    assert session is not None  # noqa: S101 - `run` always gives one
    return session


def noun(name: str) -> typer.Typer:
    """A group of verbs, as its module declares it.

    Args:
        name: The noun in `app.cli.root.NOUNS`.
    """
    made = verb_alone(name)
    made.info.no_args_is_help = True

    @made.callback()
    def _group() -> None:
        """Keeps a group with one verb a group."""

    return made


def verb_alone(name: str) -> typer.Typer:
    """A noun that is a verb itself, such as `serve`."""
    return Noun(
        cls=Verbs,
        help=NOUNS[name],
        epilog=SHARED,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
