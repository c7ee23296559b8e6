"""What is photographed: every screen, and what it looks like in its several states."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from app.desk import Desk
from screens.acting import Running, named
from screens.backstage import ListenerChanged, ListenerKind, ListenerReport, LooksChanged
from screens.contacts import Contacts
from storage.errors import StoreUnavailable


def down(places: int, *then: str) -> tuple[str, ...]:
    """The keys that go so many places down the sidebar, and what is pressed there."""
    return (*["]"] * places, *then)


SCENES = {
    "queue": (),
    "marked": ("space", "space", "j"),
    "search": ("/", "h"),
    "suggestions": ("/", "i", "s", ":"),
    "keep_view": ("V", "h", "o", "t"),
    "nothing_found": ("/", "q", "q"),
    "do_not_contact": ("D",),
    "erase": ("Z",),
    "where": ("w", "z", "z", "z"),
    "open_contact": ("j", "j", "enter"),
    "receipt": ("j", "E"),
    "sidebar": ("tab",),
    "move": ("space", "space", "m"),
    "move_new": ("m", "a"),
    "labels": ("l", "tab"),
    "palette": (":",),
    "help": ("?",),
    "switch_off": ("ctrl+t",),
    "group": ("]",),
    "dnc": down(3),
    "dnc_add": down(3, "a"),
    "dnc_import": down(3, "i"),
    "integrations": down(4),
    "sample": down(4, "c"),
    "edit": down(4, "e"),
    "regenerate": down(4, "r"),
    "new_url": down(4, "r", "right", "enter"),
    "delete": down(4, "d"),
    "double_opt_in": down(4, "o"),
    "campaigns": down(5),
    "intake": down(6),
    "attempt": down(6, "j", "enter"),
    "mend": down(6, "j", "e"),
    "mapping": down(6, "j", "m"),
    "filter": down(6, "f"),
    "messages": down(7),
    "to_review": down(7, "j", "j", "enter"),
    "unknown_text": down(7, "enter"),
    "webhooks": down(8),
    "webhook": down(8, "a"),
    "deliveries": down(9),
    "delivery": down(9, "enter"),
    "numbers": down(10),
    "number_text": down(10, "t"),
    "last_number": down(10, "d"),
    "keys": down(11),
    "key_name": down(11, "a"),
    "all": ("[",),
    "acts": ("H",),
    "views": ("f",),
    "note": ("c",),
    "notes": ("C",),
    "label_manager": ("L",),
    "group_menu": ("]", "e"),
    "to_campaign": ("p",),
    "themes": (":", *"colours", "enter"),
    "revealed": down(4, "v"),
    "number_add": down(10, "a"),
}
NEW_STORE = {
    "set_up": (),
    "empty": ("escape", "["),
    "add": ("escape",),
    "added": ("enter", "enter", "enter", "enter"),
}
OF_THE_MOMENT = ("suggestions",)
"""Laid out when they open, and gone with the next key: each size has a desk of its own."""


# States that no key leads to.


def _contacts(desk: Desk) -> Contacts:
    place = desk.main.places.place
    assert isinstance(place, Contacts)
    return place


class _Half(Running):
    """An act that has been half done for twelve seconds, whenever one looks."""

    @property
    def seconds(self) -> float:
        """As many as are told."""
        return 12.0


def under_way(desk: Desk) -> None:
    """A large act is half done."""
    begun = named("move to “Spring”", 100_000)
    running = _Half(begun.deed, begun.target, begun.total, threading.Event(), 0.0, 48_000)
    _contacts(desk).strip.begin(running)


def stopped(desk: Desk) -> None:
    """Nothing is under way any more."""
    _contacts(desk).strip.end()


def looked_at(desk: Desk) -> None:
    """Two other people look at contacts."""
    rows = _contacts(desk).table.visible_rows
    looks = {rows[1].id: ("bo",), rows[3].id: ("bo", "carla")}
    desk.main.post_message(LooksChanged(looks))


def in_trouble(desk: Desk) -> None:
    """The store does not answer."""
    desk.main.post_message(LooksChanged({}))
    desk.main._trouble = StoreUnavailable(
        "The store is locked by another program.", "It is tried again every second."
    )
    desk.main._show_health()


def read_only(desk: Desk) -> None:
    """The store can be looked at alone."""
    desk.main._trouble = None
    store = desk.backstage.store
    assert store is not None
    store.read_only = True
    desk.main._show_health()


def port_taken(desk: Desk) -> None:
    """Another program has the port."""
    store = desk.backstage.store
    assert store is not None
    store.read_only = False
    desk.main._show_health()
    said = "Port 8765 is taken by another program. Close it, or give another --port."
    desk.backstage.listener = ListenerReport(ListenerKind.FAILED, "", said)
    desk.main.post_message(ListenerChanged(desk.backstage.listener))


def rest(_desk: Desk) -> None:
    """Lets what is being read arrive."""


Act = str | Callable[[Desk], None]

WALK: tuple[tuple[str, Sequence[Act], Sequence[Act]], ...] = (
    ("where_found", ("w", *"byron"), ("escape",)),
    ("label_menu", ("L", "enter"), ()),
    ("label_colours", ("down", "enter"), ("escape",)),
    ("under_way", (under_way,), (stopped,)),
    ("looked_at", (looked_at,), ()),
    ("in_trouble", (in_trouble,), ()),
    ("read_only", (read_only,), ()),
    ("port_taken", (port_taken,), ()),
    ("group_merge", ("]", "e", "down", "enter"), ("escape",)),
    ("dnc_listed", ("]", "]", rest), ()),
    ("dnc_lists", ("L",), ("escape",)),
    ("campaigns_listed", ("]", "]", rest), ()),
    ("campaign_groups", ("m",), ("escape",)),
    ("mapped_field", ("]", rest, "j", "m", "enter"), ("escape", "escape")),
    ("text_filter", ("]", rest, "f"), ("escape",)),
    ("webhook_secret", ("]", rest, "r", "right", "enter"), ("escape",)),
    ("delivery_filter", ("]", rest, "f"), ("escape",)),
    ("number_campaign", ("]", rest, "m"), ("escape",)),
    ("verified", (":", *"verify the", "enter"), ("escape",)),
)
"""Scenes that one desk shows one after the other: its name, what leads there, what leads back."""

REPORTED = "import_report"
"""The walk's last scene: a list is taken in, so the sidebar counts from then on."""


