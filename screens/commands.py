"""Every verb of the desk, declared once.

Bindings, footer, help, palette and the README's key table are made from these declarations;
nothing else names a key.
"""

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
    """The line in the help and in the README."""
    word: str = ""
    """The word in the footer; empty for verbs that the footer leaves out."""
    title: str = ""
    """The entry in the palette; empty for verbs that make no sense there."""
    acts_on: ActsOn = ActsOn.NOTHING
    undoable: bool = False
    confirmation: str = ""
    """What the confirming button says, for verbs that ask first."""
    anywhere: bool = False
    """Given also while a text is typed or a dialog is open."""

    @property
    def action(self) -> str:
        """The name of the action method, without `action_`."""
        return self.id.replace(".", "_")


_DESK = (Context.DESK,)
_LIST = (Context.LIST,)
_LISTS = (Context.LIST, Context.LOG)
_ATTEMPT = (Context.INTAKE, Context.ATTEMPT)
_ROWS = (
    Context.WEBHOOKS,
    Context.INTEGRATIONS,
    Context.CAMPAIGNS,
    Context.NUMBERS,
    Context.KEYS,
    Context.MAPPING,
)

VERBS: tuple[Verb, ...] = (
    # Contacts: acting on them.
    Verb(
        id="contact.open",
        keys=("enter",),
        contexts=_LIST,
        word="open",
        title="Open the contact",
        help="Show the contact's details, consent and messages; again to close",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="contact.star",
        keys=("s",),
        contexts=_LIST,
        word="star",
        title="Star or unstar",
        help="Make it a favorite, or no longer",
        acts_on=ActsOn.MARKS,
        undoable=True,
    ),
    Verb(
        id="contact.label",
        keys=("l",),
        contexts=_LIST,
        word="label",
        title="Labels…",
        help="Put labels on or take them off",
        acts_on=ActsOn.MARKS,
        undoable=True,
    ),
    Verb(
        id="label.manage",
        keys=("L",),
        contexts=_LIST,
        title="Rename, recolour, merge labels…",
        help="All labels: make, rename, recolour, give a letter, merge, delete",
    ),
    Verb(
        id="contact.move",
        keys=("m",),
        contexts=_LIST,
        word="move",
        title="Move to group…",
        help="Move to a group, also to a new one; the contact leaves the queue",
        acts_on=ActsOn.MARKS,
        undoable=True,
    ),
    Verb(
        id="contact.delete",
        keys=("d",),
        contexts=_LIST,
        word="delete",
        title="Delete",
        help="Delete; can be undone",
        acts_on=ActsOn.MARKS,
        undoable=True,
    ),
    Verb(
        id="contact.note",
        keys=("c",),
        contexts=_LIST,
        title="Write a note",
        help="Write an internal note; nobody outside the team reads it",
        acts_on=ActsOn.MARKS,
        undoable=True,
    ),
    Verb(
        id="contact.notes",
        keys=("C",),
        contexts=_LIST,
        title="Change or delete your notes…",
        help="The notes on a contact, to change or delete your own",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="contact.copy",
        keys=("y",),
        contexts=_LIST,
        title="Copy the phone number",
        help="Copy the phone number",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="contact.copy_whole",
        keys=("Y",),
        contexts=_LIST,
        title="Copy the contact",
        help="Copy name, number, id, group and labels",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="contact.move_again",
        keys=("M",),
        contexts=_LIST,
        title="Move to the last group again",
        help="Move to the group that you moved to last",
        acts_on=ActsOn.MARKS,
        undoable=True,
    ),
    Verb(
        id="contact.repeat",
        keys=(".",),
        contexts=_LIST,
        title="Repeat the last act",
        help="Do the last act again, here",
        acts_on=ActsOn.MARKS,
        undoable=True,
    ),
    Verb(
        id="contact.receipt",
        keys=("E",),
        contexts=_LIST,
        title="Show the evidence of consent",
        help="Show the evidence of the contact's consent",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="contact.write_receipt",
        keys=("W",),
        contexts=_LIST,
        title="Write the evidence of consent into files",
        help="Write that evidence into two files, as text and as JSON",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="receipt.write",
        keys=("W",),
        contexts=(Context.RECEIPT,),
        word="write files",
        help="Write it into two files, as text and as JSON",
    ),
    Verb(
        id="contact.campaign",
        keys=("p",),
        contexts=_LIST,
        title="Add to a campaign…",
        help="Add to a campaign; queued contacts have to be moved to a group first",
        acts_on=ActsOn.MARKS,
        confirmation="Move them first",
    ),
    Verb(
        id="contact.suppress",
        keys=("D",),
        contexts=_LIST,
        title="Do Not Contact…",
        help="Never text them again, after asking; they leave the queue at once",
        acts_on=ActsOn.MARKS,
        confirmation="Do Not Contact",
    ),
    Verb(
        id="contact.erase",
        keys=("Z",),
        contexts=_LIST,
        title="Erase for good…",
        help="Erase the person for good, after asking for the last four digits",
        acts_on=ActsOn.CURSOR,
        confirmation="Erase",
    ),
    Verb(
        id="list.export",
        keys=("X",),
        contexts=_LIST,
        title="Export this view…",
        help="Write the contacts of this view to a CSV file or as JSON lines",
    ),
    # Contacts: marking.
    Verb(
        id="mark.step",
        keys=("space",),
        contexts=_LIST,
        word="mark",
        help="Mark or unmark, and step down",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="mark.toggle",
        keys=("x",),
        contexts=_LIST,
        help="Mark or unmark, and stay",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="mark.range",
        keys=("v",),
        contexts=_LIST,
        help="Mark a range: here, then move, then again",
    ),
    Verb(
        id="mark.all",
        keys=("*",),
        contexts=_LIST,
        title="Mark all that match",
        help="Mark all that match, also those not on the screen; again for none",
    ),
    # Contacts: finding.
    Verb(
        id="list.search",
        keys=("/",),
        contexts=_LISTS,
        word="search",
        title="Search",
        help="Search as you type; among contacts also label:hot, is:favorite, age<1d …",
    ),
    Verb(
        id="list.order",
        keys=("o",),
        contexts=_LIST,
        word="order",
        title="Change the order",
        help="Order by newest, oldest, favorites",
    ),
    Verb(
        id="list.follow",
        keys=("F",),
        contexts=_LIST,
        title="Follow arrivals",
        help="Stay at the top as leads arrive; moving down stops it",
    ),
    # Contacts: taking back.
    Verb(
        id="desk.undo",
        keys=("u",),
        contexts=_LIST,
        word="undo",
        title="Undo",
        help="Undo your last act, by name",
    ),
    Verb(
        id="desk.redo",
        keys=("U",),
        contexts=_LIST,
        title="Redo",
        help="Redo what you undid",
    ),
    Verb(
        id="desk.acts",
        keys=("H",),
        contexts=_LIST,
        title="What you did…",
        help="What you did last; undo any of it that the rules allow",
    ),
    Verb(
        id="group.edit",
        keys=("e",),
        contexts=(Context.LIST, Context.SIDEBAR),
        title="Rename, merge or delete the group…",
        help="Rename the group, merge it into another, delete it when it is empty",
    ),
    # Contacts: moving about.
    Verb(id="list.down", keys=("j", "down"), contexts=_LISTS, help="Down"),
    Verb(id="list.up", keys=("k", "up"), contexts=_LISTS, help="Up"),
    Verb(id="list.half_down", keys=("ctrl+d",), contexts=_LISTS, help="Half a screen down"),
    Verb(id="list.half_up", keys=("ctrl+u",), contexts=_LISTS, help="Half a screen up"),
    Verb(id="list.page_down", keys=("pagedown", "ctrl+f"), contexts=_LISTS, help="A screen down"),
    Verb(id="list.page_up", keys=("pageup",), contexts=_LISTS, help="A screen up"),
    Verb(
        id="list.top",
        keys=("g", "home"),
        contexts=_LISTS,
        title="Go to the top",
        help="To the top, where arrivals are",
    ),
    Verb(
        id="list.bottom",
        keys=("G", "end"),
        contexts=_LISTS,
        title="Go to the bottom",
        help="To the bottom",
    ),
    Verb(id="list.next", keys=("n",), contexts=_LISTS, help="Next one found"),
    Verb(id="list.previous", keys=("N",), contexts=_LISTS, help="Previous one found"),
    Verb(id="panel.down", keys=("J",), contexts=_LIST, help="Scroll the open contact down"),
    Verb(id="panel.up", keys=("K",), contexts=_LIST, help="Scroll the open contact up"),
    Verb(
        id="panel.next_section",
        keys=("}",),
        contexts=_LIST,
        help="Next section of the open contact: notes, messages, consent, history",
    ),
    Verb(
        id="panel.previous_section",
        keys=("{",),
        contexts=_LIST,
        help="Previous section of the open contact",
    ),
    Verb(
        id="panel.older",
        keys=("O",),
        contexts=_LIST,
        title="Older entries of the open contact",
        help="Older notes, messages and acts of the open contact",
    ),
    Verb(
        id="list.escape",
        keys=("escape",),
        contexts=_LIST,
        help="Back one layer: a running act, the range, marks, the open contact, the search",
    ),
    # Views.
    Verb(
        id="view.choose",
        keys=("f",),
        contexts=_LIST,
        title="Your views…",
        help="Your views: go to one, or forget it",
    ),
    Verb(
        id="view.save",
        keys=("V",),
        contexts=_LIST,
        title="Keep this view on a number key…",
        help="Keep this view, with its search and order, on a number key",
    ),
    # The search line.
    Verb(
        id="completion.accept",
        keys=("tab", "right"),
        contexts=(Context.COMPLETION,),
        word="complete",
        help="Take the suggestion",
    ),
    Verb(
        id="completion.down",
        keys=("down",),
        contexts=(Context.COMPLETION,),
        word="next",
        help="Next suggestion; from the last one to the list",
    ),
    Verb(
        id="completion.up",
        keys=("up",),
        contexts=(Context.COMPLETION,),
        help="Suggestion before",
    ),
    Verb(
        id="completion.close",
        keys=("escape",),
        contexts=(Context.COMPLETION,),
        word="no suggestions",
        help="Close the suggestions and go on typing",
    ),
    Verb(
        id="search.done",
        keys=("enter", "down"),
        contexts=(Context.SEARCH,),
        word="to the list",
        help="Keep the search and go to the list",
    ),
    Verb(
        id="search.clear",
        keys=("escape",),
        contexts=(Context.SEARCH,),
        word="clear",
        help="Clear the search and go to the list",
    ),
    # Logs.
    Verb(
        id="log.open",
        keys=("enter",),
        contexts=(Context.LOG,),
        word="open",
        help="Show it whole",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="log.filter",
        keys=("f",),
        contexts=(Context.LOG,),
        word="filter",
        title="Filter the log…",
        help="Show only what has some outcome, door or sender",
    ),
    Verb(
        id="log.escape",
        keys=("escape",),
        contexts=(Context.LOG,),
        help="Back one layer: the search, then the filter",
    ),
    # Do Not Contact.
    Verb(
        id="dnc.add",
        keys=("a",),
        contexts=(Context.DNC,),
        word="add",
        title="Add a number to Do Not Contact…",
        help="Put a number on the list; its contact leaves the queue at once",
    ),
    Verb(
        id="dnc.release",
        keys=("r",),
        contexts=(Context.DNC,),
        word="release",
        title="Release the number…",
        help="Release a number that staff or an import put there; needs a reason",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="dnc.import",
        keys=("i",),
        contexts=(Context.DNC,),
        word="import",
        title="Import a Do Not Contact list…",
        help="Take in a CSV or plain list of numbers",
    ),
    Verb(
        id="dnc.lists",
        keys=("L",),
        contexts=(Context.DNC,),
        word="lists",
        title="Imported Do Not Contact lists…",
        help="The lists that were imported, and how old they are",
    ),
    Verb(
        id="attempt.mend",
        keys=("e",),
        contexts=_ATTEMPT,
        word="mend",
        title="Mend the attempt and send it again…",
        help="Change the body of a refused attempt and send it again",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="attempt.replay",
        keys=("r",),
        contexts=_ATTEMPT,
        word="send again",
        title="Send the attempt again",
        help="Send a refused attempt again as it is",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="attempt.map",
        keys=("m",),
        contexts=_ATTEMPT,
        word="map",
        title="Map the sender's fields by example…",
        help="Say which value is the phone, which the name; tried before it is saved",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="attempt.contact",
        keys=("o",),
        contexts=_ATTEMPT,
        word="contact",
        title="Go to the attempt's contact",
        help="Go to the contact that it became",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="attempt.copy",
        keys=("y",),
        contexts=_ATTEMPT,
        word="copy id",
        help="Copy the request id",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="attempt.down",
        keys=("j", "down"),
        contexts=(Context.ATTEMPT,),
        help="Scroll down",
    ),
    Verb(id="attempt.up", keys=("k", "up"), contexts=(Context.ATTEMPT,), help="Scroll up"),
    Verb(
        id="attempt.page_down",
        keys=("space", "ctrl+d", "pagedown"),
        contexts=(Context.ATTEMPT,),
        help="A page down",
    ),
    Verb(
        id="attempt.page_up",
        keys=("ctrl+u", "pageup"),
        contexts=(Context.ATTEMPT,),
        help="A page up",
    ),
    Verb(
        id="mend.send",
        keys=("ctrl+r", "f5"),
        contexts=(Context.MEND,),
        word="send it",
        help="Send the mended body through the door",
    ),
    Verb(
        id="mapping.choose",
        keys=("enter",),
        contexts=(Context.MAPPING,),
        word="what is it?",
        help="Say what the value under the cursor is",
    ),
    Verb(
        id="mapping.clear",
        keys=("x",),
        contexts=(Context.MAPPING,),
        word="no rule",
        help="Take the rule for the value away",
    ),
    Verb(
        id="mapping.save",
        keys=("s",),
        contexts=(Context.MAPPING,),
        word="save",
        help="Save the rules; the door goes by them at once",
    ),
    # Texts.
    Verb(
        id="text.opt_out",
        keys=("D",),
        contexts=(Context.TEXT,),
        word="opt out",
        title="Take the text for an opt-out",
        help="Take a look-alike for the opt-out that it is: nothing more is texted",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="text.dismiss",
        keys=("i",),
        contexts=(Context.TEXT,),
        word="no opt-out",
        title="Let the text be: no opt-out",
        help="Let a look-alike be: it was no opt-out",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="text.resend",
        keys=("r",),
        contexts=(Context.TEXT,),
        word="send again",
        title="Send a text of unknown fate again…",
        help="Send a text again of which nobody knows whether it went out",
        acts_on=ActsOn.CURSOR,
        confirmation="Send it again",
    ),
    Verb(
        id="text.contact",
        keys=("o",),
        contexts=(Context.TEXT,),
        word="contact",
        title="Go to the text's contact",
        help="Go to the contact",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="text.copy",
        keys=("y",),
        contexts=(Context.TEXT,),
        help="Copy the number",
        acts_on=ActsOn.CURSOR,
    ),
    # Webhooks.
    Verb(
        id="webhook.add",
        keys=("a",),
        contexts=(Context.WEBHOOKS,),
        word="add",
        title="Add a webhook endpoint",
        help="Add an address that is told of opt-ins; its secret is shown once",
    ),
    Verb(
        id="webhook.log",
        keys=("enter",),
        contexts=(Context.WEBHOOKS,),
        word="deliveries",
        help="Show what became of its events",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="webhook.test",
        keys=("t",),
        contexts=(Context.WEBHOOKS,),
        word="test",
        title="Send the endpoint a test event",
        help="Send it a test event and show the answer",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="webhook.toggle",
        keys=("space",),
        contexts=(Context.WEBHOOKS,),
        word="on/off",
        title="Enable or disable the endpoint",
        help="Enable it, or disable it; what waits for it is kept",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="webhook.edit",
        keys=("e",),
        contexts=(Context.WEBHOOKS,),
        word="edit",
        title="Edit the endpoint…",
        help="Change its address, what it is told of, or the body's form",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="webhook.rotate",
        keys=("r",),
        contexts=(Context.WEBHOOKS,),
        word="new secret",
        title="Make a new signing secret…",
        help="Make a new secret; for a day both sign",
        acts_on=ActsOn.CURSOR,
        confirmation="New secret",
    ),
    Verb(
        id="webhook.replay",
        keys=("R",),
        contexts=(Context.WEBHOOKS,),
        title="Send the endpoint a span of time again…",
        help="Send it a span of time again",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="webhook.copy",
        keys=("y",),
        contexts=(Context.WEBHOOKS,),
        help="Copy its address",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="webhook.remove",
        keys=("d",),
        contexts=(Context.WEBHOOKS,),
        word="remove",
        title="Remove the endpoint…",
        help="Remove it for good; what waits for it is never delivered",
        acts_on=ActsOn.CURSOR,
        confirmation="Remove",
    ),
    Verb(
        id="secret.copy",
        keys=("y",),
        contexts=(Context.SIGNING,),
        word="copy it",
        help="Copy the secret",
    ),
    Verb(
        id="delivery.replay",
        keys=("r",),
        contexts=(Context.DELIVERY,),
        word="send again",
        title="Send the event again",
        help="Send the event again, with the same webhook-id",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="delivery.contact",
        keys=("o",),
        contexts=(Context.DELIVERY,),
        word="contact",
        title="Go to the event's contact",
        help="Go to the contact that the event is about",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="delivery.copy",
        keys=("y",),
        contexts=(Context.DELIVERY,),
        word="copy id",
        help="Copy the webhook-id",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="delivery.span",
        keys=("R",),
        contexts=(Context.DELIVERIES,),
        word="send a span",
        title="Send a span of time again…",
        help="Send the endpoint a span of time again",
    ),
    # Reading.
    Verb(id="reading.down", keys=("j", "down"), contexts=(Context.READING,), help="Scroll down"),
    Verb(id="reading.up", keys=("k", "up"), contexts=(Context.READING,), help="Scroll up"),
    Verb(
        id="reading.page_down",
        keys=("space", "ctrl+d", "pagedown"),
        contexts=(Context.READING,),
        help="A page down",
    ),
    Verb(
        id="reading.page_up",
        keys=("ctrl+u", "pageup"),
        contexts=(Context.READING,),
        help="A page up",
    ),
    # Integrations, numbers, keys.
    Verb(
        id="integration.add",
        keys=("a",),
        contexts=(Context.INTEGRATIONS,),
        word="add",
        title="Add opt-in API",
        help="Add the Opt-In API, with all that a first lead needs",
    ),
    Verb(
        id="address.queue",
        keys=("enter",),
        contexts=(Context.ADDRESS,),
        word="to the queue",
        help="Close it and go to the Opt-in queue",
    ),
    Verb(
        id="address.copy",
        keys=("y",),
        contexts=(Context.ADDRESS,),
        word="copy URL",
        help="Copy the URL; it can be marked with the mouse as well",
    ),
    Verb(
        id="address.code",
        keys=("v",),
        contexts=(Context.ADDRESS,),
        word="QR code",
        help="Show the URL as a QR code, or as text",
    ),
    Verb(
        id="address.copy_key",
        keys=("K",),
        contexts=(Context.ADDRESS,),
        help="Copy the new API key",
    ),
    Verb(
        id="integration.toggle",
        keys=("space", "enter"),
        contexts=(Context.INTEGRATIONS,),
        word="on/off",
        help="Switch it on, or off after asking",
        confirmation="Deactivate",
    ),
    Verb(
        id="integration.reveal",
        keys=("v",),
        contexts=(Context.INTEGRATIONS,),
        word="show URL",
        title="Show or hide the secret URL",
        help="Show the secret URL, or hide it; leaving hides it too",
    ),
    Verb(
        id="integration.copy",
        keys=("y",),
        contexts=(Context.INTEGRATIONS,),
        word="copy URL",
        title="Copy the secret URL",
        help="Copy the secret URL, for Zapier, Make, a form builder or a form",
    ),
    Verb(
        id="integration.edit",
        keys=("e",),
        contexts=(Context.INTEGRATIONS,),
        word="edit",
        title="Edit the Opt-In API…",
        help="Change brand, program, messaging number, region, page after a form",
    ),
    Verb(
        id="integration.confirm",
        keys=("o",),
        contexts=(Context.INTEGRATIONS,),
        title="Double opt-in…",
        help="Ask who opts in for a YES, or not, and how long to wait for it",
    ),
    Verb(
        id="integration.regenerate",
        keys=("r",),
        contexts=(Context.INTEGRATIONS,),
        word="regenerate",
        title="Regenerate the URL…",
        help="Make a new secret URL; the old one is dead at once",
        confirmation="Regenerate",
    ),
    Verb(
        id="integration.delete",
        keys=("d",),
        contexts=(Context.INTEGRATIONS,),
        word="delete",
        title="Delete the Opt-In API…",
        help="Delete the Opt-In API; the contacts stay",
        confirmation="Delete",
    ),
    Verb(
        id="integration.test",
        keys=("t",),
        contexts=(Context.INTEGRATIONS, Context.ADDRESS),
        word="test",
        title="Send a test request",
        help="Send a test lead to the secret URL and show the answer",
    ),
    Verb(
        id="integration.address",
        keys=("Y",),
        contexts=(Context.INTEGRATIONS,),
        title="Copy the address of the API door",
        help="Copy the address of the API door",
    ),
    Verb(
        id="integration.sample",
        keys=("c",),
        contexts=(Context.INTEGRATIONS, Context.ADDRESS),
        word="sample",
        title="Show the sample request",
        help="Show a sample request of the API door to copy",
    ),
    Verb(
        id="integration.refused",
        keys=("i",),
        contexts=(Context.INTEGRATIONS,),
        title="See what was refused",
        help="Go to the refused attempts in the intake log",
    ),
    Verb(
        id="integration.numbers",
        keys=("n",),
        contexts=(Context.INTEGRATIONS,),
        help="Go to the phone numbers",
    ),
    Verb(
        id="integration.keys",
        keys=("K",),
        contexts=(Context.INTEGRATIONS,),
        help="Go to the API keys",
    ),
    # Campaigns.
    Verb(
        id="campaign.create",
        keys=("a",),
        contexts=(Context.CAMPAIGNS,),
        word="create",
        title="Create a campaign…",
        help="Create a campaign; it is not active yet",
    ),
    Verb(
        id="campaign.switch",
        keys=("space", "enter"),
        contexts=(Context.CAMPAIGNS,),
        word="on/off",
        help="Activate the campaign, or deactivate it",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="campaign.groups",
        keys=("m",),
        contexts=(Context.CAMPAIGNS,),
        word="groups",
        title="Attach or detach a group…",
        help="Attach a group that the campaign draws on, or detach it",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="key.create",
        keys=("a",),
        contexts=(Context.KEYS,),
        word="create",
        title="Create an API key",
        help="Create a key; it is shown once",
    ),
    Verb(
        id="key.revoke",
        keys=("d",),
        contexts=(Context.KEYS,),
        word="revoke",
        help="Revoke the key for good",
        acts_on=ActsOn.CURSOR,
        confirmation="Revoke",
    ),
    Verb(
        id="number.add",
        keys=("a",),
        contexts=(Context.NUMBERS,),
        word="add",
        title="Add a messaging number",
        help="Add a messaging number",
    ),
    Verb(
        id="number.approve",
        keys=("p",),
        contexts=(Context.NUMBERS,),
        word="approve",
        help="Approve the number",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="number.reject",
        keys=("r",),
        contexts=(Context.NUMBERS,),
        word="reject",
        help="Note that the carrier rejected the number",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="number.remove",
        keys=("d",),
        contexts=(Context.NUMBERS,),
        word="remove",
        help="Remove the number for good",
        acts_on=ActsOn.CURSOR,
        confirmation="Remove",
    ),
    Verb(
        id="number.text",
        keys=("t",),
        contexts=(Context.NUMBERS,),
        word="text",
        title="The compliance text of the number…",
        help="Change what it texts, with a preview and what the law asks for",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="number.campaign",
        keys=("m",),
        contexts=(Context.NUMBERS,),
        word="campaign",
        help="Choose the campaign that the number belongs to",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="number.copy",
        keys=("y",),
        contexts=(Context.NUMBERS,),
        word="copy id",
        help="Copy the number's id",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(id="rows.down", keys=("j", "down"), contexts=_ROWS, help="Down"),
    Verb(id="rows.up", keys=("k", "up"), contexts=_ROWS, help="Up"),
    # Sidebar.
    Verb(
        id="sidebar.open",
        keys=("enter", "l", "right"),
        contexts=(Context.SIDEBAR,),
        word="go there",
        help="Go there",
    ),
    Verb(id="sidebar.down", keys=("j", "down"), contexts=(Context.SIDEBAR,), help="Down"),
    Verb(id="sidebar.up", keys=("k", "up"), contexts=(Context.SIDEBAR,), help="Up"),
    Verb(
        id="sidebar.leave",
        keys=("escape",),
        contexts=(Context.SIDEBAR,),
        word="back",
        help="Back to where you were",
    ),
    # Everywhere.
    Verb(
        id="desk.places",
        keys=("tab",),
        contexts=_DESK,
        word="places",
        title="Go to the sidebar",
        help="To the sidebar and back; on a narrow screen it unfolds",
    ),
    Verb(id="desk.next", keys=("]",), contexts=_DESK, help="Next place in the sidebar"),
    Verb(id="desk.previous", keys=("[",), contexts=_DESK, help="Previous place in the sidebar"),
    Verb(
        id="desk.switch",
        keys=("ctrl+t",),
        contexts=_DESK,
        title="Switch the Opt-In API on or off",
        help="Switch the Opt-In API on, or off after asking, from any screen",
        confirmation="Deactivate",
        anywhere=True,
    ),
    *(
        Verb(
            id=f"view.go_{slot}",
            keys=(str(slot),),
            contexts=_DESK,
            help=f"Go to the view that you keep on {slot}",
        )
        for slot in range(1, 10)
    ),
    Verb(
        id="desk.why",
        keys=("w",),
        contexts=_DESK,
        title="Where did it go?…",
        help="What became of a number or a name: moved, suppressed, refused, never seen",
    ),
    Verb(
        id="desk.palette",
        keys=(":", "ctrl+p"),
        contexts=_DESK,
        word="all verbs",
        help="Find any verb or place by name",
    ),
    Verb(
        id="desk.help",
        keys=("?", "f1"),
        contexts=(Context.DESK, Context.HELP),
        word="help",
        title="Help",
        help="Help for where you are; the same key closes it",
    ),
    Verb(
        id="consent.verify",
        keys=(),
        contexts=_DESK,
        title="Verify the consent ledger",
        help="Walk the whole consent ledger and name any change, gap or cut",
    ),
    Verb(
        id="desk.theme",
        keys=(),
        contexts=_DESK,
        title="Change the colors…",
        help="Choose a theme",
    ),
    Verb(
        id="desk.redraw",
        keys=("ctrl+l",),
        contexts=_DESK,
        title="Redraw the screen",
        help="Draw the whole screen again",
    ),
    Verb(id="desk.back", keys=("q",), contexts=_DESK, help="Back to where you were before"),
    Verb(
        id="desk.quit",
        keys=("ctrl+q",),
        contexts=_DESK,
        title="Quit",
        help="Quit",
        anywhere=True,
    ),
    Verb(
        id="desk.interrupt",
        keys=("ctrl+c",),
        contexts=_DESK,
        help="Copy what the mouse marked; otherwise say how to quit",
    ),
    # Dialogs.
    Verb(
        id="view.forget",
        keys=("delete", "ctrl+r"),
        contexts=(Context.VIEWS,),
        word="forget",
        help="Forget the view; its key is free again",
    ),
    Verb(
        id="label.tick",
        keys=("tab",),
        contexts=(Context.LABELS,),
        word="tick",
        help="Tick or untick, and go on to another label",
    ),
    Verb(
        id="label.edit",
        keys=("ctrl+e",),
        contexts=(Context.LABELS,),
        word="change labels",
        help="Rename, recolour, merge or delete labels; ticks and marks stay",
    ),
    Verb(
        id="note.delete",
        keys=("delete", "ctrl+r"),
        contexts=(Context.NOTES,),
        word="delete",
        help="Delete the note, if it is yours; can be undone",
        acts_on=ActsOn.CURSOR,
        undoable=True,
    ),
    Verb(
        id="note.save",
        keys=("enter",),
        contexts=(Context.NOTE,),
        word="save",
        help="Keep the note",
    ),
    Verb(
        id="note.newline",
        keys=("ctrl+n", "alt+enter"),
        contexts=(Context.NOTE,),
        word="new line",
        help="Go on in a new line",
    ),
    Verb(
        id="picker.choose",
        keys=("enter",),
        contexts=(Context.PICKER,),
        word="take it",
        help="Take it; typing narrows the list",
    ),
    Verb(id="picker.down", keys=("down", "ctrl+n"), contexts=(Context.PICKER,), help="Down"),
    Verb(id="picker.up", keys=("up", "ctrl+p"), contexts=(Context.PICKER,), help="Up"),
    Verb(
        id="form.next",
        keys=("enter",),
        contexts=(Context.FORM,),
        word="next, done",
        help="Next line; on the last one it is done",
    ),
    Verb(id="form.down", keys=("down",), contexts=(Context.FORM,), help="Next line"),
    Verb(id="form.back", keys=("up",), contexts=(Context.FORM,), help="The line before"),
    Verb(
        id="sample.copy",
        keys=("y",),
        contexts=(Context.SAMPLE,),
        word="copy it whole",
        help="Copy it whole; it can be marked with the mouse as well",
    ),
    Verb(
        id="report.down",
        keys=("j", "down"),
        contexts=(Context.REPORT,),
        word="scroll",
        help="Scroll down",
    ),
    Verb(id="report.up", keys=("k", "up"), contexts=(Context.REPORT,), help="Scroll up"),
    Verb(
        id="help.close",
        keys=("escape",),
        contexts=(Context.HELP,),
        word="close",
        help="Close the help",
    ),
    Verb(
        id="help.down",
        keys=("down",),
        contexts=(Context.HELP,),
        word="down",
        help="Scroll down",
    ),
    Verb(id="help.up", keys=("up",), contexts=(Context.HELP,), word="up", help="Scroll up"),
    Verb(
        id="help.page_down",
        keys=("pagedown", "ctrl+d"),
        contexts=(Context.HELP,),
        word="page",
        help="Scroll a page down",
    ),
    Verb(id="help.page_up", keys=("pageup", "ctrl+u"), contexts=(Context.HELP,), help="A page up"),
    Verb(
        id="dialog.close",
        keys=("escape",),
        contexts=(Context.DIALOG,),
        word="close",
        help="Close it; nothing is done",
    ),
)
"""All verbs, in the order in which help and footer list them."""

BY_ID: dict[str, Verb] = {verb.id: verb for verb in VERBS}


def verb(ident: str) -> Verb:
    """The verb with this id."""
    return BY_ID[ident]


def verbs_in(context: Context) -> tuple[Verb, ...]:
    """The verbs of one context, in their order."""
    return tuple(each for each in VERBS if context in each.contexts)


_KEY_NAMES = {
    "asterisk": "*",
    "colon": ":",
    "down": "↓",
    "end": "end",
    "escape": "esc",
    "full_stop": ".",
    "home": "home",
    "left": "←",
    "left_curly_bracket": "{",
    "left_square_bracket": "[",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "question_mark": "?",
    "right": "→",
    "right_curly_bracket": "}",
    "right_square_bracket": "]",
    "slash": "/",
    "up": "↑",
}


def show_key(key: str) -> str:
    """A key as people write it: `?` for `question_mark`."""
    return _KEY_NAMES.get(key, key)


def key_table() -> str:
    """The README's table of keys, in Markdown."""
    lines = ["| key | where | what it does |", "|---|---|---|"]
    for context in Context:
        for each in verbs_in(context):
            if each.keys and context is each.contexts[0]:
                keys = " ".join(f"`{show_key(key)}`" for key in each.keys)
                where = " · ".join(place.value for place in each.contexts)
                lines.append(f"| {keys} | {where} | {each.help} |")
    return "\n".join(lines) + "\n"
