"""What senders call things: from the name of a field to what it means.

Names are compared after lower-casing and stripping accents and everything but letters and
digits, of any script. Where the whole name says nothing, words that only dress it are left out:
`What's your first name? *`, `q3_firstName`, `contact__first_name` and `First-Name-2` are all first
names.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from server.mapping import tongues, vocabulary

LONGEST = 120
"""Characters of a name that is looked at: longer ones are texts, not names."""

USUAL, OTHERWISE, AT_LAST = 0, 1, 2
"""Ranks: what is meant, what is taken only where nothing better is filled, and what may be one."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a field is."""

    field: str
    """One of `storage.mapping_rules.FIELDS`, or what goes with a phone: `area`; `dial`, `prefix`
    and `region`, which are said of the phone; `country`, which is said of the person; what goes
    with a last name: `before_last_name`, `second_last_name`; or `leave`, a question for consent.
    """
    rank: int = USUAL


_LEAVE = Meaning("leave")
NOT_OURS = Meaning("")
"""A field about somebody or something else: its other names do not count either."""


_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+")
_NUMBERED = re.compile(r"[a-z]{0,2}\d+")
_IDENTIFIER = re.compile(
    r"(?!\d+(?:st|nd|rd|th)$|b2[bc]$)(?:[a-z]*\d+[a-z][a-z0-9]*|[a-z]{1,3}\d{2,}|[0-9a-f]{4})"
)
"""What machines put behind a name to tell fields apart: `first_name_5f2e`."""
_TAG = re.compile(r"<[^<>]{0,80}>")
_PLACEHOLDER = re.compile(r"\{\{[^{}]{0,80}\}\}")
"""Where a question repeats an answer: `And your last name, {{field:r1}}?`."""
_UNLABELLED = re.compile(r"^\s*no label\s+", re.IGNORECASE)
_POLITE = re.compile(r"(?:[请請]?(?:输入|輸入|填写|填寫)[您你]?的?|[您你]的|[ごお御])(?=\w)")
"""What Chinese and Japanese forms put before a name."""
_SIGN = re.compile(r"(?<=\w)\s*#(?=[\s*:?]*$)")
"""What stands for `number` at the end: `Cell #`."""
_TWO_TONGUES = re.compile(r"\s+[/|–—-]\s+|\s*[|]\s*")
_YOURS = re.compile(r"\byour\s+([^?!.,;:]*)", re.IGNORECASE)
_HALVES = frozenset({"first_name", "last_name"})
_NAMES = frozenset({"first_name", "last_name", "full_name"})
_NO_OTHER_NAME = vocabulary.PERSONAL | vocabulary.ONLY_LETTERS | {"q"}
"""Words beside which a `name` is still a person's, such as in `q3_name`."""
_PERSON_FIELDS = frozenset({"first_name", "last_name", "full_name", "phone"})
_COUNTING = re.compile(r"^q\d+_|[_\s-]*\d+$")
"""What builders put around the name of a branch to tell several apart."""
_LETTERS = re.compile(r"[\W_]+")
_REMARK = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
_SINGLE = str.maketrans({"ß": "ss", "ø": "o", "ı": "i", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})
"""Letters that are no other letter with an accent."""


def folded(name: str) -> str:
    """A name as names are compared: lower case, no accents, letters and digits alone."""
    return _LETTERS.sub("", _plain(name))


def branch_name(name: str) -> str:
    """A branch as branches are compared: folded, without what numbers it: `q7_host`, `host2`."""
    return _branch_name(name[:LONGEST])


@lru_cache(maxsize=4096)
def _branch_name(name: str) -> str:
    name = _COUNTING.sub("", name) or name
    words = _spelled(name)
    if len(words) > 1 and (
        not vocabulary.OTHER_PEOPLE.isdisjoint(words)
        or (not vocabulary.OTHER_SIDE.isdisjoint(words) and vocabulary.INQUIRY.isdisjoint(words))
    ):
        return "somebodyelse"
    return folded(name)


def _plain(name: str) -> str:
    name = name.lower()
    if name.isascii():
        return name
    apart = unicodedata.normalize("NFKD", name.translate(_SINGLE))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


_TONGUES = {
    "first_name": tongues.FIRST_NAMES,
    "last_name": tongues.LAST_NAMES,
    "full_name": tongues.FULL_NAMES,
    "phone": tongues.PHONES,
}
_MEANINGS: dict[str, Meaning] = {
    folded(name): Meaning(field, rank)
    for table, rank in (
        (vocabulary.LAST_CHOICE, AT_LAST),
        (vocabulary.SECOND_CHOICE, OTHERWISE),
        (_TONGUES, USUAL),
        (vocabulary.NAMES, USUAL),
    )
    for field, names in table.items()
    for name in names.split()
} | dict.fromkeys(vocabulary.OTHER_THINGS, NOT_OURS)


