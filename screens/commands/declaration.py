"""What a verb of the desk is, and where it can be given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class Context(StrEnum):
    """Where a verb can be given. The value is the heading in the help."""

    DESK = "Everywhere"
    LIST = "Contacts"
    LOG = "Logs"
    INTAKE = "Intake log"
    ATTEMPT = "Open attempt"
    DNC = "Do Not Contact"
    COMPLETION = "Suggestions of the search line"
    TEXT = "Messages"
    WEBHOOKS = "Webhooks"
    SIGNING = "New signing secret"
    DELIVERY = "Deliveries"
    DELIVERIES = "Delivery log"
    RECEIPT = "Evidence of consent"
    READING = "Reading"
    SEARCH = "Search line"
    SIDEBAR = "Sidebar"
    INTEGRATIONS = "Integrations"
    CAMPAIGNS = "Campaigns"
    ADDRESS = "New address"
    NUMBERS = "Phone numbers"
    KEYS = "API keys"
    DRAWS = "Groups of a campaign"
    LABELS = "Choosing labels"
    NOTES = "Notes on a contact"
    VIEWS = "Your views"
    PICKER = "Choosing from a list"
    FORM = "Forms"
    NOTE = "Writing a note"
    MEND = "Mending an attempt"
    MAPPING = "Mapping by example"
    REPORT = "Report of an import"
    HELP = "Help"
    DIALOG = "Dialogs"
    SAMPLE = "Sample request"


class ActsOn(Enum):
    """What a verb is about."""

    NOTHING = "nothing"
    CURSOR = "the row under the cursor"
    MARKS = "the marked rows, else the row under the cursor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One thing a person can do."""

    id: str
    """Names it in the settings, where its keys can be changed: `contact.star`."""
    keys: tuple[str, ...]
    """The keys as they come; the first one is shown. Empty: in the palette only."""
    contexts: tuple[Context, ...]
    """Where it can be given."""
    help: str
    """The line in the help and in the documents."""
    word: str = ""
    """The word in the footer; empty for verbs that the footer leaves out."""
    family: str = ""
    """What a verb and its neighbours do that differ in a number alone: one line tells of them."""
    title: str = ""
    """The entry in the palette; empty for verbs that make no sense there."""
    acts_on: ActsOn = ActsOn.NOTHING
    undoable: bool = False
    confirmation: str = ""
    """What the confirming button says, for verbs that ask first."""
    command: str = ""
    """What does the same on the command line, such as `contacts star`; empty for verbs that only
    show, move about or type."""
    anywhere: bool = False
    """Given also while a text is typed or a dialog is open."""

    @property
    def action(self) -> str:
        """The name of the action method, without `action_`."""
        return self.id.replace(".", "_")
