"""Which links may stand behind an ad."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

LONGEST = 2048  # characters


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
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))


def _is_clean(url: str) -> bool:
    return len(url) <= LONGEST and url.isprintable() and "\\" not in url and " " not in url


@lru_cache(maxsize=256)
def _root(site_url: str) -> str | None:
    if not is_safe(site_url):
        return None
    parts: SplitResult = urlsplit(site_url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
