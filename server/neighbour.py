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
    address = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    found = _asked(http.client.HTTPConnection(address, port, timeout=_SECONDS))
    if found is None or found.is_optdesk:
        return found
    # Whose certificate it shows does not matter: it is asked for its name and told nothing.
    unchecked = ssl.create_default_context()
    unchecked.check_hostname = False
    unchecked.verify_mode = ssl.CERT_NONE
    return _asked(http.client.HTTPSConnection(address, port, timeout=_SECONDS, context=unchecked))


def _asked(connection: http.client.HTTPConnection) -> Neighbour | None:
    secure = isinstance(connection, http.client.HTTPSConnection)
    try:
        connection.request("GET", "/healthz", headers=_LOCAL)
        said = json.loads(connection.getresponse().read(65536))
    except ConnectionRefusedError:
        return None
    except (OSError, http.client.HTTPException, ValueError):
        return Neighbour(False)
    finally:
        connection.close()
    if not isinstance(said, dict) or said.get("product") != "optdesk":
        return Neighbour(False)
    return Neighbour(True, str(said.get("version", "")), str(said.get("store", "")), secure)
