"""A contact's 1:1 profile in words: who it is, its consent, messages, notes and history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from textual.content import Content

from screens.clock import clock
from screens.profile_page import Page
from screens.text_words import said_of
from storage.ids import public
from storage.segments import length_of
from storage.words import Badge, ContactRow, Kind, Stage
from widgets.display import clean, lines, safe
from widgets.others import SIGN
from widgets.phones import international

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.changes import ChangeRow
    from storage.profile import ConsentRow, MessageRow, Profile

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
    Stage.AWAITING: "was texted and has not answered YES yet",
    Stage.QUEUED: "in the Opt-in queue",
    Stage.GROUPED: "in a group",
    Stage.SUPPRESSED: "must not be texted",
    Stage.FAILED: "its compliance text failed",
    Stage.DELETED: "deleted",
}
BADGES = {
    Badge.TEST: ("TEST", "A test number. It is left out of campaigns and exports."),
    Badge.UNASSIGNED: (
        "UNASSIGNED RANGE",
        "No carrier is known to have given out such a number, so no text was sent. Check it.",
    ),
    Badge.LANDLINE: ("LANDLINE", "Landlines take no texts, so none was sent."),
    Badge.UNCONFIRMED: (
        "UNCONFIRMED",
        "The gateway took the compliance text but never said what became of it.",
    ),
    Badge.PRIVATE_IP: (
        "PRIVATE OR PROXY IP",
        "The claimed IP is a private address or a proxy's, not the person's own: it proves little.",
    ),
}
_EVENTS = {
    "opt_in": "opted in",
    "confirmed": "confirmed with YES",
    "repeat": "opted in again",
    "opt_out": "opted out",
    "opt_back_in": "opted back in",
}
_EVIDENCE = {
    "claimed_ip": "claimed IP",
    "peer": "sent from",
    "user_agent": "user agent",
    "source_url": "page",
    "consent_text": "consent text",
}
_BUBBLE = 0.8
"""Share of the width that a message takes at most."""


def write(
    page: Page,
    contact: ContactRow,
    profile: Profile | None,
    *,
    older_key: str,
    me: str,
    others: Sequence[str] = (),
) -> None:
    """Writes what is known of a contact.

    Args:
        page: Where to.
        contact: As the list knows it.
        profile: The rest; None while it is being read.
        older_key: The key that shows older entries.
        me: The person at this desk.
        others: Who else looks at this contact. Untrusted.
    """
    _head(page, contact, profile, others)
    if profile is None:
        return
    _notes(page, profile, older_key, me)
    _conversation(page, profile, older_key)
    _consent(page, profile, older_key)
    _history(page, profile, older_key)


def _head(page: Page, contact: ContactRow, profile: Profile | None, others: Sequence[str]) -> None:
    page.sections.append(0)
    star = "  ★" if contact.favorite else ""
    name = safe(contact.name or "(no name)").stylize("bold")
    page.add(Content.assemble(name, (clean(star), "$accent")))
    kind = KINDS.get(contact.kind, "")
    page.add(
        Content.assemble(clean(international(contact.phone)), ("  ", ""), (kind, "$text-muted"))
    )
    if profile is not None:
        _place(page, profile)
    if others:
        are = "is" if len(others) == 1 else "are"
        *most, last = others
        who = f"{', '.join(most)} and {last}" if most else last
        said = clean(f"{who} {are} looking at this contact")
        page.add(Content.styled(f"{SIGN} {said}", "$text-warning"))
    page.blank()
    page.fact("stage", Content(_stage(contact, profile)))
    page.fact("received", Content(clock(contact.received_at)))
    if profile is not None and profile.source:
        page.fact("came by", safe(profile.source))
    page.fact("favorite", Content("yes" if contact.favorite else "no"))
    if profile is not None and profile.campaigns:
        page.fact("campaigns", safe(", ".join(each.words for each in profile.campaigns)))
    labels = ", ".join(clean(tag.name) for tag in contact.labels)
    page.fact("labels", Content(labels or "none"))
    page.fact("id", Content(contact.public_id))
    for badge in contact.badges:
        title, said = BADGES[badge]
        page.blank()
        page.add(Content.styled(title, "bold $text-warning"))
        page.add(Content(said))


def _stage(contact: ContactRow, profile: Profile | None) -> str:
    if contact.group:
        return f"in the group “{clean(contact.group)}”"
    if contact.stage is Stage.FAILED and profile is not None:
        from storage.holding import ARRIVED

        asked = (text for text in profile.messages if text.purpose == "confirm")
        if any(text.status in ARRIVED for text in asked):
            return "did not answer YES in time"
    return STAGES[contact.stage]


def _now() -> datetime:
    return datetime.now(UTC)


def _place(page: Page, profile: Profile) -> None:
    where = profile.where
    times = where.times(_now())
    said = where.region
    if times:
        first, last = times[0], times[-1]
        clocks = f"{first:%H:%M}" if len(times) == 1 else f"{first:%a %H:%M} to {last:%a %H:%M}"
        said = f"{said}, there it is {clocks}" if said else f"there it is {clocks}"
    if said:
        page.add(Content.styled(clean(said), "$text-muted"))


def _notes(page: Page, profile: Profile, older_key: str, me: str) -> None:
    page.section("Notes")
    if not profile.notes:
        page.add(Content.styled("none", "$text-muted"))
    for note in profile.notes:
        author = "you" if note.author == me else note.author
        edited = f", changed {clock(note.changed_at)}" if note.edited else ""
        page.add(
            Content.assemble(
                clean(author), (f"  {clock(note.created_at)}{clean(edited)}", "$text-muted")
            )
        )
        for line in lines(note.body).split("\n"):
            page.left(line, page.room, indent=2)
    if "notes" in profile.more:
        page.offer_older(older_key)


def _conversation(page: Page, profile: Profile, older_key: str) -> None:
    page.section("Messages")
    if not profile.messages:
        page.add(Content.styled("none", "$text-muted"))
    if "messages" in profile.more:
        page.offer_older(older_key)
    for message in reversed(profile.messages):
        _bubble(page, message)


def _bubble(page: Page, message: MessageRow) -> None:
    width = int(page.room * _BUBBLE)
    body = lines(message.body)
    if message.direction == "out":
        error = f" ({message.error})" if message.error else ""
        status = said_of(message.status)
        # One is what people expect; more cost more.
        segments = length_of(message.body).segments
        size = f", {segments} segments" if segments > 1 else ""
        foot = clean(f"{clock(message.created_at)}, {status}{error}{size}")
        page.right(body, width)
        page.right(Content.styled(foot, "$text-muted"), width)
    else:
        page.left(body.stylize("bold"), width)
        page.left(Content.styled(f"{clock(message.created_at)}, from them", "$text-muted"), width)


def _consent(page: Page, profile: Profile, older_key: str) -> None:
    page.section("Consent")
    for event in profile.consent:
        _event(page, event, profile.contact.phone)
    if "consent" in profile.more:
        page.offer_older(older_key)


def _event(page: Page, event: ConsentRow, phone: str) -> None:
    what = _EVENTS.get(event.kind, event.kind)
    # Whole and in UTC: it is what a person would quote.
    moment = f"{event.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    page.add(Content.assemble((f"{moment}  ", "$text-muted"), clean(what)))
    written = event.evidence.get("written_phone")
    if written and written != phone:
        page.fact("phone written", safe(_text(written)))
    for key, word in _EVIDENCE.items():
        if event.evidence.get(key):
            page.fact(word, lines(_text(event.evidence[key])))
    page.fact("number id", safe(event.number_id))
    if event.kind == "repeat" and event.request_id is not None:
        page.fact("request", Content(public("req", event.request_id)))


def _history(page: Page, profile: Profile, older_key: str) -> None:
    page.section("What was done")
    if not profile.changes:
        page.add(Content.styled("nothing yet", "$text-muted"))
    for change in profile.changes:
        undone = f", {undone_words(change)}" if change.undone else ""
        moment = f"{clock(change.at)}  "
        page.add(
            Content.assemble(
                (moment, "$text-muted"), clean(f"{change.actor} {change.sentence}{undone}")
            ),
            indent=2,
        )
    if "changes" in profile.more:
        page.offer_older(older_key)


def undone_words(change: ChangeRow) -> str:
    """Who undid an act, and when. Untrusted."""
    if change.undone_at is None:
        return "undone since"
    return f"undone by {change.undone_by} {clock(change.undone_at)}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)
