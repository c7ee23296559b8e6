"""Who holds the port that we would like to have."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
from dataclasses import dataclass

_SECONDS = 1.0

_LOCAL = {"Connection": "close", "Host": "localhost"}
"""Whatever name we know it by: it tells programs on its own machine alone who it is."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A program that listens where we wanted to."""

    is_optdesk: bool
    version: str = ""
    store: str = ""
    """The fingerprint of its store."""
    secure: bool = False
    """Whether it speaks HTTPS."""

    def sentence(self, url: str, fingerprint: str) -> str:
        """Who it is, for people.

        Args:
            url: Where it listens.
            fingerprint: Of our own store.
        """
        if not self.is_optdesk:
            return f"Another program holds {url}."
        if self.store == fingerprint:
            return f"An Optdesk on this store already listens on {url}."
        return f"An Optdesk on another store holds {url}."


def why_not(error: OSError) -> str:
    """Why one cannot listen at an address, where nobody else holds it."""
    if isinstance(error, socket.gaierror):
        return error.strerror or "no such host"
    return os.strerror(error.errno) if error.errno else type(error).__name__


def ask(host: str, port: int) -> Neighbour | None:
    """Asks whoever listens there who it is. Blocks for a few seconds at most.

    Returns:
        The neighbour, or None where nobody listens.
    """
    address = _local(host)
    found = _asked(address, port, secure=False)
    return found if found is None or found.is_optdesk else _asked(address, port, secure=True)


def why_not_ready(host: str, port: int, *, secure: bool) -> tuple[str, str] | None:
    """Asks a listener of this product why it stores no lead. Blocks for a few seconds at most.

    Returns:
        Its sentence and the next step; None where it stores leads, or does not tell us.
    """
    try:
        said = _page(_local(host), port, "/readyz", secure=secure)
    except (OSError, http.client.HTTPException, ValueError):
        return None
    store = said.get("store") if isinstance(said, dict) else None
    if not isinstance(store, dict) or store.get("ok") is not False:
        return None
    return str(store.get("sentence", "")), str(store.get("next_step", ""))


def _asked(address: str, port: int, *, secure: bool) -> Neighbour | None:
    try:
        said = _page(address, port, "/healthz", secure=secure)
    except ConnectionRefusedError:
        return None
    except (OSError, http.client.HTTPException, ValueError):
        return Neighbour(False)
    if not isinstance(said, dict) or said.get("product") != "optdesk":
        return Neighbour(False)
    return Neighbour(True, str(said.get("version", "")), str(said.get("store", "")), secure)


def _local(host: str) -> str:
    """Where on this machine one asks a listener that is bound there."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)


def _page(address: str, port: int, path: str, *, secure: bool) -> object:
    """What stands on a page in JSON, whatever its status."""
    connection = http.client.HTTPConnection(address, port, timeout=_SECONDS)
    if secure:
        # Whose certificate it shows does not matter: it is asked about itself and told nothing.
        unchecked = ssl.create_default_context()
        unchecked.check_hostname = False
        unchecked.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(address, port, timeout=_SECONDS, context=unchecked)
    try:
        connection.request("GET", path, headers=_LOCAL)
        page: object = json.loads(connection.getresponse().read(65536))
        return page
    finally:
        connection.close()
