"""From named values to a lead: the operator's rules first, then what the names mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from server.mapping import names
from server.mapping.aliases import AT_LAST, folded
from server.mapping.candidates import REQUIRED, Candidates, Fault
from server.mapping.consent import is_declined
from server.mapping.flatten import Leaf, flatten
from server.mapping.labelled import labelled
from server.mapping.numbers import Unreadable
from server.mapping.phone_choice import NUMBERED, PhoneChoice
from server.mapping.places import PERSON
from server.mapping.shapes import straightened
from server.mapping.unfolding import unfolded
from server.mapping.vocabulary import FIRMS, NAMELESS, THINGS
from storage.mapping_rules import FIELDS, Rule
from storage.phones import Phone

__all__ = ["REQUIRED", "Fault", "Mapped", "map_lead"]

_TOLD = (
    *("ip_address", "user_agent", "source_url", "consent_text", "submission_id"),
    "opt_in_number_id",
)
"""What is told of a person besides name and phone."""
_PARTS_OF_LAST = frozenset(("before_last_name", "second_last_name"))
_ENVELOPE = frozenset(("from", "sender", "to", "recipient", "replyto", "headers", "envelope"))
"""Branches of a message about whom it came from and went to, who may be a program."""
_SAID_BESIDES = frozenset(("", *_TOLD))
"""What may stand around a text that tells of the person."""


@dataclass(slots=True)
class Mapped:
    """What a body says of a person."""

    first_name: str
    last_name: str
    phone: Phone | Unreadable
    written_phone: str
    declined: bool = False
    """They said no where they were asked for leave."""
    told: dict[str, str] = field(default_factory=dict)
    """Address, browser, page, wording, submission and messaging number, where they are said."""
    more: dict[str, Any] = field(default_factory=dict)
    """Everything else, by path: kept as evidence."""


def map_lead(tree: Any, rules: Sequence[Rule], region: str) -> Mapped | Fault:
    """Finds the lead in a body.

    Args:
        tree: The body, as `reading` gives it.
        rules: The operator's, the first that finds something for a field wins.
        region: ISO 3166 alpha-2: the country of phones that name none.
    """
    body = Candidates(flatten(straightened(tree)), rules)
    found = _Mapping(body, region).lead()
    if isinstance(found, Mapped) or found.code != "MISSING_REQUIRED_FIELD" or body.is_ruled:
        return found
    again = unfolded(tree)
    if again is not None:
        lead = _Mapping(Candidates(flatten(straightened(again)), ()), region).lead()
        if isinstance(lead, Mapped) or lead.code != found.code:
            return lead
    return _written_out(body.leaves, region) or found


def _written_out(leaves: list[Leaf], region: str) -> Mapped | None:
    """The person of whom one text in a body tells line by line; None where it is not one person."""
    leads: list[Mapped] = []
    for leaf in leaves:
        lines = labelled(leaf.text) if "\n" in leaf.text else None
        if lines is None:
            continue
        others = [other for other in leaves if other is not leaf]
        # Who sent the text on is not who is meant.
        silent = [other for other in others if other.place.field not in _SAID_BESIDES]
        kept = [other for other in others if other.place.field in _SAID_BESIDES]
        lead = _Mapping(Candidates([*flatten(lines), *kept], ()), region).lead()
        if isinstance(lead, Fault) or (leads and not _is_same(lead, leads[0])):
            return None
        if not all(_is_said_of(lead, other) for other in silent):
            return None
        lead.more |= {other.path: other.text for other in silent if other.text}
        leads.append(lead)
    return leads[0] if leads else None


def _is_said_of(lead: Mapped, other: Leaf) -> bool:
    """Whether what stands beside a text may be said of the person whom the text tells of."""
    if other.place.field not in PERSON or not _ENVELOPE.isdisjoint(other.within):
        return True
    if not other.text.strip() or labelled(other.text) is not None:
        return True
    first, last = lead.first_name, lead.last_name
    return _compared(other.text) in map(_compared, (first, last, first + last))


def _is_same(one: Mapped, other: Mapped) -> bool:
    return (one.first_name, one.last_name, one.phone) == (
        other.first_name,
        other.last_name,
        other.phone,
    )


_TITLE, _LEAD, _LEADS = ("name",), ("lead",), ("leads",)


def known_fields(leaves: list[Leaf], region: str) -> dict[int, str]:
    """What values are taken for by themselves, without a rule: fields by the identity of a leaf.

    Args:
        leaves: The values of one body, as `flatten` gives them.
        region: The country of phones that name none.
    """
    body = Candidates(leaves, ())
    found = {id(leaf): name for name in FIELDS for leaf in body.best(name)}
    phone = PhoneChoice(body, region).find()
    if phone is not None and not isinstance(phone, Fault):
        found[id(phone[2])] = "phone"
    return found


class _Mapping:
    """One body on its way to a lead."""

    def __init__(self, body: Candidates, region: str) -> None:
        self._body = body
        self._region = region

    def lead(self) -> Mapped | Fault:
        phone = PhoneChoice(self._body, self._region).find()
        if isinstance(phone, Fault):
            return phone
        named = self._names(phone[2].within if phone is not None else ())
        if not isinstance(named, Fault):
            values = (*named, "" if phone is None else phone[1])
            missing = tuple(
                name for name, value in zip(REQUIRED, values, strict=True) if not value.strip()
            )
            if phone is not None and not missing:
                declined = self._declined()
                return Mapped(*named, phone[0], phone[1], declined, self._told(), self._rest())
            named = Fault("MISSING_REQUIRED_FIELD", missing, ", ".join(missing))
        if phone is not None and isinstance(phone[0], Phone):
            named.phone = phone[0].e164
        return named

    def _names(self, where: tuple[str, ...]) -> tuple[str, str] | Fault:
        """First and last name of the person whose phone stands somewhere."""
        first, last = self._one("first_name"), self._one("last_name")
        if isinstance(first, Fault):
            return first
        if isinstance(last, Fault):
            return last
        return self._whole_names(first, self._with_its_parts(last), where)

    def _with_its_parts(self, last: str) -> str:
        """A last name with what a form asks for apart: `van der`, or the mother's one."""
        if not last or _PARTS_OF_LAST.isdisjoint(self._body.found):
            return last
        before, second = self._one("before_last_name"), self._one("second_last_name")
        if isinstance(before, Fault) or isinstance(second, Fault):
            return last
        if _compared(last).startswith(_compared(before)):
            before = ""
        if _compared(last).endswith(_compared(second)):
            second = ""
        return " ".join(part for part in (before, last, second) if part)

    def _one(self, name: str) -> str | Fault:
        """The one value that every candidate for a field agrees on."""
        leaves = self._body.best(name)
        if _differ(leaves):
            return Fault("AMBIGUOUS_FIELD", (name,), f"{name}: two values that differ")
        for leaf in leaves:
            self._body.take(leaf)
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
        leaves = self._body.best(
            "full_name",
            lambda one: (
                (one.leaf.within == where or _may_name(one.leaf.within))
                # A nickname tells nothing where one of the names is there.
                and not (one.rank == AT_LAST and (first or last))
                and not names.is_firm(one.leaf.text)
            ),
        )
        near = [leaf for leaf in leaves if leaf.within[: len(where)] == where]
        if near and where:
            # The name at the top of an envelope is the form's, one in another branch somebody's.
            leaves = near
        leaves = self._without_title(leaves)
        if _differ(leaves):
            return Fault("AMBIGUOUS_FIELD", ("full_name",), "name: two values that differ")
        for leaf in leaves:
            self._body.take(leaf)
        return _joined(first, last, leaves[0].text) if leaves else (first, last)

    def _without_title(self, leaves: list[Leaf]) -> list[Leaf]:
        """Names without that of a lead itself, which many a CRM calls by its firm."""
        titles = [
            leaf for leaf in leaves if leaf.names == _TITLE and leaf.within[-1:] in (_LEAD, _LEADS)
        ]
        if not titles:
            return leaves
        firms = {
            _compared(leaf.text)
            for leaf in self._body.leaves
            if leaf.names and folded(leaf.names[0]) in FIRMS
        }
        people = [leaf for leaf in leaves if leaf not in titles]
        return people or [leaf for leaf in titles if _compared(leaf.text) not in firms]

    def _numbered_names(self) -> tuple[str, str] | None:
        """Names of fields that are numbered alone: `1.3` is first, `1.6` last."""
        parts = {
            (found[1], found[2]): leaf
            for leaf in self._body.leaves
            if leaf.names and leaf.text.strip() and (found := NUMBERED.fullmatch(leaf.names[0]))
        }
        for (group, part), leaf in parts.items():
            last = parts.get((group, "6"))
            if part == "3" and last is not None:
                return names.tidy(self._body.take(leaf)), names.tidy(self._body.take(last))
        return self._two_names()

    def _two_names(self) -> tuple[str, str] | None:
        """Two fields for a name as Forminator numbers them, where each holds one: `name-1`."""
        fields = {leaf.names[0]: leaf for leaf in self._body.leaves if leaf.names}
        first, last = fields.get("name-1"), fields.get("name-2")
        if first is None or last is None or "phone-1" not in fields or "name-3" in fields:
            return None
        words = first.text.split()
        surname = names.tidy(last.text)
        if len(words) != 1 or not _is_surname(surname) or _compared(surname) == _compared(words[0]):
            return None
        return names.tidy(self._body.take(first)), names.tidy(self._body.take(last))

    def _declined(self) -> bool:
        """Whether the person said no to what they were asked leave for."""
        body = self._body
        if "consent_text" in body.ruled:
            return is_declined([body.ruled["consent_text"]])
        if "consent_text" not in body.found and "leave" not in body.found:
            return False
        return is_declined(
            one.leaf for name in ("consent_text", "leave") for one in body.found.get(name, ())
        )

    def _told(self) -> dict[str, str]:
        body = self._body
        said = [name for name in _TOLD if name in body.found or name in body.ruled]
        return {name: body.take(body.best(name)[0]).strip() for name in said}

    def _rest(self) -> dict[str, Any]:
        rest: dict[str, Any] = {}
        used = self._body.used
        for leaf in self._body.leaves:
            text = leaf.text
            if not text or id(leaf) in used:
                continue
            path = leaf.place.path
            there = rest.get(path)
            if there is None:
                rest[path] = text
            elif isinstance(there, list):
                there.append(text)
            else:
                rest[path] = [there, text]
        return rest


def _may_name(within: tuple[str, ...]) -> bool:
    """Whether a `name` in a branch may be a person's."""
    if "body" in within:
        # What an automation tool hands on tells nothing of what it wraps it into.
        within = within[within.index("body") + 1 :]
    return THINGS.isdisjoint(within) and (not within or within[-1] not in NAMELESS)


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


def _differ(leaves: list[Leaf]) -> bool:
    """Whether names are not all the same one."""
    return len(leaves) > 1 and len({_compared(leaf.text) for leaf in leaves}) > 1


def _compared(text: str) -> str:
    """A name as two are compared."""
    return folded(text) or " ".join(text.casefold().split())