_WITH_ACCENTS = {
    name: Meaning(field)
    for field, names in tongues.WITH_ACCENTS.items()
    for name in names.split(", ")
}
"""Names that are other words without their accents."""


def meaning_of(name: str) -> Meaning | None:
    """What a field of this name is; None where the name does not say."""
    return _meaning(name) if len(name) <= LONGEST else None


@lru_cache(maxsize=4096)
def _meaning(name: str) -> Meaning | None:
    if not name.isascii():
        # Signs of full width are those that they look like.
        name = unicodedata.normalize("NFKC", name)
        known = _WITH_ACCENTS.get(name.strip(" *:").lower())
        if known is not None:
            return known
    name = _SIGN.sub(" number", name)
    if "<" in name:
        name = _TAG.sub(" ", name)
    if "{{" in name:
        name = _PLACEHOLDER.sub(" ", name)
    known = _said(_UNLABELLED.sub("", name))
    if known is None and ("(" in name or "[" in name):
        # `Mobile (we'll text you)` is a mobile, `Name (Middle)` no name.
        remarks = {word for part in _REMARK.findall(name) for word in _spelled("".join(part))}
        if remarks.isdisjoint(vocabulary.PARTS) and remarks.isdisjoint(vocabulary.SOMEBODY_ELSE):
            known = _said(_REMARK.sub(" ", name))
    if known is None and not name.isascii():
        # Two languages in one name, such as `First name / 名`.
        known = _said(_plain(name).encode("ascii", "replace").decode().replace("?", " "))
    if known is None and "$" in name:
        # Such as `ctl00$Main$txtFirstName`.
        known = _said(name.rpartition("$")[2])
    if known is None and _POLITE.match(name):
        known = _said(_POLITE.sub("", name))
    return known or _in_two_tongues(name) or _asked(name) or _agreed(name)


def _in_two_tongues(name: str) -> Meaning | None:
    """What is meant where a name is said twice: `First name / Prénom`."""
    parts = {_said(part) for part in _TWO_TONGUES.split(name)}
    if len(parts) == 2 and any(known is not None and known.field in _HALVES for known in parts):
        # In `Last name / Nom` the second is what many a tongue calls either name.
        parts -= {_MEANINGS["name"]}
    return parts.pop() if len(parts) == 1 else None


def _agreed(name: str) -> Meaning | None:
    """Whether a question asks for leave to text: `May we text you?`."""
    words = set(_spelled(name))
    if words.isdisjoint(vocabulary.TEXTS):
        asks = "messages" in words and not words.isdisjoint(vocabulary.LEAVE)
    else:
        asks = not words.isdisjoint(vocabulary.ASKING)
    return _LEAVE if asks and words.isdisjoint(vocabulary.NUMBER_WORDS) else None


def _asked(name: str) -> Meaning | None:
    """Which name a sentence asks for: `Hello there! What's your first name?`."""
    found = _YOURS.findall(name)
    if not found or not vocabulary.SOMEBODY_ELSE.isdisjoint(_spelled(name)):
        return None
    known = _said(found[-1])
    return known if known is not None and known.field in _NAMES else None


_OF_A_PHONE = re.compile(
    rf"\b(?:{'|'.join(sorted(vocabulary.PHONE_STEMS))})"
    rf"|{'|'.join(sorted(map(_plain, vocabulary.PHONE_SIGNS)))}"
)
_OF_ANOTHER = re.compile("|".join(sorted(map(_plain, vocabulary.OTHER_SIGNS))))


def mentions_phone(name: str) -> bool:
    """Whether a question may ask for a phone: `Where should we text you?`.

    It may as well ask something else, so its answer counts only where it is a number.
    """
    if len(name) > LONGEST:
        return False
    words = {*_spelled(name), *_WORD.findall(_plain(name))}
    blocking = vocabulary.BLOCKING & words
    if blocking == {"email"} and "or" in words:
        blocking = frozenset()
    if blocking or not words.isdisjoint(vocabulary.SOMEBODY_ELSE):
        return False
    if not words.isdisjoint(vocabulary.SURELY_PHONE):
        return True
    plain = _plain(name)
    if _OF_A_PHONE.search(plain):
        return not _OF_ANOTHER.search(plain)
    if not words.isdisjoint(vocabulary.NUMBER_WORDS):
        return not words.isdisjoint(vocabulary.CALLING)
    return "text" in words and not words.isdisjoint(("me", "you", "your"))


def _said(name: str) -> Meaning | None:
    plain = _plain(name)
    known = _MEANINGS.get(_LETTERS.sub("", plain))
    if known is not None:
        return known
    words = _WORD.findall(plain)
    known = _undressed(words)
    if known is None and _CAMEL.search(name):
        known = _undressed(_spelled(name))
    if known is None and not vocabulary.LINKS.isdisjoint(words):
        # Such as `N° de portable`, while `Nom de famille` has its meaning from the link.
        known = _undressed([word for word in words if word not in vocabulary.LINKS])
    return known


