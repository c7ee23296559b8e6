"""The served description foretells every status and code that the contract names."""

from __future__ import annotations

from typing import Any

import pytest

from server.answers import CODES
from server.openapi import API_CODES, HOOK_CODES, describe
from server.site import API_PATH, HOOK_PATH
from tests.conftest import ROOT

# What stands before any door: reading a request at all, its size, its time.
LINE = {
    "MALFORMED_REQUEST": 400,
    "METHOD_NOT_ALLOWED": 405,
    "REQUEST_TIMEOUT": 408,
    "PAYLOAD_TOO_LARGE": 413,
    "URI_TOO_LONG": 414,
    "HEADERS_TOO_LARGE": 431,
    "STORE_UNAVAILABLE": 503,
    "TOO_MANY_CONNECTIONS": 503,
}
LEAD = LINE | {
    "RATE_LIMITED": 429,
    "INTEGRATION_INACTIVE": 503,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "MALFORMED_JSON": 400,
    "MISSING_REQUIRED_FIELD": 422,
    "INVALID_OPT_IN_NUMBER": 422,
    "INVALID_FIELD": 422,
    "INVALID_PHONE_FORMAT": 400,
    "BLOCKED_NUMBER": 422,
    "ALREADY_OPTED_IN": 409,
    "IDEMPOTENCY_MISMATCH": 422,
}
API = LEAD | {"INVALID_API_KEY": 401, "INTEGRATION_NOT_FOUND": 404}
HOOK = LEAD | {
    "NOT_FOUND": 404,
    "URL_REGENERATED": 410,
    "INTEGRATION_DELETED": 410,
    "AMBIGUOUS_FIELD": 422,
}
PAGE = LINE | {"NOT_FOUND": 404, "INVALID_API_KEY": 401}
HOOK_TOKEN = HOOK_PATH + "{token}"
EXPECTED = {
    (API_PATH, "put"): API,
    (HOOK_TOKEN, "put"): HOOK,
    (HOOK_TOKEN, "post"): HOOK,
    **{
        (page, "get"): PAGE
        for page in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs")
    },
}


def foretold(operation: dict[str, Any]) -> dict[str, int]:
    """The error codes of an operation with their statuses."""
    return {
        code: int(status)
        for status, response in operation["responses"].items()
        for content in response.get("content", {}).values()
        for part in content["schema"].get("allOf", ())
        for code in part.get("properties", {}).get("error_code", {}).get("enum", ())
    }


def test_the_description_knows_exactly_the_addresses_of_the_contract() -> None:
    paths = describe("")["paths"]
    assert {(path, method) for path, said in paths.items() for method in said} == set(EXPECTED)


@pytest.mark.parametrize(("path", "method"), EXPECTED)
def test_every_code_of_the_contract_is_foretold_and_no_other(path: str, method: str) -> None:
    found = foretold(describe("")["paths"][path][method])
    if path == "/readyz":
        # Its 503 says how store and gateway are.
        found |= dict.fromkeys(("STORE_UNAVAILABLE", "TOO_MANY_CONNECTIONS"), 503)
    assert found == EXPECTED[path, method]


def test_the_manual_names_every_code_of_the_doors() -> None:
    manual = (ROOT / "docs" / "http-api.md").read_text()
    for name in {*API_CODES, "URL_REGENERATED", "INTEGRATION_DELETED", "NOT_FOUND"}:
        assert f"`{name}`" in manual, name
        assert str(CODES[name].status) in manual
    hook = manual + (ROOT / "docs" / "hook-door.md").read_text()
    assert all(name in hook for name in HOOK_CODES)
