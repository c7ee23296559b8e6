"""Which addresses are nobody's on the internet, so that webhooks are not delivered there."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

INSIDE = [
    ipaddress.ip_network(written)
    for written in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        # Where every machine at Azure finds its host.
        "168.63.129.16/32",
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


def holds(networks: Iterable[Network], address: Address) -> bool:
    """Whether one of the networks holds an address, also where that hides an IPv4 address."""
    mapped = getattr(address, "ipv4_mapped", None)
    spellings = [one for one in (address, mapped) if one is not None]
    return any(one in network for network in networks for one in spellings)


def inside_host(url: str) -> str:
    """The host of a URL where it is certainly inside; empty where it is not, or is a name.

    Where a name leads is only known at the moment of connecting, and judged then.
    """
    try:
        host = (urlsplit(url.strip()).hostname or "").rstrip(".")
    except ValueError:
        return ""
    if host == "localhost" or host.endswith(".localhost"):
        return host
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    return host if holds(INSIDE, found) else ""


def warning(url: str) -> str:
    """What to know before events are sent to a URL; empty where there is nothing to say."""
    host = inside_host(url)
    if not host:
        return ""
    return (
        f"{host} is an inside address: nothing is delivered to it unless the listener's setting"
        f' webhook_allow names it, such as webhook_allow = ["{host}"].'
    )
