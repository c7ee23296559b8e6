"""Phones that a form asks for in several boxes, put together."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

from server.mapping.candidates import Candidates
from server.mapping.flatten import Leaf
from server.mapping.places import place_of

_BOXES = ((3, 3, 4), (3, 7))
"""Digits of the boxes of a North American number."""
_PARTS = ("area", "exchange", "line")


def boxed_phone(body: Candidates, leaves: list[Leaf]) -> Leaf | None:
    """The number in several boxes of one branch, as one value; None where there is none.

    Args:
        body: The values of the body.
        leaves: Those that are called a phone, none of which is one by itself.
    """
    for within, group in groupby(leaves, attrgetter("within")):
        boxes = list(group)
        if _sizes(boxes) in _BOXES:
            return _whole(body, boxes, within)
    named = [body.best(name) for name in _PARTS]
    found = [part[0] for part in named if len(part) == 1]
    if found and found[0].within == found[-1].within and _sizes(found) in _BOXES:
        return _whole(body, found, found[0].within)
    return None


def _sizes(boxes: list[Leaf]) -> tuple[int, ...]:
    return tuple(len(box.text.strip()) if box.text.strip().isdigit() else 0 for box in boxes)


def _whole(body: Candidates, boxes: list[Leaf], within: tuple[str, ...]) -> Leaf:
    text = " ".join(body.take(box).strip() for box in boxes)
    return Leaf(place_of(boxes[0].path, ("phone",), within, phone=True), text)
