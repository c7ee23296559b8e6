"""What a body as a sender posts it is, and what must come of it.

Each shape stands with what must come of it: first name, last name and E.164. One with a `source`
has the names and the nesting that are shown there; the others are common practice that no public
document was found for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
ADA = ("Ada", "Byron", "+12025550146")


@dataclass(frozen=True)
class Shape:
    """One body."""

    name: str
    body: str
    media: str = JSON
    lead: tuple[str, str, str] = ADA
    sender: str = ""
    """Who is recognised by the shape alone."""
    region: str = "US"
    source: str = ""
    """Where the shape is documented."""


def js(name: str, body: Any, **more: Any) -> Shape:
    """A JSON shape."""
    return Shape(name, json.dumps(body), **more)


def form(name: str, fields: dict[str, str], **more: Any) -> Shape:
    """An urlencoded shape."""
    body = "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in fields.items())
    return Shape(name, body, FORM, **more)
