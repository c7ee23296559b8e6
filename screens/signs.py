"""The signs in the rows of contacts, explained."""

from __future__ import annotations

from screens.keymap import HelpLine
from screens.profile_text import BADGES
from storage.words import Kind
from widgets import table_columns
from widgets.display import glyphs
from widgets.others import SIGN

TITLE = "Signs in the rows"


def signs() -> list[HelpLine]:
    """Each sign as it is drawn at present, with what it says."""
    drawn = glyphs()
    found = [
        (drawn.cursor, "The cursor. Acts are about this contact where none is marked"),
        (drawn.marked, "Marked: acts are about all that are marked"),
        (drawn.star, "A favorite of the whole team"),
        (f"{SIGN}be", "Somebody else looks at this contact: their initials, + for more of them"),
        ("!", "There is something to notice, which a wider list would say in a badge"),
        (f"{drawn.bullet} name", "A label, in its colour"),
        (
            table_columns.LINES[Kind.EITHER],
            "The number may be mobile or landline: where it is from, it does not tell",
        ),
    ]
    found += [
        (_tags(word), BADGES[badge][1])
        for badge, word in table_columns.BADGES.items()
        if badge in BADGES
    ]
    return [HelpLine("", sign, said) for sign, said in found]


def _tags(word: str) -> str:
    """A badge in full, and as narrow lists have it."""
    short = table_columns.IN_SHORT.get(word)
    return f"[{word}] [{short}]" if short else f"[{word}]"
