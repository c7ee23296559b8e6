"""From named values to a lead: the operator's rules first, then what the names mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from server.mapping import names
from server.mapping.aliases import (
    ELSEWHERE,
    OTHERWISE,
    STRANGERS,
    THINGS,
    USUAL,
    exact_meaning,
    folded,
    meaning_of,
    mentions_phone,
)
from server.mapping.countries import region_of
from server.mapping.flatten import Leaf, flatten
from server.mapping.numbers import Unreadable, read_phone
from server.mapping.shapes import straightened
from storage.mapping_rules import IGNORE, Rule
from storage.phones import Phone
from storage.words import Kind

REQUIRED = ("first_name", "last_name", "phone")
"""What a lead must have, in the order in which senders are told."""

_PERSON = frozenset({*REQUIRED, "full_name"})
_NOTHING = frozenset(
    (
        *("n/a", "na", "none", "null", "nil", "-", "--", ".", "undefined", "unknown", "(none)"),
        *("true", "false", "yes", "no", "on", "off", "y", "n", "ja", "nein", "oui", "non", "si"),
        *("sim", "0", "1"),
    )
)
"""Values of a phone's field that are no attempt at a number: blanks, and marks of a box."""

_NO_COUNTRY = frozenset(("n/a", "na", "none", "null", "-", "--", "undefined", "unknown", "other"))
_LONGEST_UNNAMED = 24
_FEWEST_DIGITS = 7
_MOST_NUMBERS = 50
"""Values that are looked at where many could be a phone."""

_TOLD = ("ip_address", "user_agent", "source_url", "consent_text", "submission_id")
_NUMBERED = re.compile(r"(?:input_)?(\d{1,4})(?:[._](\d{1,2}))?")


@dataclass(slots=True)
class Fault:
    """Why a body makes no lead."""

    code: str
    fields: tuple[str, ...]
    reason: str = ""
    phone: str = ""
    """The person's, in E.164, where it could be read all the same."""


@dataclass(slots=True)
class Mapped:
    """What a body says of a person."""

    first_name: str
    last_name: str
    phone: Phone | Unreadable
    written_phone: str
    told: dict[str, str] = field(default_factory=dict)
    """Address, browser, page, wording, submission and messaging number, where they are said."""
    more: dict[str, Any] = field(default_factory=dict)
    """Everything else, by path: kept as evidence."""


@dataclass(slots=True)
class _Candidate:
    leaf: Leaf
    rank: int


def map_lead(tree: Any, rules: Sequence[Rule], region: str) -> Mapped | Fault:
    """Finds the lead in a body.

    Args:
        tree: The body, as `reading` gives it.
        rules: The operator's, the first that finds something for a field wins.
        region: ISO 3166 alpha-2: the country of phones that name none.
    """
    return _Mapping(flatten(straightened(tree)), rules, region).lead()


