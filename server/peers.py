"""Who is asking: the address of a connection, and what trusted proxies say of it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@lru_cache(maxsize=4096)
def read_address(text: str) -> Address | None:
    """An address from text such as `203.0.113.9`, `[2001:db8::1]:443` or `203.0.113.9:5000`.

    An IPv4 address that was mapped into IPv6 comes back as the IPv4 address it is.
    """
    written = text.strip()
    if written.startswith("["):
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


@lru_cache(maxsize=4096)
def block_of(peer: str) -> str:
    """What counts as one address for limits: an IPv4 address, or the /64 of an IPv6 one."""
    address = read_address(peer)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address) if address else peer


def is_loopback(peer: str) -> bool:
    """Whether a connection comes from this machine."""
    address = read_address(peer)
    return address is not None and address.is_loopback


_HOPS = frozenset(
    {
        "cf-connecting-ip",
        "cf-ray",
        "client-ip",
        "fastly-client-ip",
        "fly-client-ip",
        "forwarded",
        "true-client-ip",
        "via",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-envoy-external-address",
        "x-original-forwarded-for",
        "x-original-host",
        "x-proxyuser-ip",
        "x-real-ip",
    }
)


def came_through_another(names: Iterable[str]) -> bool:
    """Whether the names of a request's headers tell that a proxy or tunnel passed it on."""
    return any(
        name in _HOPS or name.startswith("x-forwarded") for name in (one.lower() for one in names)
    )


def names_this_machine(host: str, peer: str) -> bool:
    """Whether a `Host` header is what a program on this machine would call it.

    A tunnel passes on what strangers wrote there, and so does the browser of a person here whom
    a page from elsewhere has fooled.

    Args:
        host: With or without a port.
        peer: The address of this machine by which the request came.
    """
    written = host.strip().lower()
    if not written.startswith("[") and written.count(":") == 1:
        written = written.partition(":")[0]
    name = written.rstrip(".")
    if name == "localhost" or name.endswith(".localhost") or name in _own_names():
        return True
    address = read_address(host)
    return address is not None and (address.is_loopback or address == read_address(peer))


@cache
def _own_names() -> frozenset[str]:
    name = socket.gethostname().lower()
    return frozenset({name, name.partition(".")[0]} - {""})


class Proxies:
    """The proxies whose word about a sender's address counts.

    Args:
        networks: Addresses and networks, such as `10.0.0.0/8`.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks: list[Network] = [
            ipaddress.ip_network(written, strict=False) for written in networks
        ]

    def trusts(self, peer: str) -> bool:
        """Whether an address belongs to a trusted proxy."""
        address = read_address(peer) if self._networks else None
        return address is not None and any(address in network for network in self._networks)

    def sender(self, peer: str, forwarded: Sequence[str]) -> str:
        """The right-most address in the chain that is no trusted proxy.

        Args:
            peer: The other end of the connection.
            forwarded: The values of every `X-Forwarded-For`, in order.
        """
        if not self.trusts(peer):
            return peer
        nearest = peer
        for hop in reversed(",".join(forwarded).split(",")):
            address = read_address(hop)
            if address is None:
                # What stands left of a hop that cannot be read was not vouched for.
                break
            nearest = str(address)
            if not self.trusts(nearest):
                break
        return nearest
