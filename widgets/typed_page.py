"""Several lines to type in; apart, because Textual's text area takes long to load."""

from __future__ import annotations

from textual.widgets import TextArea

from widgets.typed import Level


class Page(Level, TextArea):
    """Several lines to type in."""
