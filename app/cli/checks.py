"""What `optdesk doctor` looks at, one function for each thing that can be in the way of a lead."""

from __future__ import annotations

import http.client
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from app.settings import Settings
from server import neighbour
from storage import attempts, engine, integration, keys, numbers
from storage.changes import ago
from storage.errors import OptdeskError
from storage.store import Store
from storage.times import now, stamp
from storage.words import NumberStatus

_PATIENCE = 3.0
"""Seconds that a listener may take to say who it is."""

_REFUSALS = timedelta(hours=24)

_REASONS = {
    "ALREADY_OPTED_IN": "the person had opted in before",
    "BLOCKED_NUMBER": "the number is on a Do Not Contact list",
    "IDEMPOTENCY_MISMATCH": "one idempotency key came with two bodies",
    "INTEGRATION_INACTIVE": "the Opt-In API was off",
    "INTEGRATION_NOT_FOUND": "there was no Opt-In API",
    "INVALID_FIELD": "a field held what it cannot hold",
    "INVALID_OPT_IN_NUMBER": "the messaging number is unknown or not approved",
    "INVALID_PHONE_FORMAT": "the phone was not in E.164 format",
    "MALFORMED_JSON": "the body was no JSON object",
    "MISSING_REQUIRED_FIELD": "a required field was missing",
    "PAYLOAD_TOO_LARGE": "the body was too large",
    "RATE_LIMITED": "too many requests came at once",
    "UNSUPPORTED_MEDIA_TYPE": "the body was not sent as JSON",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: str
    ok: bool | None
    """None for what is only worth knowing."""
    says: str
    """May hold untrusted text."""
    next_step: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Everything that can keep leads from arriving, the nearest cause first."""
    try:
        store = Store.open(settings.store, create=False, migrate=False)
    except OptdeskError as error:
        yield Finding("store", False, error.sentence, error.next_step)
        return
    try:
        yield Finding(
            "store",
            not store.read_only,
            f"{store.name} {'can only be read' if store.read_only else 'is open'}.",
            "Give this user the right to write to it." if store.read_only else "",
        )
        if store.path is not None:
            yield _files(store.path)
            yield _sqlite()
        yield from _setup(store)
        yield _listener(store, settings)
        if settings.public_base_url:
            yield _public(settings)
        yield from _arrivals(store)
        yield Finding(
            "gateway", None, "The gateway is simulated: texts are recorded and none is sent."
        )
    except OptdeskError as error:
        yield Finding("store", False, error.sentence, error.next_step)
    finally:
        store.close()


def _files(path: Path) -> Finding:
    """Whether others on this machine can read the store."""
    beside = [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]
    open_ones = [each for each in beside if each.exists() and _is_open_to_others(each)]
    if open_ones:
        listed = " ".join(str(each) for each in open_ones)
        return Finding("files", False, f"Others can read {listed}.", f"chmod 600 {listed}")
    if _is_open_to_others(path.parent):
        return Finding(
            "files", None, f"Others can look into {path.parent}.", f"chmod 700 {path.parent}"
        )
    return Finding("files", True, "Nobody else can read the store's files.")


def _is_open_to_others(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _sqlite() -> Finding:
    if engine.sqlite_is_sound():
        return Finding("sqlite", True, f"SQLite is {engine.sqlite_version()}.")
    return Finding(
        "sqlite",
        None,
        f"SQLite is {engine.sqlite_version()}, which can damage a store in rare cases.",
        "Install SQLite 3.51.3 or newer, or the Python package pysqlite3.",
    )


def _setup(store: Store) -> Iterator[Finding]:
    with store.read() as conn:
        found = integration.show(conn)
        known = numbers.listing(conn)
        live = [key for key in keys.listing(conn) if key.revoked_at is None]
    if found is None:
        yield Finding(
            "integration", False, "There is no Opt-In API.", "Add it: optdesk integration add"
        )
    elif not found.active:
        yield Finding(
            "integration",
            False,
            f"The Opt-In API is off, since {stamp(found.changed_at)}.",
            "Switch it on: optdesk integration on",
        )
    else:
        yield Finding("integration", True, "The Opt-In API is on.")
    approved = [number for number in known if number.status is NumberStatus.APPROVED]
    if approved:
        listed = ", ".join(f"{number.phone} ({number.id})" for number in approved)
        yield Finding("number", True, f"Approved to text from: {listed}.")
    else:
        step = f"optdesk numbers approve {known[0].id}" if known else "optdesk numbers add +1…"
        yield Finding("number", False, "No messaging number is approved.", f"Do: {step}")
    if live:
        used = max((key.last_used_at for key in live if key.last_used_at), default=None)
        last = f"last used {ago(used)}" if used else "none used yet"
        yield Finding("key", True, f"API keys that work: {len(live)}, {last}.")
    else:
        yield Finding("key", False, "No API key works.", "Make one: optdesk keys create NAME")


def _listener(store: Store, settings: Settings) -> Finding:
    """Whether our listener answers where senders on this machine look for it."""
    found = neighbour.ask(settings.host, settings.port)
    where = f"http://{settings.host}:{settings.port}"
    if found is None:
        return Finding(
            "listener",
            False,
            f"Nobody listens on {where}.",
            "Start the desk, or: optdesk serve",
        )
    fingerprint = store.fingerprint()
    if found.is_optdesk and found.store == fingerprint:
        return Finding("listener", True, f"The listener of this store answers at {where}.")
    return Finding(
        "listener",
        False,
        found.sentence(where, fingerprint),
        "Stop it, or choose another --port here and there.",
    )


def _public(settings: Settings) -> Finding:
    """Whether senders outside would reach a listener at all."""
    base = settings.public_base_url
    try:
        status = _status(base)
    except (OSError, http.client.HTTPException) as error:
        return Finding(
            "public address",
            False,
            f"{base} cannot be reached: {error}.",
            "Check the proxy and DNS.",
        )
    # The page itself is for this machine alone; the proxy is told so by 404.
    if status in (200, 401, 404):
        return Finding("public address", True, f"{base} answers.")
    return Finding(
        "public address", False, f"{base} answers with {status}.", "Check the proxy's log."
    )


def _status(base: str) -> int:
    """How an address answers when it is asked who it is."""
    parts = urlsplit(base)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_PATIENCE)
    try:
        connection.request("GET", f"{parts.path}/healthz")
        return connection.getresponse().status
    finally:
        connection.close()


def _arrivals(store: Store) -> Iterator[Finding]:
    with store.read() as conn:
        last = integration.last_arrival(conn)
        refused = attempts.refusals_since(conn, now() - _REFUSALS)
    told = f"The last lead came {ago(last)}." if last else "No lead has come in yet."
    yield Finding("last arrival", None, told)
    if not refused:
        yield Finding("refusals", None, "Nothing was refused in the last 24 hours.")
        return
    reasons = "; ".join(
        f"{n:,} because {_REASONS.get(code, code)}"
        for code, n in sorted(refused.items(), key=lambda each: -each[1])
    )
    yield Finding("refusals", None, f"Refused in the last 24 hours: {reasons}.")