class _Mapping:
    """One body on its way to a lead."""

    def __init__(self, leaves: list[Leaf], rules: Sequence[Rule], region: str) -> None:
        self.region = region
        self.leaves = leaves
        self.ruled: dict[str, Leaf] = {}
        self.found: dict[str, list[_Candidate]] = {}
        self.used: set[int] = set()
        ignored = self._apply(rules) if rules else set()
        for leaf in leaves:
            if id(leaf) not in ignored and leaf.text.strip():
                self._sort_in(leaf)

    def lead(self) -> Mapped | Fault:
        phone = self._phone()
        if isinstance(phone, Fault):
            return phone
        named = self._names(phone[2].within if phone is not None else ())
        if not isinstance(named, Fault):
            values = (*named, "" if phone is None else phone[1])
            missing = tuple(
                name for name, value in zip(REQUIRED, values, strict=True) if not value.strip()
            )
            if phone is not None and not missing:
                return Mapped(*named, phone[0], phone[1], self._told(), self._rest())
            named = Fault("MISSING_REQUIRED_FIELD", missing, ", ".join(missing))
        if phone is not None and isinstance(phone[0], Phone):
            named.phone = phone[0].e164
        return named

    # Which value is what.

    def _apply(self, rules: Sequence[Rule]) -> set[int]:
        by_path: dict[str, list[Leaf]] = {}
        for leaf in self.leaves:
            by_path.setdefault(leaf.path, []).append(leaf)
        ignored: set[int] = set()
        for rule in rules:
            leaves = [leaf for leaf in by_path.get(rule.path, ()) if leaf.text.strip()]
            if rule.field == IGNORE:
                ignored.update(map(id, leaves))
            elif leaves and rule.field not in self.ruled:
                self.ruled[rule.field] = leaves[0]
        return ignored

    def _sort_in(self, leaf: Leaf) -> None:
        known = None
        for name in leaf.names:
            known = meaning_of(name)
            if known is not None:
                break
        within = leaf.within
        if known is None:
            if leaf.phone:
                self._add("phone", leaf, USUAL)
            elif within and leaf.names:
                # Such as `Name: {First: …}`, where the two make the name.
                about = exact_meaning(within[-1] + leaf.names[0])
                if about is not None:
                    self._place(about.field, about.rank, leaf)
            return
        if known.field == "full_name" and leaf.phone:
            known = meaning_of("phone") or known
        self._place(known.field, known.rank, leaf)

    def _place(self, name: str, rank: int, leaf: Leaf) -> None:
        if not name:
            return
        if name in _PERSON and leaf.within:
            if not STRANGERS.isdisjoint(leaf.within):
                return
            if not ELSEWHERE.isdisjoint(leaf.within):
                rank = OTHERWISE
        self._add(name, leaf, rank)

    def _add(self, name: str, leaf: Leaf, rank: int) -> None:
        self.found.setdefault(name, []).append(_Candidate(leaf, rank))

    def _best(self, name: str) -> list[Leaf]:
        if name in self.ruled:
            return [self.ruled[name]]
        found = self.found.get(name)
        if not found:
            return []
        rank = min(one.rank for one in found)
        return [one.leaf for one in found if one.rank == rank]

    def _take(self, leaf: Leaf) -> str:
        self.used.add(id(leaf))
        return leaf.text

    # The phone.

    def _phone(self) -> tuple[Phone | Unreadable, str, Leaf] | Fault | None:
        """What was read, how it was written, and where it stood."""
        leaves = [leaf for leaf in self._best("phone") if not _says_nothing(leaf.text)]
        if not leaves:
            leaves = self._unnamed_phones()
        if len({leaf.text for leaf in leaves[:_MOST_NUMBERS]}) == _MOST_NUMBERS:
            return Fault("AMBIGUOUS_FIELD", ("phone",), "phone: many numbers that differ")
        read = [(self._read(leaf), leaf) for leaf in leaves[:_MOST_NUMBERS]]
        good = [(phone, leaf) for phone, leaf in read if isinstance(phone, Phone)]
        # Marks and fragments beside a whole number are no second number.
        bad = [
            (phone, leaf)
            for phone, leaf in read
            if isinstance(phone, Unreadable) and (not good or _digits(leaf.text) >= 5)
        ]
        several = any(phone.several for phone, _ in bad)
        if several or len({phone.e164 for phone, _ in good}) > 1 or (good and bad):
            return Fault("AMBIGUOUS_FIELD", ("phone",), "phone: two numbers that differ")
        if len({leaf.text for _, leaf in bad}) > 1:
            return Fault("AMBIGUOUS_FIELD", ("phone",), "phone: two numbers that differ")
        for phone, leaf in good or bad:
            for _, same in read:
                self._take(same)
            return phone, f"{leaf.country} {leaf.text.strip()}".lstrip(), leaf
        return None

    def _read(self, leaf: Leaf) -> Phone | Unreadable:
        text = leaf.text.strip()
        if text.startswith("+"):
            return read_phone(text, self.region)
        beside = self._beside(leaf)
        if "area" in beside and _digits(text) <= 9:
            text = f"{beside['area']} {text}"
        said = leaf.country or beside.get("dial") or beside.get("region") or ""
        if not said and _digits(beside.get("prefix", "")):
            said = beside["prefix"]
        if said:
            region = region_of(said)
            if not region:
                return Unreadable("the country beside it is none that is known")
            return read_phone(text, region)
        if "country" in beside:
            return self._read_of_person(text, region_of(beside["country"]))
        return read_phone(text, self.region)

    def _read_of_person(self, text: str, region: str) -> Phone | Unreadable:
        """A number of a person who lives in a country, which need not be the number's."""
        found = read_phone(text, self.region)
        if region == self.region:
            return found
        here = isinstance(found, Phone) and found.kind is not Kind.UNASSIGNED
        if not region:
            return found if here else Unreadable("the country beside it is none that is known")
        there = read_phone(text, region)
        if here and (isinstance(there, Unreadable) or there.kind is Kind.UNASSIGNED):
            return Unreadable(f"it is a number of {self.region}, and the person is in {region}")
        return there

    def _beside(self, leaf: Leaf) -> dict[str, str]:
        """What is said of a phone beside it, or further out."""
        beside: dict[str, str] = {}
        for name in ("area", "dial", "prefix", "region", "country"):
            near = -1
            for one in self.found.get(name, ()):
                depth = len(one.leaf.within)
                if depth > near and leaf.within[:depth] == one.leaf.within:
                    text = one.leaf.text.strip()
                    if not _says_no_country(text) and (name != "area" or depth == len(leaf.within)):
                        beside[name], near = text, depth
        return beside

    def _unnamed_phones(self) -> list[Leaf]:
        """Answers that are numbers, of fields whose names alone do not say that they ask for one.

        Such a name is a number, or a question such as `Where should we text you?`.
        """
        found: list[Leaf] = []
        for leaf in self.leaves:
            if len(found) == _MOST_NUMBERS:
                break
            text = leaf.text.strip()
            if not leaf.names or len(text) > _LONGEST_UNNAMED or _digits(text) < _FEWEST_DIGITS:
                continue
            asked = _asks_for_phone(leaf)
            numbered = not leaf.labelled and _is_numbered(leaf.names[0])
            if not asked and not numbered:
                continue
            read = self._read(leaf)
            if isinstance(read, Phone) and (asked or read.kind is not Kind.UNASSIGNED):
                found.append(leaf)
        return found

    # The names.

    def _names(self, where: tuple[str, ...]) -> tuple[str, str] | Fault:
        """First and last name of the person whose phone stands somewhere."""
        first, last = self._one("first_name"), self._one("last_name")
        if isinstance(first, Fault):
            return first
        return last if isinstance(last, Fault) else self._whole_names(first, last, where)

    def _one(self, name: str) -> str | Fault:
        """The one value that every candidate for a field agrees on."""
        leaves = self._best(name)
        values: dict[str, Leaf] = {}
        for leaf in leaves:
            values.setdefault(_compared(leaf.text), leaf)
        if len(values) > 1:
            return Fault("AMBIGUOUS_FIELD", (name,), f"{name}: two values that differ")
        for leaf in leaves:
            self._take(leaf)
        return names.tidy(leaves[0].text) if leaves else ""

    def _whole_names(
        self, first: str, last: str, where: tuple[str, ...]
    ) -> tuple[str, str] | Fault:
        """First and last name, filled from a name in one field where they lack."""
        if first and last:
            return first, last
        if not first and not last:
            numbered = self._numbered_names()
            if numbered:
                return numbered
        leaves = [
            leaf
            for leaf in self._best("full_name")
            if THINGS.isdisjoint(leaf.within) or leaf.within == where
        ]
        near = [leaf for leaf in leaves if leaf.within[: len(where)] == where]
        if near and where:
            # The name at the top of an envelope is the form's, not the person's.
            leaves = [
                leaf for leaf in leaves if leaf in near or where[: len(leaf.within)] != leaf.within
            ]
        values = {_compared(leaf.text): leaf for leaf in reversed(leaves)}
        if len(values) > 1:
            return Fault("AMBIGUOUS_FIELD", ("full_name",), "name: two values that differ")
        for leaf in leaves:
            self._take(leaf)
        return _joined(first, last, leaves[0].text) if leaves else (first, last)

    def _numbered_names(self) -> tuple[str, str] | None:
        """Names of fields that are numbered alone: `1.3` is first, `1.6` last."""
        parts = {
            (found[1], found[2]): leaf
            for leaf in self.leaves
            if leaf.names and leaf.text.strip() and (found := _NUMBERED.fullmatch(leaf.names[0]))
        }
        for (group, part), leaf in parts.items():
            last = parts.get((group, "6"))
            if part == "3" and last is not None:
                return names.tidy(self._take(leaf)), names.tidy(self._take(last))
        return None

    # The rest.

    def _told(self) -> dict[str, str]:
        told = {}
        for name in (*_TOLD, "opt_in_number_id"):
            leaves = self._best(name)
            if leaves:
                told[name] = self._take(leaves[0]).strip()
        return told

    def _rest(self) -> dict[str, Any]:
        rest: dict[str, Any] = {}
        for leaf in self.leaves:
            if id(leaf) in self.used or not leaf.text:
                continue
            there = rest.get(leaf.path)
            if there is None:
                rest[leaf.path] = leaf.text
            elif isinstance(there, list):
                there.append(leaf.text)
            else:
                rest[leaf.path] = [there, leaf.text]
        return rest


