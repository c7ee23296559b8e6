"""The words of the design as values. Light: needs neither SQLAlchemy nor phonenumbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

REGION = "US"
"""Whose numbers come without a country, until somebody says another region."""


class Stage(StrEnum):
    """Where a contact stands."""

    CONFIRMING = "confirming"
    QUEUED = "queued"
    GROUPED = "grouped"
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    DELETED = "deleted"
    AWAITING = "awaiting"
    """With double opt-in: texted, and not yet answered with YES."""


class Kind(StrEnum):
    """The kind of line a number belongs to, as far as the numbering plan tells."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    EITHER = "mobile_or_landline"
    VOIP = "voip"
    TOLL_FREE = "toll_free"
    PREMIUM = "premium"
    OTHER = "other"
    UNASSIGNED = "unassigned"


UNTEXTED = frozenset({Kind.LANDLINE, Kind.UNASSIGNED})
"""Lines that get no compliance text and go straight to the queue for people to judge."""


class Badge(StrEnum):
    """What a person should notice about a contact."""

    TEST = "test"
    UNASSIGNED = "unassigned"
    LANDLINE = "landline"
    UNCONFIRMED = "unconfirmed"
    PRIVATE_IP = "private_ip"


BADGE_BITS = {badge: 1 << place for place, badge in enumerate(Badge)}
"""How badges are kept in one integer column. Append only."""


def badges_of(bits: int) -> tuple[Badge, ...]:
    """The badges in a stored integer."""
    return tuple(badge for badge, bit in BADGE_BITS.items() if bits & bit)


class NumberStatus(StrEnum):
    """Where a messaging number stands with its carrier."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    REMOVED = "removed"


class Order(StrEnum):
    """The orders of a list of contacts. Each is total: ties fall to the id."""

    NEWEST = "newest"
    OLDEST = "oldest"
    FAVORITE = "favorite"


class Place(StrEnum):
    """Which contacts a view is about."""

    ALL = "all"
    QUEUE = "queue"
    GROUP = "group"
    DNC = "dnc"


class ActorKind(StrEnum):
    """What sort of hand did it."""

    PERSON = "person"
    API = "api"
    GATEWAY = "gateway"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it."""

    kind: ActorKind
    name: str

    @classmethod
    def person(cls, name: str) -> Actor:
        """A person at a desk or a command line."""
        return cls(ActorKind.PERSON, name)


NAME_IN_A_SENTENCE = 40
"""Characters of a contact's name that a sentence about an act quotes."""


def called(first_name: str, last_name: str, phone: str) -> str:
    """What a contact is called: by its name, and where there is none by its number. Untrusted."""
    return f"{first_name} {last_name}".strip() or phone


def briefly_called(first_name: str, last_name: str, phone: str) -> str:
    """The same, cut to go into a sentence. Untrusted."""
    name = called(first_name, last_name, phone)
    return name if len(name) <= NAME_IN_A_SENTENCE else f"{name[: NAME_IN_A_SENTENCE - 1]}…"


API = Actor(ActorKind.API, "api")
GATEWAY = Actor(ActorKind.GATEWAY, "gateway")
SYSTEM = Actor(ActorKind.SYSTEM, "system")


@dataclass(frozen=True, slots=True)
class View:
    """What a list of contacts shows: one immutable value that compiles to the query."""

    place: Place = Place.QUEUE
    group_id: int | None = None
    group_name: str = ""
    search: str = ""
    order: Order = Order.NEWEST

    @property
    def title(self) -> str:
        """The name of the place. Untrusted where it is a group's."""
        names = {
            Place.ALL: "All contacts",
            Place.QUEUE: "Opt-in queue",
            Place.DNC: "Do Not Contact",
        }
        return names.get(self.place, self.group_name)

    @property
    def description(self) -> str:
        """The view as a sentence. Untrusted where it quotes a search or a group."""
        found = ""
        if self.search.strip():
            from storage.query import narrowed

            found, text = narrowed(self.search)
            if text.strip():
                found += f"{',' if found else ''} matching “{text}”"
        order = {
            Order.NEWEST: "newest first",
            Order.OLDEST: "oldest first",
            Order.FAVORITE: "favorites first",
        }[self.order]
        return f"{self.title}{found}, {order}"

    def searching(self, text: str) -> View:
        """The same view, narrowed to a search."""
        return replace(self, search=text)

    def ordered(self, order: Order) -> View:
        """The same view in another order."""
        return replace(self, order=order)


