"""What can be done in dialogs."""

from __future__ import annotations

from screens.commands.declaration import ActsOn, Context, Verb

VERBS: tuple[Verb, ...] = (
    # Dialogs.
    Verb(
        id="view.forget",
        keys=("delete", "ctrl+r"),
        contexts=(Context.VIEWS,),
        word="forget",
        help="Forget the view; its key is free again",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="label.tick",
        keys=("tab",),
        contexts=(Context.LABELS,),
        word="tick",
        help="Tick or untick, and go on to another label",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(
        id="label.edit",
        keys=("ctrl+e",),
        contexts=(Context.LABELS,),
        word="edit labels",
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
        word="choose",
        help="Take it; typing narrows the list",
        acts_on=ActsOn.CURSOR,
    ),
    Verb(id="picker.down", keys=("down", "ctrl+n"), contexts=(Context.PICKER,), help="Down"),
    Verb(id="picker.up", keys=("up", "ctrl+p"), contexts=(Context.PICKER,), help="Up"),
    Verb(
        id="form.next",
        keys=("enter",),
        contexts=(Context.FORM,),
        word="next",
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
