"""Texts whose every line is a label and its value, such as the e-mail of a form: `Phone: 202…`.

A text is read that way only where its labels name a person and a phone; of one with any other line
in it, such as a message in people's own words, nothing is certain.
"""

from __future__ import annotations

from server.mapping.aliases import meaning_of

LONGEST_LABEL = 80
_MOST_LINES = 200
_AROUND = " \t\u00a0*•·>-–"
"""What stands around a label: marks of a list, a quotation, or words in bold."""
_NAMES = frozenset({"first_name", "last_name", "full_name"})


def labelled(text: str) -> dict[str, list[str]] | None:
    """The values of a text by their labels; None where it is not written that way."""
    if ":" not in text and "：" not in text:
        return None
    lines = [line for line in text.splitlines() if line.strip()]
    if not 2 <= len(lines) <= _MOST_LINES:
        return None
    found: dict[str, list[str]] = {}
    for line in lines:
        label, colon, value = line.replace("：", ":", 1).partition(":")
        label = label.strip(_AROUND)
        if not colon or not label or "=" in label or len(label) > LONGEST_LABEL:
            return None
        found.setdefault(label, []).append(value.strip(" \t\u00a0*"))
    return found if _tells_of_a_person(found) else None


def _tells_of_a_person(found: dict[str, list[str]]) -> bool:
    fields = {known.field for known in map(meaning_of, found) if known is not None}
    return "phone" in fields and not _NAMES.isdisjoint(fields)