TEST_CONTACTS = View(Place.ALL, search="is:test")
"""Contacts that test numbers and test requests made, wherever they stand."""


@dataclass(frozen=True, slots=True)
class AttemptView:
    """What the intake log shows: one immutable value that compiles to the query."""

    outcome: str = ""
    """`accepted`, `duplicate` or `refused`; empty for all, here and below."""
    door: str = ""
    sender: str = ""
    code: str = ""
    search: str = ""
    """A request id, a phone in any spelling, a name, or any words of the request."""

    @property
    def description(self) -> str:
        """The view as a sentence. Untrusted where it quotes a search or a sender."""
        what = f"{self.outcome.capitalize()} attempts" if self.outcome else "All attempts"
        parts = [
            f" at the {self.door} door" if self.door else "",
            f" by {self.sender}" if self.sender else "",
            f" with {self.code}" if self.code else "",
            f" matching “{self.search.strip()}”" if self.search.strip() else "",
        ]
        return f"{what}{''.join(parts)}, newest first"

    def searching(self, text: str) -> AttemptView:
        """The same view, narrowed to a search."""
        return replace(self, search=text)


@dataclass(frozen=True, slots=True)
class TextView:
    """What the log of texts shows."""

    only: str = ""
    """`waiting`, `unknown`, `failed`, `inbound` or `review`; empty for all."""
    search: str = ""
    """A phone in any spelling, a name, an id, or words of the text."""

    def searching(self, text: str) -> TextView:
        """The same view, narrowed to a search."""
        return replace(self, search=text)


@dataclass(frozen=True, slots=True)
class DeliveriesView:
    """What the delivery log shows."""

    only: str = ""
    """`waiting`, `failed` or `delivered`; empty for all."""
    endpoint_id: int | None = None
    url: str = ""
    """That endpoint's address, for people to read."""
    search: str = ""
    """A phone, an event, an id, or words of an answer."""

    def searching(self, text: str) -> DeliveriesView:
        """The same view, narrowed to a search."""
        return replace(self, search=text)


@dataclass(frozen=True, slots=True)
class LabelTag:
    """A label as it stands on a contact. The name is untrusted."""

    id: int
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact as lists show it. Every `str` in it is untrusted."""

    id: int
    phone: str
    first_name: str
    last_name: str
    stage: Stage
    kind: Kind
    favorite: bool
    labels: tuple[LabelTag, ...]
    group: str | None
    badges: tuple[Badge, ...]
    received_at: datetime
    version: int

    @property
    def public_id(self) -> str:
        """`con_` and 16 hex digits."""
        from storage.ids import public

        return public("con", self.id)

    @property
    def name(self) -> str:
        """First and last name, or an empty string where the sender gave none."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class Target:
    """The contacts that an act is about: named ids, or all that a view matches.

    With a view, `top` bounds it, so that leads that arrive meanwhile are left alone.
    """

    ids: tuple[int, ...] = ()
    view: View | None = None
    top: int | None = None
    """The largest contact id that a view target may hold."""
    spared: frozenset[int] = frozenset()
    """Ids that a view target leaves out."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A contact that an act did not reach, and why."""

    contact_id: int
    name: str
    why: str
    """A whole clause, such as `moved to “Spring” by ana 12 s ago`. Untrusted."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an act on contacts."""

    done: int
    gone: tuple[Gone, ...] = ()
    """The first few that were not reached."""
    gone_count: int = 0
    unchanged: int = 0
    """Contacts that already were as asked."""
    change_id: int | None = None
    sentence: str = ""
    """What was done, such as `moved 32 contacts to “Spring”`. Untrusted."""
    cancelled: bool = False
    returned: tuple[int, int] | None = None
    """The oldest and the newest of the contacts that an undo brought back to a list."""
