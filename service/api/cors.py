"""Cross-origin calls of browsers: only from origins that a publishable key lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.api.keys import LiveStores

Headers = tuple[tuple[bytes, bytes], ...]

_VARY = (b"vary", b"origin")
_PREFLIGHT: Headers = (
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"authorization, content-type, traceparent"),
    (b"access-control-max-age", b"600"),
)


def headers_for(origin: bytes, live: LiveStores) -> Headers:
    """The headers that let a page of `origin` read the answer, if any key lists it.

    Which key may be used from which origin is checked by `auth`; a preflight carries no key.
    """
    if not live.lists_origin(origin.decode("latin-1")):
        return (_VARY,)
    return ((b"access-control-allow-origin", origin), _VARY)


def preflight_headers(origin: bytes | None, live: LiveStores) -> Headers:
    """The headers that answer an OPTIONS request from `origin`."""
    allowed = origin is not None and live.lists_origin(origin.decode("latin-1"))
    return _PREFLIGHT if allowed else ()