def reporting(path: Path) -> Sequence[Act]:
    """The keys that take in a list."""
    return ("[",) * 7 + ("i", *str(path), "enter", "enter")


SCREENS = {
    "ApiKeys": "keys",
    "Ask": "dnc_add",
    "AttemptFilter": "filter",
    "CampaignPicker": "number_campaign",
    "Campaigns": "campaigns",
    "Colours": "label_colours",
    "ComplianceText": "number_text",
    "Confirm": "switch_off",
    "Contacts": "queue",
    "Deliveries": "deliveries",
    "DeliveryFilter": "delivery_filter",
    "DoNotContact": "dnc",
    "DoubleOptIn": "double_opt_in",
    "Draws": "campaign_groups",
    "FieldPicker": "mapped_field",
    "GroupMenu": "group_menu",
    "Help": "help",
    "ImportReport": "import_report",
    "ImportedLists": "dnc_lists",
    "IntakeLog": "intake",
    "Integrations": "integrations",
    "LabelMenu": "label_menu",
    "Labels": "labels",
    "ManageLabels": "label_manager",
    "Mapping": "mapping",
    "Mend": "mend",
    "MergeInto": "group_merge",
    "MoveTo": "move",
    "NewAddress": "new_url",
    "NoteBox": "note",
    "Numbers": "numbers",
    "OpenAttempt": "attempt",
    "OpenDelivery": "delivery",
    "OpenReceipt": "receipt",
    "OpenText": "unknown_text",
    "OwnActs": "acts",
    "OwnNotes": "notes",
    "Palette": "palette",
    "Refusal": "last_number",
    "Sample": "sample",
    "SaveView": "keep_view",
    "SavedViews": "views",
    "TextFilter": "text_filter",
    "Texts": "messages",
    "ThemePicker": "themes",
    "ToCampaign": "to_campaign",
    "Verifying": "verified",
    "WebhookSecret": "webhook_secret",
    "Webhooks": "webhooks",
    "WhereIs": "where_found",
}
"""A scene of every screen, dialog and place there is."""

NOT_SEEN = {"MainScreen", "Opening"}
"""The frame is around all of them; what stands there before the store is open is gone at once."""
