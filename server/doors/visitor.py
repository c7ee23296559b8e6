"""The answers of the hook door to a person whose browser posted a form: small pages."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from urllib.parse import quote

from server.answers import CODES, Answer
from server.mapping.reading import FORMS, media_of
from server.request import Request
from storage.mapping_rules import Options, is_web_address

HTML = b"text/html; charset=utf-8"
_WEIGHT = re.compile(r"[01](\.[0-9]{0,3})?")

_POLICY = (
    b"Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
    b"X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
    b"Cache-Control: no-store\r\n"
)
_STYLE = (
    "body{font:1.125rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}"
    "@media (prefers-color-scheme:dark){body{background:#111;color:#eee}}"
)

THANKS = "You are signed up. We will send you a text to confirm it."

_FIELDS = {
    "first_name": "first name",
    "last_name": "last name",
    "full_name": "name",
    "phone": "phone number",
}

_SENTENCES = {
    "MISSING_REQUIRED_FIELD": "Something is missing: {fields}. Please go back and fill it in.",
    "AMBIGUOUS_FIELD": "One of your answers was given twice and differs. Please go back and check.",
    "INVALID_PHONE_FORMAT": "That phone number cannot be read. Please go back and check it.",
    "INVALID_FIELD": "One of your answers cannot be taken. Please go back and check it.",
    "BLOCKED_NUMBER": "This number cannot be signed up here. To sign up again, text START to us.",
    "ALREADY_OPTED_IN": "This number is signed up already.",
    "RATE_LIMITED": "Too many people are signing up just now. Please try again in a moment.",
    "INTEGRATION_INACTIVE": "Signing up is paused just now. Please try again later.",
    "URL_REGENERATED": "This form is out of date. Please tell the people who run this page.",
    "INTEGRATION_DELETED": "This form is out of date. Please tell the people who run this page.",
    "PAYLOAD_TOO_LARGE": "That is too much at once. Please go back and write less.",
    "STORE_UNAVAILABLE": "That did not work just now. Please go back and try again in a moment.",
}
_OTHERWISE = "This form did not work. Please tell the people who run this page."


def is_visitor(request: Request) -> bool:
    """Whether a person's browser posts a form, rather than a program its data."""
    return (
        request.method in ("POST", "PUT")
        and likes_a_page(request.headers.get("Accept", ""))
        and media_of(request.headers.get("Content-Type", "")) in FORMS
    )


@lru_cache(maxsize=256)
def likes_a_page(accept: str) -> bool:
    """Whether an `Accept` header asks for HTML, and not rather for JSON.

    A browser names HTML first and JSON not at all.
    """
    weights = {"text/html": 0.0, "application/json": 0.0}
    for each in accept.lower().split(","):
        name, *parameters = (part.strip() for part in each.split(";"))
        if name in weights:
            weights[name] = max(weights[name], _weight(parameters))
    return weights["text/html"] > 0 and weights["text/html"] >= weights["application/json"]


def _weight(parameters: list[str]) -> float:
    said = next((part[2:] for part in parameters if part.startswith("q=")), "")
    return float(said) if _WEIGHT.fullmatch(said) else 1.0


def for_visitor(answer: Answer, options: Options, missing: tuple[str, ...] = ()) -> Answer:
    """An answer as a person reads it: with the same status, but after a success the redirect.

    Args:
        answer: As a program would get it.
        options: Of the integration: the only place that a redirect comes from.
        missing: The fields that are missing.
    """
    if answer.status == 200:
        if options.redirect and is_web_address(options.redirect):
            place = quote(options.redirect, safe="%/:?#[]@!$&'()*+,;=~").encode()
            return Answer(
                303,
                b"",
                answer.request_id,
                content_type=HTML,
                extra=b"Location: %b\r\n%b" % (place, _POLICY),
            )
        body = _page("Thank you", options.thanks or THANKS)
    else:
        names = ", ".join(_FIELDS.get(name, name) for name in missing)
        sentence = _SENTENCES.get(answer.code, _OTHERWISE).replace("{fields}", names or "a field")
        body = _page("That did not work", sentence, f"req_{answer.request_id:016x}")
    return Answer(
        answer.status,
        body,
        answer.request_id,
        code=answer.code if answer.code in CODES else "",
        content_type=HTML,
        extra=answer.extra + _POLICY,
    )


def _page(title: str, sentence: str, request: str = "") -> bytes:
    small = f"<p><small>{escape(request)}</small></p>" if request else ""
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1><p role=status>{escape(sentence)}</p>{small}"
        "</main></body></html>"
    ).encode()
