"""Every kind of act that is written down reads as a plain sentence."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import server
from storage import acts, campaign_acts, undo, undo_stack
from storage.sentences import PAST, PLAIN, name_of, sentence

ROOMS = (Path(acts.__file__).parent, Path(server.__file__).parent)

OF_VARIABLES = {
    "failing.py": {"text_failed"},
    "inbound.py": {"opt_back_in", "confirm", "review.confirmed", "review.dismissed"},
    "labels.py": {"label.colour", "label.letter"},
    "integration.py": {"integration.on", "integration.off"},
    "campaigns.py": {"campaign.activate", "campaign.deactivate"},
    "relabelling.py": {"label", "unlabel", "label.delete", "label.merge"},
    "deleting_campaigns.py": {"campaign.leave", "campaign.delete"},
    "saved_views.py": {"view.save", "view.rename", "view.forget"},
    "notes.py": {"note.edit", "note.delete"},
    "undo.py": {"undo", "redo"},
    "reviews.py": {"review.confirmed", "review.dismissed"},
    "endpoints.py": {
        *("webhook.add", "webhook.edit", "webhook.rotate", "webhook.enable"),
        *("webhook.disable", "webhook.remove"),
    },
    "numbers.py": {
        *("number.approve", "number.reject", "number.remove", "number.rename"),
        "number.campaign",
    },
    "bulk.py": {
        each.verb
        for module in (acts, campaign_acts)
        for each in vars(module).values()
        if isinstance(getattr(each, "verb", None), str)
    },
}
"""Acts whose name is no literal where they are recorded, by file."""


def calls() -> Iterator[tuple[str, ast.expr]]:
    """Where an act is recorded, and the expression that names it."""
    for path in sorted(path for room in ROOMS for path in room.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = {"record": 2, "become": 2}.get(node.func.id)
                if place is not None and path.name != "changes.py":
                    yield path.name, node.args[place]


def kinds() -> set[str]:
    found = set().union(*OF_VARIABLES.values())
    for name, verb in calls():
        if isinstance(verb, ast.Constant) and isinstance(verb.value, str):
            found.add(verb.value)
        else:
            assert name in OF_VARIABLES, f"{name} records acts that nobody named"
    return found


def test_every_kind_of_act_has_its_sentence() -> None:
    assert kinds() - set(PAST) == set()
    for verb in kinds():
        said = sentence(verb, 1, "“Spring”")
        assert "{" not in said and " " in said, said


def test_every_act_that_can_be_undone_has_a_name_on_the_stack() -> None:
    for verb in (*undo.REVERSALS, *undo_stack.REPEATABLE, "campaign.join", "campaign.leave"):
        assert verb in PLAIN, verb
        assert "{" not in name_of(verb, 2, "“Spring”")
