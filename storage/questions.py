"""Questions to the store that can be asked together: what is asked, and what the rows say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy.engine import Connection

from storage.driver import Written, fetch_together

T = TypeVar("T")

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """Statements and what is made of their rows.

    What the frame of the desk shows is asked anew after every change of the store; asked
    together, it is one turn to a server instead of a dozen.
    """

    asked: tuple[Written, ...]
    told: Callable[..., T]
    """Gets the rows of each statement."""


def ask(conn: Connection, question: Question[T]) -> T:
    """Asks one question."""
    return question.told(*fetch_together(conn, *question.asked))


def ask_all(conn: Connection, *questions: Question[Any]) -> list[Any]:
    """Asks several in one turn, and gives the answers in their order."""
    rows = iter(fetch_together(conn, *(each for one in questions for each in one.asked)))
    return [one.told(*(next(rows) for _ in one.asked)) for one in questions]
