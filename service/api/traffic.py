"""Which requests are no shopper's doing: they are served, kept with a reason, not charged."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from crawlerdetect import CrawlerDetect

if TYPE_CHECKING:
    from service.api.hot_route import Call

_LONGEST_AGENT = 512  # bytes looked at
_AHEAD = (b"prefetch", b"prerender", b"preview")
# Apps of real shoppers (okhttp, Dart) and shops' own servers speak through these. The name of a
# library alone says nothing of who uses it, so it is no crawler's.
_LIBRARY = re.compile(
    rb"(?:Python/\S+ )?(?:okhttp|Dart|axios|node-fetch|undici|Go-http-client|curl|Wget|aiohttp"
    rb"|Java|python-requests|python-httpx|Python-urllib|Apache-HttpClient)/\S+(?: \(dart:io\))?"
)
_detect = CrawlerDetect()


def invalid_reason(call: Call) -> str | None:
    """Why this request of a browser does not count: prefetch, bot, or None if it does."""
    purpose = call.header(b"sec-purpose") or call.header(b"purpose") or call.header(b"x-moz")
    if purpose is not None and any(word in purpose.lower() for word in _AHEAD):
        return "prefetch"
    agent = call.header(b"user-agent")
    return "bot" if agent is not None and _is_bot(agent[:_LONGEST_AGENT]) else None


@lru_cache(maxsize=4096)
def _is_bot(agent: bytes) -> bool:
    if _LIBRARY.fullmatch(agent) is not None:
        return False
    return bool(_detect.is_crawler(agent.decode("latin-1")))


def warm() -> None:
    """Compile the patterns, which takes 40 milliseconds, before the first request."""
    _is_bot(b"Mozilla/5.0 (X11; Linux x86_64)")
