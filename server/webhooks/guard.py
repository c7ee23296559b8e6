"""Which addresses a webhook may be delivered to, judged at the moment of connecting."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_INSIDE = [
    ipaddress.ip_network(written)
    for written in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        # The old and the new spellings of IPv4 in IPv6, all of which may lead inside.
        "::/96",
        "::ffff:0:0/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/23",
        "2002::/16",
        # What is not the internet.
        "100::/64",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
]
"""Networks that nobody on the internet has, or whose addresses hide another one."""


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
        if any(_holds(network, found) for network in self._networks):
            return True
        return not any(_holds(network, found) for network in _INSIDE)

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


def _holds(network: Any, address: Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None)
    return any(one is not None and one in network for one in (address, mapped))


def _bare(host: str) -> str:
    return host.strip().rstrip(".").lower()
