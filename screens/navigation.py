"""The places of the desk and how the sidebar lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from widgets.display import briefly, thousands
from widgets.sidebar import Entry, heading

if TYPE_CHECKING:
    from storage.campaigns import Drawing
    from storage.words import View

ALL = "all"
QUEUE = "queue"
DNC = "dnc"
INTEGRATIONS = "integrations"
CAMPAIGNS = "campaigns"
INTAKE = "intake"
MESSAGES = "messages"
WEBHOOKS = "webhooks"
DELIVERIES = "deliveries"
NUMBERS = "numbers"
KEYS = "keys"

_GROUP = "group:"


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """A group as the sidebar and the pickers show it. The name is untrusted."""

    id: int
    name: str
    count: int
    campaigns: tuple[Drawing, ...] = ()
    """Those that draw on it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the sidebar counts, from one snapshot of the store."""

    queue: int = 0
    all: int = 0
    groups: tuple[GroupFacts, ...] = ()
    integration: str = ""
    """`on`, `off`, `none`, or empty while that is not known."""
    old_url: int = 0
    """How often old secret URLs were used lately."""
    to_judge: int = 0
    """Texts that wait for a person: look-alike opt-outs, and texts of unknown fate."""
    failing: int = 0
    """Webhook endpoints that fail or were disabled for it."""


def group_key(group_id: int) -> str:
    """The key of a group's place."""
    return f"{_GROUP}{group_id}"


def group_of(key: str) -> int | None:
    """The group that a place shows; None for other places."""
    return int(key.removeprefix(_GROUP)) if key.startswith(_GROUP) else None


def key_of(view: View) -> str:
    """The key of the place that a view is of."""
    if view.group_id is not None:
        return group_key(view.group_id)
    return {"queue": QUEUE, "dnc": DNC}.get(view.place.value, ALL)


def view_of(key: str, figures: Figures) -> View | None:
    """What a place of contacts shows; None for other places."""
    from storage.words import Place, View

    if key == ALL:
        return View(place=Place.ALL)
    if key == QUEUE:
        return View(place=Place.QUEUE)
    if key.startswith(_GROUP):
        group_id = int(key.removeprefix(_GROUP))
        names = {group.id: group.name for group in figures.groups}
        return View(place=Place.GROUP, group_id=group_id, group_name=names.get(group_id, "Group"))
    return None


def entries(figures: Figures, *, airy: bool = False) -> list[Entry]:
    """The lines of the sidebar. The queue is among them only while it holds someone.

    Args:
        figures: What to count.
        airy: Leave a blank line between sections, where there is room.
    """
    gap = [heading("")] if airy else []
    shown = [heading("Contacts"), _counted(ALL, "All", figures.all)]
    if figures.queue:
        shown.append(_counted(QUEUE, "Opt-in queue", figures.queue))
    shown += [_counted(group_key(group.id), group.name, group.count) for group in figures.groups]
    shown.append(Entry(DNC, "Do Not Contact"))
    note = {"on": "on", "off": "off"}.get(figures.integration, "")
    if figures.old_url and note != "off":
        note = f"! {note}".rstrip()
    shown += [
        *gap,
        heading("Workflows"),
        Entry(INTEGRATIONS, "Integrations", note),
        Entry(CAMPAIGNS, "Campaigns"),
        *gap,
        heading("Activity"),
        Entry(INTAKE, "Intake log"),
        Entry(MESSAGES, "Messages", _attention(figures.to_judge)),
        Entry(WEBHOOKS, "Webhooks", _attention(figures.failing)),
        Entry(DELIVERIES, "Deliveries"),
        *gap,
        heading("Settings"),
        Entry(NUMBERS, "Phone numbers"),
        Entry(KEYS, "API keys"),
    ]
    return shown


def _counted(key: str, text: str, count: int) -> Entry:
    return Entry(key, text, thousands(count), briefly(count))


def _attention(count: int) -> str:
    return f"! {thousands(count)}" if count else ""
