"""The HTTP server's last moments: say that it goes, then go."""

from __future__ import annotations

import signal
from time import monotonic
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.supervisors import multiprocess

if TYPE_CHECKING:
    from types import FrameType

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
        state = self.lifespan.state["salient"]
        state.draining = True
        self._leaves_at = monotonic() + state.linger_seconds
        self.config.encoded_headers.append(_CLOSE)
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: is it time to leave?"""
        if self._leaves_at is not None and monotonic() >= self._leaves_at:
            self.should_exit = True
        return await super().on_tick(counter)


class _LingeringProcess(multiprocess.Process):
    """A serving process that leaves as `LingeringServer` does."""

    @property
    def server(self) -> uvicorn.Server:
        """The server, made in the process that runs it."""
        if self._server is None:
            self._server = LingeringServer(self.config)
        return self._server


class LingeringServers(multiprocess.Multiprocess):
    """Several serving processes on one address; all leave together on SIGTERM."""

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        # uvicorn has no other way to choose the class of its servers
        multiprocess.Process = _LingeringProcess  # type: ignore[misc]
        super().run()
