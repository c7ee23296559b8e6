"""Which values of a body may be which: what names mean, and the operator's rules before that."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.mapping.aliases import OTHERWISE, USUAL
from server.mapping.flatten import Leaf
from server.mapping.places import ACCOUNT, PERSON, Place
from storage.mapping_rules import IGNORE, Rule

REQUIRED = ("first_name", "last_name", "phone")
"""What a lead must have, in the order in which senders are told."""

_NAMES = PERSON - {"phone"}
_NO_NAME = frozenset(("false", "true", "null", "undefined", "nil", "NaN", "N/A", "n/a", "None"))
"""What programs write for a name that is not there."""
_EXCHANGE = re.compile(r"[2-9]\d\d", re.ASCII)


@dataclass(slots=True)
class Fault:
    """Why a body makes no lead."""

    code: str
    fields: tuple[str, ...]
    reason: str = ""
    phone: str = ""
    """The person's, in E.164, where it could be read all the same."""


@dataclass(slots=True)
class Candidate:
    """A value that may be meant."""

    leaf: Leaf
    rank: int


class Candidates:
    """The values of one body by what they may be.

    Args:
        leaves: Every value.
        rules: The operator's.
    """

    def __init__(self, leaves: list[Leaf], rules: Sequence[Rule]) -> None:
        self.leaves = leaves
        self.ruled: dict[str, Leaf] = {}
        self.found: dict[str, list[Candidate]] = {}
        self.used: set[int] = set()
        """The identities of leaves that became a part of the lead."""
        self._has_account = False
        ignored = self._apply(rules) if rules else set()
        self.is_ruled = bool(ignored or self.ruled)
        """Whether a rule of the operator found something."""
        for leaf in leaves:
            place = leaf.place
            if (place.field or place.counts) and leaf.text.strip() and id(leaf) not in ignored:
                self._sort_in(leaf, place)
        if self._has_account:
            self._set_staff_back()

    def best(self, name: str, admit: Callable[[Candidate], bool] | None = None) -> list[Leaf]:
        """The values that count for a field, of those that are admitted."""
        if name in self.ruled:
            return [self.ruled[name]]
        found = self.found.get(name)
        if not found:
            return []
        if admit is not None:
            found = [one for one in found if admit(one)]
        if len(found) < 2:
            return [one.leaf for one in found]
        rank = min(one.rank for one in found)
        return [one.leaf for one in found if one.rank == rank]

    def take(self, leaf: Leaf) -> str:
        """The text of a value, which is used from now on."""
        self.used.add(id(leaf))
        return leaf.text

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

    def _sort_in(self, leaf: Leaf, place: Place) -> None:
        if place.counts and leaf.text[0] == "+":
            # `customer.number` may count customers, but not with a plus.
            self._add("phone", leaf, USUAL)
        name = place.field
        if not name or (name in _NAMES and leaf.text.strip() in _NO_NAME):
            return
        self._has_account = self._has_account or place.in_account
        if name == "exchange" and not _EXCHANGE.fullmatch(leaf.text.strip()):
            # A `phone_prefix` is the middle of a North American number, or the code of a country.
            name = "prefix"
        self._add(name, leaf, place.rank)

    def _set_staff_back(self) -> None:
        """Takes an account for one of the staff where there is a whole person besides."""
        inside = [
            (name, one)
            for name in PERSON
            for one in self.found.get(name, ())
            if ACCOUNT in one.leaf.within
        ]
        outside = {
            name
            for name in PERSON
            if any(ACCOUNT not in one.leaf.within for one in self.found.get(name, ()))
        }
        if all(
            "phone" in said and len(said) > 1 for said in ({name for name, _ in inside}, outside)
        ):
            for _, one in inside:
                one.rank = OTHERWISE

    def _add(self, name: str, leaf: Leaf, rank: int) -> None:
        found = self.found.get(name)
        if found is None:
            self.found[name] = [Candidate(leaf, rank)]
        else:
            found.append(Candidate(leaf, rank))
