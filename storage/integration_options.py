"""What the integration keeps beside its columns, and which values it takes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from phonenumbers import SUPPORTED_REGIONS

from storage.errors import Refused

LONGEST_ADDRESS = 2_000
"""Characters of a redirect that every browser follows."""

_SEEN = re.compile(r"[!-~]+", re.ASCII)


def region_of(text: str) -> str:
    """A region as two capital letters.

    Raises:
        Refused: No numbering plan has it.
    """
    region = text.strip().upper()
    if region not in SUPPORTED_REGIONS:
        raise Refused(f"“{text}” is no region.", "Give two letters, such as US, GB or DE.")
    return region


def address_of(text: str) -> str:
    """The address of a web page that a browser may be sent to; empty for none.

    Raises:
        Refused: It is no absolute http or https address.
    """
    address = text.strip()
    if address and not _is_page(address):
        raise Refused(
            f"“{text}” is no address to send a browser to.",
            "Write it like https://www.example.com/thanks.",
        )
    return address


def _is_page(address: str) -> bool:
    if len(address) > LONGEST_ADDRESS or not _SEEN.fullmatch(address) or "\\" in address:
        return False
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def redirect_of(options: str) -> str:
    """The redirect in stored options."""
    return str(json.loads(options).get("redirect", ""))


def rules_of(options: str) -> dict[str, str]:
    """The mapping rules in stored options."""
    return dict(json.loads(options).get("rules", {}))


def written(options: str, *, redirect: str | None, rules: Mapping[str, str] | None) -> str:
    """Stored options with a redirect or rules changed; None leaves one as it is.

    Raises:
        Refused: The redirect is no address.
    """
    kept: dict[str, Any] = json.loads(options)
    if redirect is not None:
        kept["redirect"] = address_of(redirect)
    if rules is not None:
        kept["rules"] = dict(rules)
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
