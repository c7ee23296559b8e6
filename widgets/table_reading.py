"""Reading for the table, outside the thread that paints."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Generic, TypeVar

from textual.message import Message
from textual.widget import Widget

T = TypeVar("T")


class Answer(Message, Generic[T], bubble=False):
    """A piece of reading is done, well or badly."""

    def __init__(self, future: Future[T], heard: Callable[[Future[T]], None]) -> None:
        super().__init__()
        self.future = future
        self.heard = heard
        """What the table does with it, in its own thread."""


class Lane:
    """One thread that reads for a widget, a piece after the other."""

    def __init__(self, widget: Widget, name: str) -> None:
        self._widget = widget
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self.busy = False
        self._closed = False

    def read(self, work: Callable[[], T], heard: Callable[[Future[T]], None]) -> None:
        """Reads in the thread; `heard` gets the result in the widget's own.

        Call it only when the lane is not busy. Once it is closed it stays busy and nothing is read:
        what the widget had been sent before may still reach it.
        """
        self.busy = True
        if self._closed:
            return
        future: Future[T] = self._pool.submit(work)
        future.add_done_callback(lambda done: self._post(done, heard))

    def _post(self, future: Future[Any], heard: Callable[[Future[Any]], None]) -> None:
        def in_widget(done: Future[Any]) -> None:
            self.busy = False
            heard(done)

        if future.cancelled():
            return
        # A widget that is gone refuses the message; a loop that has ended, too, in its way.
        with suppress(RuntimeError):
            self._widget.post_message(Answer(future, in_widget))

    def close(self) -> None:
        """Lets the thread end once it is through."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
