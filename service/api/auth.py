"""Who calls, and whether they may: a key in the header or in the query string."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from service.errors import ForbiddenError, UnauthenticatedError

if TYPE_CHECKING:
    from service.api.hot_route import Call
    from service.api.keys import Key, LiveStores, Scope

_BEARER = b"bearer "


def authorise(call: Call, live: LiveStores, *scopes: Scope) -> Key:
    """The caller's key.

    Raises: UnauthenticatedError without a key in use, ForbiddenError if it may do none of
    `scopes` or stands on a page of an origin that it does not list.
    """
    key = live.key(_key_text(call))
    if key is None:
        raise UnauthenticatedError("the key given is not in use")
    if not any(map(key.allows, scopes)):
        raise ForbiddenError(f"the key lacks the scope {' or '.join(scopes)}")
    origin = call.header(b"origin")
    if origin is not None and not key.secret and not _comes_from(call, origin, key):
        raise ForbiddenError("the key is not for pages of this origin")
    return key


def _key_text(call: Call) -> bytes:
    header = call.header(b"authorization")
    if header is not None:
        if header[:7].lower() != _BEARER:
            raise UnauthenticatedError("Authorization must be: Bearer, a space, the key")
        return header[7:].strip()
    for pair in call.scope["query_string"].split(b"&"):
        if pair.startswith(b"key="):
            return unquote_to_bytes(pair[4:])
    raise UnauthenticatedError("give a key: Authorization: Bearer ..., or ?key=...")


def _comes_from(call: Call, origin: bytes, key: Key) -> bool:
    """Whether the page is one that the key lists, or one of this service itself."""
    if "*" in key.origins or origin.decode("latin-1") in key.origins:
        return True
    return origin.partition(b"://")[2] == call.header(b"host")
