"""Whether a sender would reach the listener, found out by really asking."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from server import neighbour
from storage.checklist import Item, Remedy, State

_PATIENCE = 3.0
"""Seconds that an address may take to answer."""

_MOST_READ = 65_536


def listener(host: str, port: int, fingerprint: str) -> Item:
    """Whether the listener of a store answers where senders on this machine look for it.

    Blocks for a few seconds at most.

    Args:
        host: Where it is bound.
        port: Its port.
        fingerprint: What tells the store from every other.
    """
    found = neighbour.ask(host, port)
    scheme = "https" if found is not None and found.secure else "http"
    where = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    if found is None:
        step = f"Start the desk, or: {Remedy.START_LISTENER}"
        return Item(
            "listener", State.BAD, f"Nobody listens on {where}.", step, Remedy.START_LISTENER
        )
    if found.is_optdesk and found.store == fingerprint:
        trouble = neighbour.why_not_ready(host, port, secure=found.secure)
        if trouble is not None:
            said = f"The listener of this store at {where} takes no leads: {trouble[0]}"
            return Item("listener", State.BAD, said, trouble[1])
        return Item("listener", State.OK, f"The listener of this store answers at {where}.")
    return Item(
        "listener",
        State.BAD,
        found.sentence(where, fingerprint),
        "Stop it, or choose another --port here and there.",
    )


def public(base: str) -> Item:
    """Whether senders outside would reach a listener at all. Blocks for a few seconds at most.

    Args:
        base: The address that senders are given.
    """
    try:
        status, ours, target = _asked(base)
    except (OSError, http.client.HTTPException, ValueError) as error:
        # Without the number that Python puts before what the system says.
        why = getattr(error, "strerror", None) or error
        return _bad(f"{base} cannot be reached: {why}.", "Check the proxy and DNS.")
    if target:
        return _bad(
            f"{base} sends callers on to {target}, which many senders count as a failure.",
            "Set public_base_url to the address that answers itself.",
        )
    if status >= 500:
        return _bad(
            f"{base} answers with {status}.", "Check the proxy's log, and that it passes on here."
        )
    if not ours:
        return _bad(
            f"{base} answers with {status}, but not as an Optdesk does.",
            "See that the proxy passes every path on to the listener.",
        )
    return Item("public address", State.OK, f"{base} answers.")


def _bad(sentence: str, step: str) -> Item:
    return Item("public address", State.BAD, sentence, step)


def _asked(base: str) -> tuple[int, bool, str]:
    """How an address answers: the status, whether as an Optdesk does, and where it sends one."""
    parts = urlsplit(base)
    secure = parts.scheme == "https"
    kind: Any = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_PATIENCE)
    try:
        connection.request("GET", f"{parts.path}/healthz", headers={"Connection": "close"})
        answer = connection.getresponse()
        said = answer.read(_MOST_READ)
        # Who may not see the page hears 404 or 401, with the number of the request.
        ours = answer.getheader("X-Request-Id", "").startswith("req_") or _is_health(said)
        target = answer.getheader("Location", "") if 300 <= answer.status < 400 else ""
        return answer.status, ours, target
    finally:
        connection.close()


def _is_health(said: bytes) -> bool:
    try:
        page = json.loads(said)
    except ValueError:
        return False
    return isinstance(page, dict) and page.get("product") == "optdesk"
