"""Finding contacts and moving about among them."""

from __future__ import annotations

from screens.commands.declaration import Context, Verb

_LIST = (Context.LIST,)
_LISTS = (Context.LIST, Context.LOG)

VERBS: tuple[Verb, ...] = (
    # Contacts: finding.
    Verb(
        id="list.search",
        keys=("/",),
        contexts=_LISTS,
        word="search",
        title="Search",
        help="Search as you type; among contacts also label:hot, is:favorite, age<1d …",
        command="contacts list",
    ),
    Verb(
        id="list.order",
        keys=("o",),
        contexts=_LIST,
        word="order",
        title="Change the order",
        help="Order by newest, oldest, favorites",
        command="contacts list",
    ),
    Verb(
        id="list.follow",
        keys=("F",),
        contexts=_LIST,
        title="Follow arrivals",
        help="Stay at the top as leads arrive; moving down stops it",
    ),
    Verb(
        id="group.edit",
        keys=("e",),
        contexts=(Context.LIST, Context.SIDEBAR),
        title="Rename, merge or delete the group…",
        help="Rename the group, merge it into another, delete it when it is empty",
        command="groups rename",
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
        help="Your views: go to one, rename or forget it",
        command="views list",
    ),
    Verb(
        id="view.save",
        keys=("V",),
        contexts=_LIST,
        title="Keep this view on a number key…",
        help="Keep this view, with its search and order, on a number key",
        command="views save",
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
)
