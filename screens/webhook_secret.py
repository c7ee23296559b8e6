"""A signing secret just made: shown this once, to copy."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from screens.backstage import backstage, copy
from screens.commands import Context
from screens.dialog import Dialog
from screens.keymap import bindings
from widgets.display import safe


class WebhookSecret(Dialog[None]):
    """The secret and what it is for.

    Args:
        url: The endpoint's address.
        secret: `whsec_…`
        rotated: There was one before, which signs for a while yet.
    """

    BINDINGS: ClassVar = bindings(Context.SIGNING)
    contexts = (Context.SIGNING, Context.DIALOG)

    def __init__(self, url: str, secret: str, *, rotated: bool) -> None:
        super().__init__(classes="secret")
        self._url = url
        self._secret = secret
        self._rotated = rotated

    def title_text(self) -> Content:
        """What happened."""
        return Content("A new signing secret" if self._rotated else "The endpoint is added")

    def compose_body(self) -> ComposeResult:
        """Address, secret, what to do with it."""
        yield Static(safe(self._url), classes="dialog-text")
        yield Static(Content.styled("Shown this once; the receiver checks with it:", "bold"))
        yield Static(Content(self._secret), classes="dialog-text")
        key = backstage(self).keymap.key_of("webhook.test")
        said = f"{key} in the list sends a test event and shows the answer."
        if self._rotated:
            said = "The old secret signs beside it for a day."
        yield Static(Content.styled(said, "$text-muted"))

    def action_secret_copy(self) -> None:
        """Copy the secret; it is not repeated in the toast."""
        copy(self, self._secret, "The signing secret.")
