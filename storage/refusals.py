"""Why doors refuse, and what to do about it: in the contract's words and in those of people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Why:
    """What an error code means to people."""

    clause: str
    """Why it was refused, such as `a required field was missing`."""
    next_step: str = ""
    """What support can do, or tell the sender to do."""


SENTENCES = {
    "ALREADY_OPTED_IN": "Contact already opted in",
    "AMBIGUOUS_FIELD": "Two values that differ for one field",
    "BLOCKED_NUMBER": "This phone number cannot receive SMS messages",
    "IDEMPOTENCY_MISMATCH": "This Idempotency-Key came with another body before",
    "INTEGRATION_INACTIVE": "The Opt-In API integration is switched off",
    "INTEGRATION_NOT_FOUND": "There is no Opt-In API integration",
    "INVALID_API_KEY": "Invalid API key",
    "INVALID_FIELD": "A field cannot be accepted",
    "INVALID_OPT_IN_NUMBER": "Unknown or unapproved opt-in number",
    "INVALID_PHONE_FORMAT": "Invalid phone number format",
    "MALFORMED_JSON": "The body is not a valid JSON object",
    "MALFORMED_REQUEST": "The request is not well-formed HTTP",
    "MISSING_REQUIRED_FIELD": "Missing required field: ",
    "PAYLOAD_TOO_LARGE": "The request body is too large",
    "RATE_LIMITED": "Too many requests",
    "REQUEST_TIMEOUT": "The request did not arrive in time",
    "UNSUPPORTED_MEDIA_TYPE": "The body must be JSON in UTF-8, not compressed",
}
"""What senders are told, by the error codes that an attempt may have. `opt-in-api.txt` prints some
of them; they are kept to the letter."""

HOOK_SENTENCES = {
    "UNSUPPORTED_MEDIA_TYPE": "The body must be JSON or a form, not compressed",
}
"""What they are told at the hook door instead."""

ABOUT_FIELDS = frozenset(("MISSING_REQUIRED_FIELD", "AMBIGUOUS_FIELD"))
"""Refusals that a word on which value is what can mend."""

_ABOUT_A_FIELD = {
    "AMBIGUOUS_FIELD": "Ambiguous field: ",
    "INVALID_FIELD": "Invalid field: ",
    "MISSING_REQUIRED_FIELD": SENTENCES["MISSING_REQUIRED_FIELD"],
}
"""How a sentence begins whose reason begins with the name of a field."""

_SEE = "See which: optdesk attempts list --code"

_KNOWN = {
    "ALREADY_OPTED_IN": Why(
        "the person had opted in before",
        "Nothing: the person is known and gets no second text. Senders spare themselves this by"
        " checking whom they sent before, or with one Idempotency-Key for all tries of a lead.",
    ),
    "AMBIGUOUS_FIELD": Why(
        "two fields of the body disagree about one value",
        "See which, and say which one counts: optdesk attempts list --code AMBIGUOUS_FIELD",
    ),
    "BLOCKED_NUMBER": Why(
        "the number is on a Do Not Contact list", "Nothing: who said STOP has to text START."
    ),
    "IDEMPOTENCY_MISMATCH": Why(
        "one idempotency key came with two bodies", "The sender needs a new key for each lead."
    ),
    "INTEGRATION_INACTIVE": Why("the Opt-In API was off", "Switch it on: optdesk integration on"),
    "INTEGRATION_NOT_FOUND": Why("there was no Opt-In API", "Add it: optdesk integration add"),
    "INVALID_API_KEY": Why("the API key does not work", "Make one: optdesk keys create NAME"),
    "INVALID_FIELD": Why(
        "a field held what it cannot hold", "The sender has to mend it; the log names the field."
    ),
    "INVALID_OPT_IN_NUMBER": Why(
        "the messaging number is unknown or not approved",
        "Compare opt_in_number_id with: optdesk numbers list",
    ),
    "INVALID_PHONE_FORMAT": Why(
        "the phone can be no number, or was not in E.164 format at the API door",
        "The API door takes E.164 alone, such as +14155550123; the secret URL also a number as it"
        " is written at home in the Opt-In API's region.",
    ),
    "MALFORMED_JSON": Why("the body was no JSON object", "The sender has to mend it."),
    "MALFORMED_REQUEST": Why("the body was cut off", "Nothing, where the sender tries again."),
    "MISSING_REQUIRED_FIELD": Why(
        "a required field was missing",
        "Compare the field's names: optdesk attempts list --code MISSING_REQUIRED_FIELD",
    ),
    "PAYLOAD_TOO_LARGE": Why("the body was too large", "Raise the setting max_body."),
    "RATE_LIMITED": Why(
        "too many requests came at once", "Raise the settings rate_per_key and rate_per_peer."
    ),
    "REQUEST_TIMEOUT": Why(
        "the body did not arrive in time", "Nothing, where the sender tries again."
    ),
    "UNSUPPORTED_MEDIA_TYPE": Why(
        "the body was not sent as JSON", "The API door needs Content-Type: application/json."
    ),
}


def why(code: str) -> Why:
    """What an error code means; an unknown one is named as it is."""
    return _KNOWN.get(code) or Why(f"of {code}", f"{_SEE} {code}")


def in_words(code: str, reason: str, door: str = "") -> str:
    """Why an attempt was refused, as its sender was told, and what the log knows besides.

    Args:
        code: The error code; an unknown one is said in lower case.
        reason: Of the attempt. It may name fields, never quotes them.
        door: Which door refused it.
    """
    if reason and code in _ABOUT_A_FIELD:
        about = _ABOUT_A_FIELD[code]
        return about + reason.removeprefix(about).replace(": ", ", ", 1)
    unknown = code.replace("_", " ").lower().capitalize()
    told = (HOOK_SENTENCES if door == "hook" else SENTENCES).get(code) or SENTENCES.get(code)
    said = (told or unknown).rstrip(" :")
    if code == "INVALID_PHONE_FORMAT":
        reason = reason.removeprefix("phone: ")
    return ": ".join(part for part in (said, reason) if part)
