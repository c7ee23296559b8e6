"""Where a value stands in a body, and what follows from that whatever the value is."""

from __future__ import annotations

from dataclasses import dataclass

from server.mapping.aliases import AT_LAST, OTHERWISE, USUAL, Meaning, exact_meaning, meaning_of
from server.mapping.memo import Memo
from server.mapping.vocabulary import ELSEWHERE, PERSONAL, RECEIVING, STRANGERS

PERSON = frozenset({"first_name", "last_name", "full_name", "phone"})
"""Fields that tell who somebody is."""

ACCOUNT = "user"
"""The branch of whoever is logged in: the person who opted in, or one of the staff."""
_NOT_OF_PHONES = frozenset({"full_name", "leave"})
"""What a field that asks for a phone is not, whatever its name says."""
_PHONE = Meaning("phone", USUAL)
_NOTHING = Meaning("")


@dataclass(frozen=True, slots=True)
class Place:
    """What a value is called."""

    path: str
    """What a rule calls it."""
    names: tuple[str, ...]
    """The most telling first."""
    within: tuple[str, ...]
    """The folded names of the branches around it, from the outside in."""
    phone: bool
    """The builder says that this field asks for a phone."""
    labelled: bool
    """It has a name of its own, beside its key."""
    field: str
    """What a value here is, or empty."""
    rank: int
    """How much it is meant."""
    in_account: bool
    """It tells who somebody is that is logged in."""
    counts: bool
    """A number that may count people, or be the phone of one."""


_places: Memo[tuple[str, tuple[str, ...], tuple[str, ...], bool, bool], Place] = Memo(8192, 256)


def place_of(
    path: str,
    names: tuple[str, ...],
    within: tuple[str, ...],
    phone: bool = False,
    labelled: bool = False,
) -> Place:
    """A place, and what is told by it."""
    asked = (path, names, within, phone, labelled)
    known = _places.get(asked)
    if known is not None:
        return known
    meaning, counts = _meant(names, within, phone=phone)
    place = Place(
        path,
        names,
        within,
        phone,
        labelled,
        meaning.field,
        meaning.rank,
        # Where only the builder says that it asks for a phone, the branch tells nothing.
        ACCOUNT in within and meaning.field in PERSON and meaning is not _PHONE,
        counts,
    )
    return _places.keep(asked, place, len(path) + sum(map(len, names)) + sum(map(len, within)))


def _meant(names: tuple[str, ...], within: tuple[str, ...], *, phone: bool) -> tuple[Meaning, bool]:
    """What is meant by names, and whether it is a number that may count people."""
    known = next((found for name in names if (found := meaning_of(name)) is not None), None)
    if known is not None:
        if phone and known.field in _NOT_OF_PHONES:
            known = meaning_of("phone") or known
        return _told(known, within), False
    if phone:
        return _PHONE, False
    if not within or not names:
        return _NOTHING, False
    # Such as `Name: {First: …}`, where the two make the name.
    about = exact_meaning(within[-1] + names[0])
    counts = names[0] == "number" and within[-1] in PERSONAL
    return (_told(about, within) if about is not None else _NOTHING), counts


def _told(known: Meaning, within: tuple[str, ...]) -> Meaning:
    """What is meant, seen from the branches that it stands in."""
    if known.field not in PERSON or not within:
        return known
    if not STRANGERS.isdisjoint(within):
        return _NOTHING
    if ELSEWHERE.isdisjoint(within):
        return known
    return Meaning(known.field, OTHERWISE if RECEIVING.isdisjoint(within) else AT_LAST)
