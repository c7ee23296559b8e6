"""Why a request was refused, in words."""

from __future__ import annotations

import pytest

from server.answers import CODES
from storage.refusals import SENTENCES, in_words


@pytest.mark.parametrize(
    ("code", "reason", "door", "said"),
    [
        ("MISSING_REQUIRED_FIELD", "last_name, phone", "hook",
         "Missing required field: last_name, phone"),
        ("MISSING_REQUIRED_FIELD", "", "api", "Missing required field"),
        ("AMBIGUOUS_FIELD", "phone: two numbers that differ", "hook",
         "Ambiguous field: phone, two numbers that differ"),
        ("INVALID_FIELD", "ip_address", "api", "Invalid field: ip_address"),
        ("INVALID_PHONE_FORMAT", "", "api", "Invalid phone number format"),
        ("INVALID_PHONE_FORMAT", "phone: it has too few digits", "hook",
         "Invalid phone number format: it has too few digits"),
        ("INTEGRATION_INACTIVE", "", "hook", "The Opt-In API integration is switched off"),
        ("UNSUPPORTED_MEDIA_TYPE", "", "api", "The body must be JSON in UTF-8, not compressed"),
        ("UNSUPPORTED_MEDIA_TYPE", "", "hook", "The body must be JSON or a form, not compressed"),
        ("BLOCKED_NUMBER", "test number", "api",
         "This phone number cannot receive SMS messages: test number"),
        ("OF_ANOTHER_VERSION", "", "api", "Of another version"),
    ],
)  # fmt: skip
def test_a_refusal_is_told_in_the_words_that_its_sender_read(
    code: str, reason: str, door: str, said: str
) -> None:
    assert in_words(code, reason, door) == said


def test_no_refusal_is_told_as_a_code() -> None:
    for code in SENTENCES:
        assert CODES[code].sentence.startswith(in_words(code, ""))
        assert "_" not in in_words(code, "")
