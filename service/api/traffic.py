"""Which requests are no shopper's doing: they are served, kept with a reason, not charged."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from crawlerdetect import CrawlerDetect

if TYPE_CHECKING:
    from service.api.hot_route import Call
    from service.api.tokens import AdToken

_LONGEST_AGENT = 512  # bytes looked at
_AHEAD = (b"prefetch", b"prerender", b"preview")
# Apps of real shoppers (okhttp, Dart) and shops' own servers speak through these. The name of a
# library alone says nothing of who uses it, so it is no crawler's.
_LIBRARY = re.compile(
    rb"(?:Python/\S+ )?(?:okhttp|Dart|axios|node-fetch|undici|Go-http-client|curl|Wget|aiohttp"
    rb"|Java|python-requests|python-httpx|Python-urllib|Apache-HttpClient)/\S+(?: \(dart:io\))?"
)
_detect = CrawlerDetect()

TOO_FAST_SECONDS = 0.5
"""Nobody reads a title and clicks it sooner after the decision, whose time the token has."""


class Verdict(NamedTuple):
    """Why an event of a browser does not count, if so; else who sent it, as far as it matters."""

    reason: str | None = None
    source: str | None = None  # a hash that stands for the sender, of valid clicks only


NO_VERDICT = Verdict()
"""Of what a server tells for its shoppers: it was not there."""


def verdict_on(kind: str, token: AdToken, call: Call, now: float) -> Verdict:
    """What a browser's request says of its impression, view or click.

    A click before its ad, by clocks that differ, is not too fast. Programs on this machine are
    its operator's own, and may be as fast as they like.
    """
    sources = call.held.sources
    address = sources.of(call)
    reason = invalid_reason(call)
    if reason is None and address is not None and sources.datacentres.holds(address.number):
        reason = "datacentre"
    if reason is not None or kind != "click":
        return Verdict(reason)
    is_own = address is None or address.is_loopback
    if 0 <= now - token.ts < TOO_FAST_SECONDS and not is_own:
        return Verdict("too_fast")
    return Verdict(None, sources.hashed(address, call, now))


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
