"""Where a webhook may lead: https, and never to an address inside."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from service.errors import BadInputError

LONGEST: Final = 2048
_INSIDE: Final = ("localhost", "local", "internal", "home.arpa", "localdomain")
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")  # NAT64: the last four bytes are IPv4
_IPV4_BITS: Final = 0xFFFFFFFF

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def check_url(url: str, *, private: bool) -> None:
    """Check what can be told of `url` before its name is resolved.

    `private` lets it be http, and lead inside.
    Raises: BadInputError.
    """
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or set(url) & set(" \\"):
        raise BadInputError(f"a webhook's URL is ASCII without spaces, at most {LONGEST} long")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise BadInputError(f"{url[:80]!r} is no URL: {error}") from error
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise BadInputError(f"a webhook's URL begins with https://; received {url[:80]!r}")
    if not host or "@" in parts.netloc or parts.fragment:
        raise BadInputError(f"a webhook's URL is https://host/path; received {url[:80]!r}")
    if not private and _is_inside(host):
        raise BadInputError(f"a webhook leads to a public address; {host!r} is none")


def is_public(address: Address) -> bool:
    """Whether anybody may be at `address`: not this host, nor a network of ours."""
    inner = _ipv4_inside(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _ipv4_inside(address: Address) -> Address | None:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & _IPV4_BITS)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def _is_inside(host: str) -> bool:
    name = host.rstrip(".").lower()
    try:
        return not is_public(ipaddress.ip_address(name))
    except ValueError:
        return "." not in name or name.endswith(tuple(f".{end}" for end in _INSIDE))
