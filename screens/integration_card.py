"""The Opt-In API in one box: its switch, its address, its health, what came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.widgets import Static

from screens.asked import SwitchAsked
from screens.backstage import ListenerKind, ListenerReport
from screens.clock import clock
from screens.sample_request import HOOK_PATH, PATH
from screens.status import listener_sign
from widgets.display import ascii_only, clean, glyphs, plural, safe
from widgets.sparkline import sparkline

if TYPE_CHECKING:
    from storage.integration import IntegrationView

LABEL = 12
"""Cells of the card's first column."""

SIGN = 2
"""Cells of the listener's sign and the blank after it."""

_TONES = {"good": "$success", "bad": "$error", "plain": "$text-muted"}


class Card(Static, can_focus=True):
    """A click on the switch line switches."""

    SWITCH_LINE = 0

    def on_click(self, event: events.Click) -> None:
        """The first line holds the switch."""
        if event.y - self.gutter.top == self.SWITCH_LINE:
            self.post_message(SwitchAsked())


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the card shows."""

    view: IntegrationView
    base_url: str
    listener: ListenerReport
    number: str = ""
    """The messaging number as people read it; empty while it is not read."""
    revealed: bool = False


def invitation(key: str) -> Content:
    """What stands in the card while there is no Opt-In API."""
    return Content.assemble(
        ("+ Add opt-in API", "bold $primary"),
        (f"   {key}", "bold $footer-key-foreground"),
        "\n\nLets web forms and tools send you people who opted in. A short set-up makes what a "
        "first lead needs, shows the address to paste, and tries it.",
    )


def facts(card: CardFacts, room: int) -> Content:
    """The card of the Opt-In API.

    Args:
        card: What to show.
        room: Cells in a line.
    """
    view = card.view
    total = sum(view.hourly)
    rows = [
        Content.assemble(("Opt-In API", "bold"), "   ", _toggle(view.active)),
        Content(""),
        *_secret_url(card, room),
        _row("API door", Content(_fitting(card.base_url, PATH, room))),
        _row("number", safe(card.number or view.number_id)),
        *_double_opt_in(view.confirm_hours),
        _row("listener", _listener(card.listener, room - LABEL)),
        _row("last lead", Content(clock(view.last_arrival))),
        _row(
            "24 hours",
            Content.assemble((sparkline(view.hourly), "$primary"), f"  {plural(total, 'lead')}"),
        ),
    ]
    return Content("\n").join(rows)


def _double_opt_in(hours: int) -> list[Content]:
    """Nothing while one opt-in is enough."""
    if not hours:
        return []
    return [_row("queued", Content(f"only after a YES, waits {plural(hours, 'hour')} for it"))]


def _secret_url(card: CardFacts, room: int) -> list[Content]:
    token = card.view.token
    if card.revealed:
        # On lines of its own, whole, so that it can be marked with the mouse.
        return [_row("secret URL", Content("")), Content(secret_url(card.base_url, token))]
    path = HOOK_PATH + _masked(token)
    return [_row("secret URL", Content(_fitting(card.base_url, path, room)))]


def _fitting(base_url: str, path: str, room: int) -> str:
    """An address, without its beginning where there is no room for it."""
    whole = base_url.rstrip("/") + path
    return whole if len(whole) <= room - LABEL else f"{glyphs().ellipsis}{path}"


def secret_url(base_url: str, token: str) -> str:
    """The address of the hook door."""
    return f"{base_url.rstrip('/')}{HOOK_PATH}{token}"


def _row(word: str, value: Content) -> Content:
    return Content.assemble((f"{word:<{LABEL}}", "$text-muted"), value)


def _toggle(on: bool) -> Content:
    full, empty = ("(x)", "( )") if ascii_only() else ("●", "○")
    return Content.assemble(
        (f"{empty if on else full} OFF", "$text-muted" if on else "bold $warning"),
        "  ",
        (f"{full if on else empty} ON", "bold $success" if on else "$text-muted"),
    )


def _masked(token: str) -> str:
    return ("*" if ascii_only() else "•") * 8 + token[-4:]


def _listener(report: ListenerReport, room: int) -> Content:
    """A sentence that takes more than a line goes on below its own beginning."""
    sign, tone = listener_sign(report)
    words = {
        ListenerKind.LISTENING: f"listening on {report.address}",
        ListenerKind.STARTING: "starting…",
        ListenerKind.STOPPED: "stopped",
    }
    said = Content(clean(words.get(report.kind, report.sentence)))
    below = Content("\n" + " " * (LABEL + SIGN))
    return Content.assemble((sign, _TONES[tone]), " ", below.join(said.wrap(max(10, room - SIGN))))
