"""Which addresses a webhook may be delivered to, judged at the moment of connecting."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Any

from storage.inside import INSIDE, holds


class Inside(OSError):
    """An address that webhooks must not be delivered to."""

    def __init__(self, address: str) -> None:
        super().__init__(errno.EACCES, f"{address} is an inside address and not allow-listed")


class Guard:
    """Decides about addresses and hosts.

    Args:
        allowed: Networks such as `10.0.0.0/8` and host names that may be reached though they
            are inside.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        self._networks = []
        self._hosts = set()
        for written in allowed:
            try:
                self._networks.append(ipaddress.ip_network(written, strict=False))
            except ValueError:
                self._hosts.add(_bare(written))

    def allows(self, address: str) -> bool:
        """Whether an address may be connected to."""
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return holds(self._networks, found) or not holds(INSIDE, found)

    def trusts(self, host: str) -> bool:
        """Whether a host may be reached by the name or address it is written with."""
        return _bare(host) in self._hosts or self.allows(host)

    def socket_factory(self, host: str) -> Callable[[Any], socket.socket]:
        """What makes the sockets for connections to a host.

        It is given the very address that is connected to next, so that no second answer of a
        name server can come in between.
        """
        trusted = _bare(host) in self._hosts

        def make(info: Any) -> socket.socket:
            family, kind, protocol, _, address = info
            if not trusted and not self.allows(str(address[0])):
                raise Inside(str(address[0]))
            made = socket.socket(family, kind, protocol)
            made.setblocking(False)
            return made

        return make


def _bare(host: str) -> str:
    return host.strip().rstrip(".").lower()
