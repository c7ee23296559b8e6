"""The open contact beside the list: who it is, its consent, its messages, what was done to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from screens.backstage import WorkFailed, backstage
from screens.clock import clock
from storage.words import Badge, ContactRow, Kind, Stage
from widgets.display import clean, lines, safe

if TYPE_CHECKING:
    from storage.profile import ConsentRow, MessageRow, Profile
    from storage.store import Store

KINDS = {
    Kind.MOBILE: "mobile",
    Kind.LANDLINE: "landline",
    Kind.EITHER: "mobile or landline",
    Kind.VOIP: "internet telephone",
    Kind.TOLL_FREE: "toll-free",
    Kind.PREMIUM: "premium rate",
    Kind.OTHER: "other",
    Kind.UNASSIGNED: "unassigned range",
}
STAGES = {
    Stage.CONFIRMING: "waits for its compliance text",
    Stage.QUEUED: "in the Opt-in queue",
    Stage.GROUPED: "in a group",
    Stage.SUPPRESSED: "must not be texted",
    Stage.FAILED: "its compliance text failed",
    Stage.DELETED: "deleted",
}
BADGES = {
    Badge.TEST: "a test number; left out of campaigns and exports",
    Badge.UNASSIGNED: "nobody is known to have such a number; no text was sent",
    Badge.LANDLINE: "a landline; no text was sent",
    Badge.UNCONFIRMED: "the gateway never said what became of the text",
    Badge.PRIVATE_IP: "the claimed IP is a private address, which proves little",
}
_EVIDENCE = {
    "claimed_ip": "claimed IP",
    "peer": "sent from",
    "user_agent": "user agent",
    "source_url": "page",
    "consent_text": "consent text",
}
_EVENTS = {"opt_in": "opted in", "repeat": "opted in again", "opt_out": "opted out"}


WORD = 14
"""Cells of the words before facts."""


class ProfileRead(Message):
    """A contact was read with its history."""

    def __init__(self, profile: Profile) -> None:
        super().__init__()
        self.profile = profile


class ContactPanel(VerticalScroll, can_focus=False):
    """Follows the cursor of the list. While one contact is read, the next ones wait."""

    def __init__(self) -> None:
        super().__init__(classes="panel")
        self._contact: ContactRow | None = None
        self._profile: Profile | None = None
        self._reading: int | None = None

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static("", markup=False)

    def show(self, contact: ContactRow | None) -> None:
        """Shows what the list knows at once, and the rest as soon as it is read."""
        if self._contact is None or contact is None or self._contact.id != contact.id:
            self._profile = None
            self.scroll_home(animate=False)
        self._contact = contact
        self._draw()
        self._read()

    @on(ProfileRead)
    def profile_read(self, event: ProfileRead) -> None:
        """The history is here; perhaps the cursor has moved on meanwhile."""
        event.stop()
        self._reading = None
        if self._contact is not None and event.profile.contact.id == self._contact.id:
            self._profile = event.profile
            self._draw()
        else:
            self._read()

    @on(WorkFailed)
    def reading_failed(self, event: WorkFailed) -> None:
        """It could not be read, or is gone; the next contact is tried again."""
        event.stop()
        self._reading = None

    def _read(self) -> None:
        if self._contact is None or self._reading is not None:
            return
        self._reading = self._contact.id
        backstage(self).work(self, partial(_read_profile, contact_id=self._reading))

    def on_resize(self) -> None:
        """Long facts are wrapped anew."""
        self._draw()

    def _draw(self) -> None:
        text = self.query_one(Static)
        if self._contact is None:
            text.update(Content("No contact."))
        else:
            room = max(2 * WORD, self.scrollable_content_region.width)
            text.update(Content("\n").join(self._lines(self._contact, room)))

    def _lines(self, contact: ContactRow, room: int) -> Iterator[Content]:
        yield safe(contact.name or "(no name)").stylize("bold")
        yield Content.assemble(
            safe(_phone(contact.phone)), ("  ", ""), (_kind(contact), "$text-muted")
        )
        yield Content("")
        group = contact.group
        where = f"in the group “{clean(group)}”" if group else STAGES[contact.stage]
        yield _fact("stage", Content(where), room)
        yield _fact("received", Content(clock(contact.received_at)), room)
        if contact.favorite:
            yield _fact("favorite", Content("yes"), room)
        if contact.labels:
            labels = ", ".join(clean(tag.name) for tag in contact.labels)
            yield _fact("labels", Content(labels), room)
        yield _fact("id", Content(contact.public_id), room)
        for badge in contact.badges:
            yield Content.assemble(
                (badge.value.replace("_", " ").upper(), "bold $text-warning"), f"  {BADGES[badge]}"
            )
        if self._profile is not None:
            yield from _history(self._profile, room)


def _history(profile: Profile, room: int) -> Iterator[Content]:
    yield from _section("Consent")
    for event in profile.consent:
        yield from _consent(event, profile.contact.phone, room)
    yield from _section("Messages")
    if not profile.messages:
        yield Content.styled("none", "$text-muted")
    for message in profile.messages:
        yield from _message(message)
    if profile.changes:
        yield from _section("What was done")
        for change in profile.changes:
            undone = ", undone since" if change.undone else ""
            yield Content.assemble(
                (f"{clock(change.at)}  ", "$text-muted"),
                clean(f"{change.actor} {change.sentence}{undone}"),
            )


def _section(name: str) -> Iterator[Content]:
    yield Content("")
    yield Content.styled(name, "bold $primary")


def _consent(event: ConsentRow, phone: str, room: int) -> Iterator[Content]:
    what = _EVENTS.get(event.kind, event.kind)
    # Whole and in UTC: it is what a person would quote.
    moment = f"{event.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    yield Content.assemble((f"{moment}  ", "$text-muted"), clean(what))
    written = event.evidence.get("written_phone")
    if written and written != phone:
        yield _fact("phone written", safe(_text(written)), room)
    for key, word in _EVIDENCE.items():
        if event.evidence.get(key):
            yield _fact(word, lines(_text(event.evidence[key])), room)
    yield _fact("number id", safe(event.number_id), room)


def _message(message: MessageRow) -> Iterator[Content]:
    way = "to them" if message.direction == "out" else "from them"
    status = f", {message.status}" if message.direction == "out" else ""
    error = f" ({message.error})" if message.error else ""
    yield Content.assemble(
        (f"{clock(message.created_at)}  ", "$text-muted"), clean(f"{way}{status}{error}")
    )
    yield lines(message.body)


def _fact(word: str, value: Content, room: int) -> Content:
    """A word and what it is about; further lines stand below the first one."""
    wrapped = Content("\n" + " " * WORD).join(value.wrap(room - WORD))
    return Content.assemble((f"{word:<{WORD}}", "$text-muted"), wrapped)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _kind(contact: ContactRow) -> str:
    return KINDS.get(contact.kind, "")


def _phone(e164: str) -> str:
    from storage.phones import international

    return international(e164)


def _read_profile(store: Store, *, contact_id: int) -> ProfileRead:
    from storage.profile import profile

    with store.read() as conn:
        return ProfileRead(profile(conn, contact_id))
