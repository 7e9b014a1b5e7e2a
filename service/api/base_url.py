"""Where shoppers' browsers reach this service."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.api.hot_route import Call
    from service.api.state import State

_HOST = re.compile(rb"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


def base_url_of(call: Call, state: State) -> str:
    """The configured address, or the one that this request came to."""
    if state.base_url is not None:
        return state.base_url
    return _on_host(call.scope["scheme"], call.header(b"host") or b"")


@lru_cache(maxsize=256)
def _on_host(scheme: str, host: bytes) -> str:
    if _HOST.fullmatch(host) is None:
        host = b"localhost"  # never echo what is no host into a URL
    return f"{scheme}://{host.decode()}"