def _joined(first: str, last: str, whole: str) -> tuple[str, str] | Fault:
    """Both names, of which one or none was said alone and the other is in the whole."""
    if not first and not last:
        return names.split(whole)
    whole = names.tidy(whole)
    if last:
        # With a last name beside it, `name` is the first one, or both.
        cut = len(whole) - len(last)
        if cut > 0 and _compared(whole[cut:]) == _compared(last):
            return whole[:cut].rstrip(" ,"), last
        split_first, split_last = names.split(whole)
        if split_last and _compared(split_last) == _compared(last):
            return split_first, last
        return whole, last
    if _compared(whole) == _compared(first):
        return first, ""
    split_first, split_last = names.split(whole)
    if _compared(split_first) == _compared(first):
        return first, split_last
    start, rest = whole[: len(first)], whole[len(first) :]
    if rest[:1] == " " and _compared(start) == _compared(first):
        return first, rest.strip()
    if names.split(whole)[1] and len(whole.split()) > 1 and not _is_surname(whole):
        return Fault("AMBIGUOUS_FIELD", ("first_name",), "first_name: two values that differ")
    # With a first name beside it, `Name` is the last one.
    return first, whole


def _is_surname(whole: str) -> bool:
    """Whether several words are one last name, such as `van der Berg`."""
    return names.split(f"X {whole}") == ("X", whole)


def _compared(text: str) -> str:
    """A name as two are compared."""
    return folded(text) or " ".join(text.casefold().split())


def _says_nothing(text: str) -> bool:
    return text.strip().lower() in _NOTHING


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _says_no_country(text: str) -> bool:
    lower = text.lower()
    # Namibia's code is what many a form says for nothing; so it counts in capitals alone.
    return lower in _NO_COUNTRY and text != "NA"


def _asks_for_phone(leaf: Leaf) -> bool:
    """Whether a question whose meaning is not known mentions that somebody may be called."""
    if not STRANGERS.isdisjoint(leaf.within) or any(map(meaning_of, leaf.names)):
        return False
    return any(map(mentions_phone, leaf.names))


def _is_numbered(name: str) -> bool:
    if _NUMBERED.fullmatch(name):
        return True
    return name[:5] in ("Field", "field") and name[5:].lstrip("_").isdigit()
