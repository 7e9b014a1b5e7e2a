"""Which links may stand behind an ad."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

LONGEST = 2048  # characters


def resolve_link(link: str, site_url: str) -> str | None:
    """`link` as an absolute URL that a shopper may be sent to, or None.

    Allowed are https anywhere, http on loopback, and a path that begins with a single "/", which
    stands on `site_url`. Everything else is refused: other schemes, "//host", backslashes, user
    information, spaces and control characters.
    """
    if link.startswith("/") and not link.startswith("//"):
        return urljoin(site_url, link) if is_safe(site_url) and is_safe(_join(site_url, link)) else None
    return link if is_safe(link) else None


def is_safe(url: str) -> bool:
    """Whether a shopper may be sent to `url`: absolute https, or http on loopback."""
    if len(url) > LONGEST or "\\" in url or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        return False
    if not parts.hostname or "@" in parts.netloc or not port_is_number:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts))


def _join(site_url: str, path: str) -> str:
    return urljoin(site_url, path)


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
