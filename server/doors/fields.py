"""What is wrong with a body's fields, in the order in which senders are told."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from server.models import REQUIRED, OptInRequest
from server.peers import read_address
from server.request import kept
from storage.words import BADGE_BITS, Badge

_TOLD = ("ip_address", "user_agent", "first_name", "last_name", "source_url", "consent_text")
"""Fields that check 12 is about, in the documented order."""


def missing_fields(said: Mapping[str, Any]) -> tuple[str, ...]:
    """The required fields that are absent, null or blank, in the documented order."""
    return tuple(name for name in REQUIRED if is_blank(said.get(name)))


def is_blank(value: object) -> bool:
    """Whether a value says nothing."""
    return value is None or (isinstance(value, str) and not value.strip())


def first_bad_field(said: Mapping[str, Any], faults: Sequence[str]) -> str | None:
    """The field that check 12 refuses, or None.

    Args:
        said: The body.
        faults: The fields that are not of the documented shape.
    """
    for name in _TOLD:
        value = said.get(name)
        if name in faults or (name == "ip_address" and not is_address(str(value))):
            return name
    return None


def mended(said: Mapping[str, Any]) -> OptInRequest:
    """A body as far as it can be taken; for the test number that succeeds every time."""
    fields = {
        name: kept(value) if isinstance(value := said.get(name), str) else ""
        for name in OptInRequest.model_fields
    }
    return OptInRequest.model_construct(_fields_set=None, **fields)


def is_address(text: str) -> bool:
    """Whether a text is an IP address as the standards write it."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
        except (OSError, ValueError):
            continue
        return True
    return False


def badges_for(claimed_ip: str) -> int:
    """The badges that follow from the address a sender claims for a person."""
    # What an address begins with spares nearly all senders the cost of a real look.
    if claimed_ip.partition(".")[0] not in _LOCAL_STARTS and ":" not in claimed_ip:
        return 0
    address = read_address(claimed_ip)
    local = address is not None and any(
        address in network for network in _LOCAL if network.version == address.version
    )
    return BADGE_BITS[Badge.PRIVATE_IP] if local else 0


_LOCAL = [
    ipaddress.ip_network(written)
    for written in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::/127",
        "fc00::/7",
        "fe80::/10",
    )
]
"""Addresses that no person on the internet has."""

_LOCAL_STARTS = frozenset({"0", "10", "100", "127", "169", "172", "192"})
