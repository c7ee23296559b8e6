"""One request over real HTTP, as a sender would make it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from screens.backstage import Answer
from storage.senders import OWN_AGENT

TIMEOUT = 10.0
LONGEST = 65_536

_REFUSED = "The address cannot be reached: {}."


class _NoRedirects(HTTPRedirectHandler):
    """A door never redirects; senders count it as failure."""

    def redirect_request(self, *_: Any) -> None:
        """Go nowhere."""


# Straight to the listener, whatever proxy the environment names.
_opener = build_opener(_NoRedirects, ProxyHandler({}))


def send(url: str, body: Mapping[str, str]) -> Answer:
    """Posts a JSON body and waits for the answer.

    Args:
        url: Where to.
        body: What to send.

    Returns:
        The answer, also where there was none.
    """
    request = Request(  # noqa: S310 - the address is this desk's own
        url,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "User-Agent": OWN_AGENT},
        method="POST",
    )
    began = time.monotonic()
    try:
        with _opener.open(request, timeout=TIMEOUT) as answer:
            status, said = answer.status, answer.read(LONGEST)
    except HTTPError as error:
        with error:
            status, said = error.code, error.read(LONGEST)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        return Answer(0, _REFUSED.format(reason), time.monotonic() - began)
    return Answer(status, _sentence(said), time.monotonic() - began)


def _sentence(said: bytes) -> str:
    try:
        told = json.loads(said)
    except (ValueError, RecursionError):
        return "The answer is not Optdesk's."
    if not isinstance(told, dict):
        return "The answer is not Optdesk's."
    return str(told.get("message") or told.get("error") or "")
