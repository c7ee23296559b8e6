"""What an operator decides about the hook door: which value is which, and what a visitor sees."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from storage.errors import Refused

IGNORE = "ignore"
"""The field of a rule that keeps a value from being taken for anything."""

FIELDS: Mapping[str, str] = {
    "phone": "the phone number",
    "first_name": "the first name",
    "last_name": "the last name",
    "full_name": "first and last name in one",
    "ip_address": "the person's IP address",
    "user_agent": "the person's browser",
    "source_url": "the page on which the person consented",
    "consent_text": "the wording that the person agreed to",
    "submission_id": "the sender's own id of the submission",
    "opt_in_number_id": "the messaging number to opt in to",
    IGNORE: "nothing: leave this value alone",
}
"""What a rule may say that a value is, and how a person is told."""

MOST_RULES = 50
LONGEST_PATH = 500
LONGEST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Rule:
    """Where one field stands in the bodies that arrive.

    A path names the members from the outside in, joined by `/`, such as `data/fields/Mobile`;
    a `/` inside a name is written `~1`, and a `~` is written `~0`.
    """

    field: str
    """One of `FIELDS`."""
    path: str


@dataclass(frozen=True, slots=True)
class Options:
    """What an integration's options say."""

    rules: tuple[Rule, ...] = ()
    """Tried before every name that is known by itself, the first that finds something wins."""
    redirect: str = ""
    """Where a visitor's browser goes after a form; empty for the thank-you page."""
    thanks: str = ""
    """What the thank-you page says; empty for its usual sentence."""


PLAIN = Options()
"""No rules, and the usual thank-you page."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One value of a captured body. Every text in it is untrusted."""

    path: str
    """What a rule calls it."""
    label: str
    """What the sender calls it, as far as it says more than the path."""
    value: str
    known_as: str = ""
    """The field that the door takes it for without a rule; empty for none."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What rules make of one captured attempt. Names and phone are untrusted."""

    request_id: int
    ok: bool
    first: str
    last: str
    phone: str
    """Canonical E.164; empty where none was found."""
    sentence: str
    """What the rules found, or why the attempt would still be refused."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of an attempt that was sent through the door's checks again."""

    request_id: int
    """Of the new attempt."""
    outcome: str
    """`accepted`, `duplicate` or `refused`."""
    code: str
    contact_id: int | None
    sentence: str


def with_rule(rules: Sequence[Rule], path: str, field: str) -> tuple[Rule, ...]:
    """Rules with another word on one value.

    Args:
        rules: Those before.
        path: Where the value stands.
        field: What it is; empty for no rule any more.
    """
    kept = [rule for rule in rules if rule.path != path]
    if field and field != IGNORE:
        # The newest word on a field comes first; older ones serve other senders.
        kept.insert(0, Rule(field, path))
    elif field:
        kept.append(Rule(field, path))
    return tuple(kept)


def step(name: str) -> str:
    """One member's name as it stands in a path."""
    if "~" in name or "/" in name:
        return name.replace("~", "~0").replace("/", "~1")
    return name


def checked(options: Options) -> Options:
    """Options as they may be kept.

    Raises:
        Refused: A rule names no field or no path, or the redirect is no web address.
    """
    if len(options.rules) > MOST_RULES:
        raise Refused(f"There can be at most {MOST_RULES} rules.")
    for rule in options.rules:
        if rule.field not in FIELDS:
            raise Refused(
                "A rule names a field that there is not.", f"Fields are: {', '.join(FIELDS)}."
            )
        if not rule.path.strip() or len(rule.path) > LONGEST_PATH:
            raise Refused(f"The rule for {rule.field} names no value.")
    if options.redirect and not is_web_address(options.redirect):
        raise Refused(
            "The redirect is not a web address.", "Write it whole, such as https://example.com/ok"
        )
    if len(options.thanks) > LONGEST_TEXT:
        raise Refused(f"The thank-you text is longer than {LONGEST_TEXT} characters.")
    return options


def is_web_address(text: str) -> bool:
    """Whether a text is an absolute http or https address on one line."""
    if not text.isprintable() or " " in text or "\\" in text or len(text) > LONGEST_TEXT:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def parse(text: str) -> Options:
    """The options of a stored integration. What cannot be read counts as not said."""
    try:
        said: Any = json.loads(text or "{}")
    except ValueError:
        return PLAIN
    if not isinstance(said, dict) or not said:
        return PLAIN
    return Options(
        rules=tuple(_rules(said.get("rules"))),
        redirect=_text(said.get("redirect")),
        thanks=_text(said.get("thanks")),
    )


def serialise(options: Options, kept: str = "{}") -> str:
    """Options as they are stored.

    Args:
        options: What is to be kept.
        kept: What stands in the store; members that are not about options stay.
    """
    try:
        said: Any = json.loads(kept or "{}")
    except ValueError:
        said = {}
    made = said if isinstance(said, dict) else {}
    made |= {
        "rules": [{"field": rule.field, "path": rule.path} for rule in options.rules],
        "redirect": options.redirect,
        "thanks": options.thanks,
    }
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"))


def _rules(said: Any) -> Sequence[Rule]:
    rows = said if isinstance(said, list) else []
    return [
        Rule(row["field"], row["path"])
        for row in rows
        if isinstance(row, dict) and row.get("field") in FIELDS and isinstance(row.get("path"), str)
    ]


def _text(said: Any) -> str:
    return said if isinstance(said, str) else ""
