"""The evidence of one contact's consent: shown, and written as text and JSON."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from screens.backstage import backstage, say
from screens.commands import Context
from screens.keymap import bindings
from screens.reading import Reading
from widgets.display import lines, titled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from storage.store import Store
    from storage.words import ContactRow

LONGEST = 5_000
"""Lines of a receipt that are shown; the files hold all."""


class ReceiptRead(Message):
    """A receipt was made."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class ReceiptWritten(Message):
    """A receipt was written into two files."""

    def __init__(self, text: Path, data: Path) -> None:
        super().__init__()
        self.text = text
        self.data = data


class ReceiptVerbs(Widget):
    """Writes the receipt of one contact."""

    @property
    @abstractmethod
    def proven(self) -> ContactRow | None:
        """The contact that the receipt is about."""

    def action_contact_write_receipt(self) -> None:
        """Write the evidence as text and JSON."""
        contact = self.proven
        if contact is not None:
            folder = backstage(self).papers
            backstage(self).work(self, partial(_write, ident=contact.id, folder=folder))

    @on(ReceiptWritten)
    def receipt_written(self, event: ReceiptWritten) -> None:
        """Say where."""
        event.stop()
        say(self, f"{event.text} and, as JSON, {event.data.name}.", title="Evidence written")


class ConsentActs(ReceiptVerbs):
    """The verbs of evidence in a list of contacts."""

    def action_contact_receipt(self) -> None:
        """Show the evidence of the contact under the cursor."""
        contact = self.proven
        if contact is not None:

            def left(wish: Message | None) -> None:
                if wish is not None:
                    self.post_message(wish)

            self.app.push_screen(OpenReceipt(contact), left)


class OpenReceipt(Reading, ReceiptVerbs):
    """The evidence of one contact.

    Args:
        contact: Whose.
    """

    BINDINGS: ClassVar = bindings(Context.RECEIPT)
    contexts = (Context.RECEIPT, Context.READING, Context.DIALOG)

    def __init__(self, contact: ContactRow) -> None:
        super().__init__()
        self._contact = contact
        self._receipt = ""

    @property
    def proven(self) -> ContactRow:
        """Whose evidence it is."""
        return self._contact

    def title_text(self) -> Content:
        """Whose it is."""
        return Content(f"Evidence of consent · {titled(self._contact.name or self._contact.phone)}")

    def action_receipt_write(self) -> None:
        """Write it."""
        self.action_contact_write_receipt()

    def look(self) -> None:
        """Makes the receipt."""
        backstage(self).work(self, partial(_read, ident=self._contact.id))

    @on(ReceiptRead)
    def receipt_read(self, event: ReceiptRead) -> None:
        """Show it."""
        event.stop()
        self._receipt = event.text
        self.draw()

    def text(self, room: int) -> Iterator[Content]:
        """As it is written."""
        yield lines(self._receipt, LONGEST)


def _read(store: Store, *, ident: int) -> ReceiptRead:
    from storage import receipts

    with store.read() as conn:
        return ReceiptRead(receipts.as_text(receipts.receipt(conn, ident)))


def _write(store: Store, *, ident: int, folder: Path) -> ReceiptWritten:
    from storage import receipts

    with store.read() as conn:
        made = receipts.receipt(conn, ident)
    return ReceiptWritten(*receipts.write(made, folder))
