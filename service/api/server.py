"""The HTTP server's last half second: say that it goes, then go."""

from __future__ import annotations

import signal
from time import monotonic
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from types import FrameType

LINGER_SECONDS = 0.5
_CLOSE = (b"connection", b"close")


class LingeringServer(uvicorn.Server):
    """On SIGTERM goes on serving for a moment, not ready any more and closing connections.

    A load balancer sees it go and sends new requests elsewhere; a listening socket that is closed
    at once resets the connections that wait in it. SIGINT, or a second SIGTERM, ends it at once.
    """

    _leaves_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to leave, or leave."""
        if sig != signal.SIGTERM or not self.started or self._leaves_at is not None:
            super().handle_exit(sig, frame)
            return
        self._leaves_at = monotonic() + LINGER_SECONDS
        self.lifespan.state["salient"].draining = True
        self.config.encoded_headers.append(_CLOSE)
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: is it time to leave?"""
        if self._leaves_at is not None and monotonic() >= self._leaves_at:
            self.should_exit = True
        return await super().on_tick(counter)
