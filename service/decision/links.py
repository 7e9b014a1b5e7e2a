"""Which links may stand behind an ad."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from unicodedata import normalize
from urllib.parse import SplitResult, urlsplit

LONGEST = 2048  # characters
# labels of letters and digits of any script; browsers take a last one of digits for an address
_NAME = re.compile(r"(?:\w(?:[\w-]*\w)?\.)*(?!\d+\.?$|0x[0-9a-f]*\.?$)\w(?:[\w-]*\w)?\.?")

_LITERAL = re.compile(r"\[[0-9A-Fa-f:.]+\](?::[0-9]+)?")


def resolve_link(link: str, site_url: str) -> str | None:
    """`link` as an absolute URL that a shopper may be sent to, or None.

    Allowed are https anywhere, http on loopback, and a path that begins with a single "/", which
    stands at the root of `site_url`. All else is refused: other schemes, "//host", backslashes,
    user information, spaces and control characters.
    """
    if not link.startswith("/"):
        return link if is_safe(link) else None
    root = _root(site_url)
    if root is None or link.startswith("//") or not _is_clean(link):
        return None
    return root + link


def is_safe(url: str) -> bool:
    """Whether a shopper may be sent to `url`: absolute https, or http on loopback."""
    if not _is_clean(url):
        return False
    try:
        parts = urlsplit(url)
        known = parts.port is None or parts.port > 0
    except ValueError:
        return False
    if not (known and parts.hostname) or "@" in parts.netloc or not url.startswith(parts.scheme):
        return False
    if not _is_host(parts.hostname) or not _is_bracketed_well(parts.netloc):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))


def _is_clean(url: str) -> bool:
    return len(url) <= LONGEST and url.isprintable() and "\\" not in url and " " not in url


@lru_cache(maxsize=256)
def _root(site_url: str) -> str | None:
    if not is_safe(site_url):
        return None
    parts: SplitResult = urlsplit(site_url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_host(host: str) -> bool:
    """Whether all who read `host` read the same: no escapes, no signs that become dots."""
    if _address(host) is not None:
        return True
    plain = host.isascii() or normalize("NFKC", host) == host
    return plain and _NAME.fullmatch(host) is not None


def _is_bracketed_well(netloc: str) -> bool:
    """Whether brackets, if any, hold the whole host: Python's versions differ on others."""
    return not {"[", "]"} & set(netloc) or _LITERAL.fullmatch(netloc) is not None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
