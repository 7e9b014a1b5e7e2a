"""Start both stores for a state folder, share them between commands, stop them with the last."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from service.errors import EmbeddedStoreError
from service.store.embedded.locks import FileLock, exclusive
from service.store.embedded.postgres import Postgres
from service.store.embedded.processes import find, mark_of
from service.store.embedded.valkey import Valkey

if TYPE_CHECKING:
    from types import TracebackType

_SOCKET_LIMIT_BYTES = 107
_LONGEST_SOCKET = "postgres/.s.PGSQL.5432.lock"
_LOG_LIMIT_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class StoreUrls:
    """Where the two stores are found."""

    database_url: str
    redis_url: str


class EmbeddedStores:
    """Postgres and Valkey of one state folder, for as long as any command uses them.

    Each user holds a shared lock; whoever lets go last stops the servers. Servers that outlived a
    killed user are used again. `only` names one server where the other is elsewhere.
    """

    def __init__(
        self, state: Path, *, only: str | None = None, tied: bool = False, durable: bool = True
    ) -> None:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._state = state = state.resolve()
        self._tied = tied
        mark, short = mark_of(state), _short_path(state)
        logs = state / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        self.postgres = Postgres(
            state / "postgres", short / "postgres", logs / "postgres.log", f"{mark}-pg", durable
        )
        self.valkey = Valkey(state / "valkey", short / "valkey", logs / "valkey.log", f"{mark}-vk")
        self._servers: list[Postgres | Valkey] = [
            server
            for name, server in (("postgres", self.postgres), ("valkey", self.valkey))
            if only in {None, name}
        ]
        # a lock each: a command that needs one server must not stop it for a run that has both
        self._users = {
            server.mark: FileLock(state / f"{server.folder.name}.users")
            for server in self._servers
        }

    @property
    def urls(self) -> StoreUrls:
        """The addresses, whether the stores run or not."""
        return StoreUrls(self.postgres.url(), self.valkey.url())

    def start(self) -> StoreUrls:
        """Start what does not run yet; returns when both answer."""
        with exclusive(self._state / "stores.lock"):
            for server in self._servers:
                self._users[server.mark].acquire(shared=True)
                if not server.alive():
                    _shorten(server.log)
                    server.start(tied=self._tied)
        return self.urls

    def revive(self) -> list[str]:
        """Start again what has ended; returns the names of those. One that hangs is left alone.

        Raises: EmbeddedStoreError.
        """
        gone = [server for server in self._servers if not find(server.mark)]
        if gone:
            with exclusive(self._state / "stores.lock"):
                for server in gone:
                    server.start(tied=self._tied)
        return [type(server).__name__ for server in gone]

    def stop(self) -> bool:
        """Let go, and stop each that nobody else uses; returns whether all were stopped."""
        with exclusive(self._state / "stores.lock"):
            stopped = [self._leave(server) for server in reversed(self._servers)]
        return all(stopped)

    def _leave(self, server: Postgres | Valkey) -> bool:
        users = self._users[server.mark]
        try:
            alone = users.acquire(wait=False)
            if alone:
                server.stop()
        finally:
            users.release()
        return alone

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _shorten(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.write_bytes(log.read_bytes()[-_LOG_LIMIT_BYTES // 10 :])


def _short_path(state: Path) -> Path:
    """`state`, or a link to it where its sockets' names would exceed the kernel's limit.

    Also where it holds a comma: to libpq that is a list of hosts.
    """
    if len(os.fsencode(state / _LONGEST_SOCKET)) <= _SOCKET_LIMIT_BYTES and "," not in str(state):
        return state
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    link = folder / f"{mark_of(state)}-{os.geteuid()}"
    try:
        link.symlink_to(state)
    except FileExistsError:
        if link.lstat().st_uid != os.geteuid() or link.resolve() != state:
            raise EmbeddedStoreError(f"{link} is in the way; remove it") from None
    return link
