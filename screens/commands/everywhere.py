"""The sidebar, and what can be done from anywhere."""

from __future__ import annotations

from screens.commands.declaration import Context, Verb

_DESK = (Context.DESK,)
_RECORD = (Context.ATTEMPT, Context.READING)
"""Where an opened record fills the screen."""

VERBS: tuple[Verb, ...] = (
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
    Verb(id="sidebar.top", keys=("g", "home"), contexts=(Context.SIDEBAR,), help="To the first"),
    Verb(id="sidebar.bottom", keys=("G", "end"), contexts=(Context.SIDEBAR,), help="To the last"),
    Verb(
        id="sidebar.leave",
        keys=("escape",),
        contexts=(Context.SIDEBAR,),
        word="back",
        help="Back to where you were",
    ),
    # Everywhere.
    Verb(
        id="desk.undo",
        keys=("u",),
        contexts=_DESK,
        word="undo",
        title="Undo",
        help="Undo your last act, by name",
        command="contacts undo",
    ),
    Verb(
        id="desk.redo",
        keys=("U",),
        contexts=_DESK,
        title="Redo",
        help="Redo what you undid",
        command="contacts redo",
    ),
    Verb(
        id="desk.acts",
        keys=("H",),
        contexts=_DESK,
        title="What you did…",
        help="What you did last; undo any of it that the rules allow",
        command="contacts changes",
    ),
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
        command="integration off",
        confirmation="Deactivate",
        anywhere=True,
    ),
    *(
        Verb(
            id=f"view.go_{slot}",
            keys=(str(slot),),
            contexts=_DESK,
            help=f"Go to the view that you keep on {slot}",
            family="Go to the view that you keep on that number",
        )
        for slot in range(1, 10)
    ),
    Verb(
        id="desk.why",
        keys=("w",),
        contexts=_DESK,
        title="Where did it go?…",
        help="What became of a number or a name: moved, suppressed, refused, never seen",
        command="contacts why",
    ),
    Verb(
        id="desk.palette",
        keys=(":", "ctrl+p"),
        contexts=(*_DESK, *_RECORD),
        word="all verbs",
        help="Find any verb or place by name",
    ),
    Verb(
        id="desk.help",
        keys=("?", "f1"),
        contexts=(Context.DESK, Context.HELP, *_RECORD),
        word="help",
        title="Help",
        help="Help for where you are; the same key closes it",
    ),
    Verb(
        id="desk.purge_tests",
        keys=(),
        contexts=_DESK,
        title="Delete all test contacts",
        help="Delete every contact that a test number or a test request made; can be undone",
        command="contacts purge-test",
        undoable=True,
    ),
    Verb(
        id="consent.verify",
        keys=(),
        contexts=_DESK,
        title="Verify the consent ledger",
        help="Walk the whole consent ledger and name any change, gap or cut",
        command="consent verify",
    ),
    Verb(
        id="desk.theme",
        keys=(),
        contexts=_DESK,
        title="Change the colours…",
        help="Choose a theme",
    ),
    Verb(
        id="desk.redraw",
        keys=("ctrl+l",),
        contexts=_DESK,
        title="Redraw the screen",
        help="Draw the whole screen again",
    ),
    Verb(
        id="desk.back",
        keys=("q",),
        contexts=(*_DESK, *_RECORD),
        help="Close the open contact or record; otherwise back to where you were before",
    ),
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
    Verb(
        id="desk.suspend",
        keys=("ctrl+z",),
        contexts=_DESK,
        help="Say why the desk does not go to the background",
    ),
)
