"""The description of the API that `/openapi.json` serves, made from the models that validate."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic.json_schema import models_json_schema

from server.answers import CODES
from server.models import HookOptedIn, OptedIn, OptInRequest, Refusal
from server.site import API_PATH, HOOK_PATH

API_CODES = (
    "MALFORMED_REQUEST",
    "MALFORMED_JSON",
    "INVALID_PHONE_FORMAT",
    "INVALID_API_KEY",
    "INTEGRATION_NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "REQUEST_TIMEOUT",
    "ALREADY_OPTED_IN",
    "PAYLOAD_TOO_LARGE",
    "URI_TOO_LONG",
    "UNSUPPORTED_MEDIA_TYPE",
    "MISSING_REQUIRED_FIELD",
    "INVALID_OPT_IN_NUMBER",
    "INVALID_FIELD",
    "BLOCKED_NUMBER",
    "IDEMPOTENCY_MISMATCH",
    "RATE_LIMITED",
    "HEADERS_TOO_LARGE",
    "INTEGRATION_INACTIVE",
    "STORE_UNAVAILABLE",
    "TOO_MANY_CONNECTIONS",
)
"""What the API door may answer beside 200."""

HOOK_CODES = (
    "MALFORMED_REQUEST",
    "MALFORMED_JSON",
    "INVALID_PHONE_FORMAT",
    "NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "REQUEST_TIMEOUT",
    "ALREADY_OPTED_IN",
    "URL_REGENERATED",
    "INTEGRATION_DELETED",
    "PAYLOAD_TOO_LARGE",
    "URI_TOO_LONG",
    "UNSUPPORTED_MEDIA_TYPE",
    "MISSING_REQUIRED_FIELD",
    "AMBIGUOUS_FIELD",
    "INVALID_OPT_IN_NUMBER",
    "INVALID_FIELD",
    "BLOCKED_NUMBER",
    "IDEMPOTENCY_MISMATCH",
    "RATE_LIMITED",
    "HEADERS_TOO_LARGE",
    "INTEGRATION_INACTIVE",
    "STORE_UNAVAILABLE",
    "TOO_MANY_CONNECTIONS",
)
"""What the addresses of the hook door may answer beside 200 and, to browsers, 303."""

_PAGE_CODES = (
    "MALFORMED_REQUEST",
    "INVALID_API_KEY",
    "NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "REQUEST_TIMEOUT",
    "PAYLOAD_TOO_LARGE",
    "URI_TOO_LONG",
    "HEADERS_TOO_LARGE",
    "STORE_UNAVAILABLE",
    "TOO_MANY_CONNECTIONS",
)

_PAGES = {
    "/healthz": ("Whether the listener lives, and which it is", "application/json"),
    "/readyz": ("Whether leads can be stored and texts handed over", "application/json"),
    "/metrics": ("Figures for Prometheus", "text/plain"),
    "/openapi.json": ("This description", "application/json"),
    "/docs": ("This description, for people", "text/html"),
}

_HOOK_MEDIA = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
)
_HOOK_BODY: dict[str, Any] = {
    "type": "object",
    "additionalProperties": True,
    "example": {"first_name": "Ada", "last_name": "Byron", "phone": "+12025550123"},
}

_REQUEST_ID = {
    "X-Request-Id": {
        "description": "Names this request in the intake log.",
        "required": True,
        "schema": {"type": "string", "pattern": "^req_[0-9a-f]{16}$"},
    }
}


@cache
def product_version() -> str:
    """The version of this program."""
    try:
        return version("optdesk")
    except PackageNotFoundError:
        return "0"


@cache
def describe(base_url: str) -> dict[str, Any]:
    """The OpenAPI document.

    Args:
        base_url: Where senders reach the listener; may be empty.
    """
    _, schemas = models_json_schema(
        [
            (OptInRequest, "validation"),
            (OptedIn, "serialization"),
            (HookOptedIn, "serialization"),
            (Refusal, "serialization"),
        ],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Optdesk",
            "version": product_version(),
            "description": "Takes in people who opted in to texts. Both forms of every address, "
            "with and without a slash at the end, answer directly.",
        },
        "servers": [{"url": base_url or "/"}],
        "paths": {
            API_PATH: {"put": _api_operation()},
            f"{HOOK_PATH}{{token}}": {
                method: _hook_operation(method) for method in ("put", "post")
            },
            **{path: {"get": _page(path, *about)} for path, about in _PAGES.items()},
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "key": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "x-api",
                    "description": "An API key.",
                }
            },
        },
    }


def _api_operation() -> dict[str, Any]:
    return {
        "operationId": "optIn",
        "summary": "Report a person who opted in",
        "description": "Answered with 200 only after the lead and its consent record are stored.",
        "security": [{"key": []}],
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "Names this request: a retry within 24 hours gets the first answer.",
                "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{0,255}$"},
                "example": "form-7-entry-1842",
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/OptInRequest"}}
            },
        },
        "responses": {
            "200": {
                "description": "The opt-in is stored",
                "headers": _REQUEST_ID,
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/OptedIn"}}
                },
            },
            **_refusals(API_CODES),
        },
    }


def _hook_operation(method: str) -> dict[str, Any]:
    return {
        "operationId": f"hook{method.capitalize()}",
        "summary": "The secret URL for forms and automation tools",
        "description": "Takes JSON, urlencoded and multipart forms and finds the person in them by "
        "the names of the fields. A first name, a last name and a phone are required. A duplicate "
        "is a success, with `duplicate` set. A browser that posts a form gets a page.",
        "parameters": [
            {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}
        ],
        "requestBody": {
            "required": True,
            "content": {media: {"schema": _HOOK_BODY} for media in _HOOK_MEDIA},
        },
        "responses": {
            "200": {
                "description": "The opt-in is stored, or was already",
                "headers": _REQUEST_ID,
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/HookOptedIn"}},
                    "text/html": {"schema": {"type": "string"}},
                },
            },
            "303": {
                "description": "The same, to a browser, where the operator set a redirect",
                "headers": _REQUEST_ID,
            },
            **_refusals(HOOK_CODES),
        },
    }


def _page(path: str, summary: str, media: str) -> dict[str, Any]:
    responses = _refusals(_PAGE_CODES)
    responses["200"] = {
        "description": summary,
        "headers": _REQUEST_ID,
        "content": {
            media: {"schema": {"type": "object" if media == "application/json" else "string"}}
        },
    }
    if path == "/readyz":
        responses["503"]["content"] = {"application/json": {"schema": {"type": "object"}}}
    return {
        "operationId": path.strip("/").replace(".", ""),
        "summary": summary,
        "responses": responses,
    }


def _refusals(names: tuple[str, ...]) -> dict[str, Any]:
    """The answers for error codes, gathered by status."""
    by_status: dict[int, list[str]] = {}
    for name in names:
        by_status.setdefault(CODES[name].status, []).append(name)
    made: dict[str, Any] = {}
    for status, codes in sorted(by_status.items()):
        headers: dict[str, Any] = dict(_REQUEST_ID)
        if any(CODES[code].retry_after is not None for code in codes):
            headers["Retry-After"] = {
                "description": "Seconds to wait.",
                "required": True,
                "schema": {"type": "integer"},
            }
        if status == 405:
            headers["Allow"] = {
                "description": "What is allowed.",
                "required": True,
                "schema": {"type": "string"},
            }
        made[str(status)] = {
            "description": "; ".join(
                f"`{code}`: {CODES[code].sentence.rstrip(': ')}" for code in codes
            ),
            "headers": headers,
            "content": {
                "application/json": {
                    "schema": {
                        "allOf": [
                            {"$ref": "#/components/schemas/Refusal"},
                            {"properties": {"error_code": {"enum": codes}}},
                        ]
                    }
                }
            },
        }
    return made