def _spelled(name: str) -> list[str]:
    return _WORD.findall(_plain(_CAMEL.sub(" ", name)))


def exact_meaning(name: str) -> Meaning | None:
    """What a whole name means, with nothing left out of it."""
    return _exact(name) if len(name) <= LONGEST else None


@lru_cache(maxsize=4096)
def _exact(name: str) -> Meaning | None:
    return _MEANINGS.get(folded(name))


def _undressed(words: list[str]) -> Meaning | None:
    """What is meant by words of which some only dress a name."""
    while len(words) > 1 and _is_identifier(words[-1]):
        words = words[:-1]
    words = [word.rstrip("0123456789") or word for word in words]
    if len(words) > 1 and words[-1] == "type":
        # `first_name_type` is about a field.
        return None
    if any(word in vocabulary.SOMEBODY_ELSE for word in words):
        return _about_somebody_else(words)
    core = [word for word in words if word not in vocabulary.DRESS]
    if any(word in vocabulary.CHOSEN for word in words):
        # What somebody likes to be called is a first name where no other is said.
        known = _MEANINGS.get("".join(core))
        if known is not None and known.field == "first_name":
            return Meaning("first_name", OTHERWISE)
    if not vocabulary.SURELY_PHONE.isdisjoint(core) and vocabulary.PHONE_WORDS.issuperset(core):
        return _MEANINGS["phone"]
    # Only what stands around a name dresses it: `form name` is no name of a person.
    person_only = True
    bare = False
    rank = USUAL
    whole = _MEANINGS.get("".join(core))
    if whole is not None:
        return whole
    while len(core) > 1:
        if not _dresses(core[0]) and not _counts_fields(core):
            if not _dresses(core[-1]):
                break
            word = core.pop()
            bare = bare or word in vocabulary.TECHNICAL
        else:
            word = core.pop(0)
        if word in vocabulary.ELSEWHERE_WORDS:
            rank = AT_LAST if word in vocabulary.RECEIVING else OTHERWISE
        elif word not in _NO_OTHER_NAME and not _NUMBERED.fullmatch(word):
            person_only = False
        # `last_input_text` and `first_form` are no names.
        is_name = not bare or len(core) > 1 or core[0] not in vocabulary.ORDINALS
        known = _MEANINGS.get("".join(core)) if is_name else None
        if known is not None:
            return _ranked(known, rank, person_only)
    return _of_occasion(words) or _said_twice(words)


def _of_occasion(words: list[str]) -> Meaning | None:
    """What is said of the person who did something: `booking_first_name`, `ticket requester name`.

    While `order_last` is no name, and `booking name` the booking's.
    """
    rest = words[1:]
    if not rest or words[0] not in vocabulary.OCCASIONS or rest in (["first"], ["last"]):
        return None
    known = _undressed(rest)
    if known is None or known.field not in _PERSON_FIELDS:
        return None
    return None if known.field == "full_name" and rest[0] not in vocabulary.PERSONAL else known


def _said_twice(words: list[str]) -> Meaning | None:
    """A half of a name behind the name of the whole: `Name First Name`."""
    for place in range(1, len(words) - 1):
        whole = _MEANINGS.get("".join(words[:place]))
        half = _MEANINGS.get("".join(words[place:]))
        if whole == half == _MEANINGS["phone"]:
            return half
        if (
            whole is not None
            and half is not None
            and (whole.field, half.field in _HALVES) == ("full_name", True)
        ):
            return half
    return None


def _is_identifier(word: str) -> bool:
    if not _IDENTIFIER.fullmatch(word):
        return False
    return word.rstrip("0123456789") not in vocabulary.PHONE_WORDS


def _dresses(word: str) -> bool:
    return (
        word in vocabulary.PERSONAL
        or word in vocabulary.TECHNICAL
        or word in vocabulary.ELSEWHERE_WORDS
        or bool(_NUMBERED.fullmatch(word))
    )


def _counts_fields(core: list[str]) -> bool:
    """Whether words begin as in `name_1_first_name`: a kind of field and its number."""
    return len(core) > 2 and core[0] in vocabulary.COUNTED and bool(_NUMBERED.fullmatch(core[1]))


def _ranked(known: Meaning, rank: int, person_only: bool) -> Meaning | None:
    if known.field == "full_name" and not person_only:
        return None
    return Meaning(known.field, rank) if known.field and rank > known.rank else known


def _about_somebody_else(words: list[str]) -> Meaning | None:
    left = [
        word
        for word in words
        if word not in vocabulary.SOMEBODY_ELSE and word not in vocabulary.DRESS
    ]
    for some in (left, [word for word in left if word not in vocabulary.ROLES]):
        known = _MEANINGS.get("".join(some))
        if known is not None and known.field in _PERSON_FIELDS:
            return NOT_OURS
    return None
