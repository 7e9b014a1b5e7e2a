"""Run Postgres for one state folder, as an ordinary user or, for root, as a lesser one.

Its working directory is its data directory and it is told so by `/proc/self/cwd`: a process may
use the folder it stands in even where it may not enter the folders above.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg

from service.errors import EmbeddedStoreError
from service.store.embedded import processes
from service.store.embedded.binaries import postgres_home, reachable_postgres_home

if TYPE_CHECKING:
    from pathlib import Path

USER = "salient"
DATABASE = "salient"
_PORT = 5432  # only a part of the socket's name
_START_SECONDS = 30.0
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_directories": ".",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "random_page_cost": "1.1",
    "io_method": "sync",
    "timezone": "UTC",
    "log_min_messages": "warning",
}
_FAST_STOP = (
    (signal.SIGINT, 10.0),  # "fast": ends sessions, writes a checkpoint
    (signal.SIGQUIT, 3.0),  # "immediate": recovers at the next start
    (signal.SIGKILL, 3.0),
)


@dataclass(frozen=True)
class Postgres:
    """The Postgres of one state folder. `socket_folder` is a path to it that a socket can bear."""

    folder: Path
    socket_folder: Path
    log: Path
    mark: str
    durable: bool = True
    encoding: str = "UTF8"

    def url(self, database: str = DATABASE) -> str:
        """Where clients find `database`."""
        return f"postgresql://{USER}@/{database}?host={quote(str(self.socket_folder))}"

    def alive(self) -> bool:
        """Whether it takes a connection now."""
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def start(self, *, tied: bool = False) -> None:
        """Make the cluster if there is none, clear what a kill left, start, and wait.

        `tied` ends it with this process, however that ends.
        """
        self._prepare()
        self._clear_remains()
        server = self._launch(tied=tied)
        self._wait(server)
        self._make_database()

    def stop(self) -> None:
        """End sessions, write a checkpoint, and be gone within seconds."""
        if not processes.end(self.mark, _FAST_STOP):
            raise EmbeddedStoreError(f"Postgres in {self.folder} does not end")

    def _prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        version = self.folder / "PG_VERSION"
        if not version.exists():
            self._initdb()
        major = _home().joinpath("bin/postgres")
        found = version.read_text().strip()
        ours = _major(major)
        if found != ours:
            raise EmbeddedStoreError(
                f"{self.folder} was written by Postgres {found}, the wheel holds {ours}: "
                "dump and reload it, or move it away"
            )

    def _initdb(self) -> None:
        for leftover in sorted(self.folder.rglob("*"), reverse=True):  # of an initdb cut short
            leftover.rmdir() if leftover.is_dir() else leftover.unlink()
        lesser = identity(self.folder)
        if lesser:
            os.chown(self.folder, lesser["user"], lesser["group"])
        program = [str(_home() / "bin/initdb"), "-D", data_argument(self.folder), "-U", USER]
        options = [
            "--auth=trust",
            f"--encoding={self.encoding}",
            "--locale=C",
            "--no-instructions",
        ]
        collation = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        sync = [] if self.durable else ["--no-sync"]
        made = subprocess.run(  # noqa: S603 - our own program and arguments
            [*program, *options, *collation, *sync],
            cwd=self.folder,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            **lesser,
        )
        if made.returncode:
            (self.folder / "PG_VERSION").unlink(missing_ok=True)
            raise EmbeddedStoreError(f"initdb failed in {self.folder}: {made.stderr[-2000:]}")

    def _clear_remains(self) -> None:
        # the mark stands in the title of every process of the cluster, so none can be missed
        processes.end(self.mark, _FAST_STOP[1:])
        for name in ("postmaster.pid", f".s.PGSQL.{_PORT}", f".s.PGSQL.{_PORT}.lock"):
            (self.folder / name).unlink(missing_ok=True)

    def _launch(self, *, tied: bool) -> subprocess.Popen[bytes]:
        settings = _SETTINGS | {"cluster_name": self.mark}
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [word for pair in settings.items() for word in ("-c", "=".join(pair))]
        return processes.launch(
            [str(_home() / "bin/postgres"), "-D", data_argument(self.folder), *options],
            self.folder,
            self.log,
            env=_environment(),
            preexec_fn=_die_fast if tied else None,
            **identity(self.folder),
        )

    def _wait(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self.alive():
            if server.poll() is not None or time.monotonic() > deadline:
                tail = self.log.read_text(errors="replace")[-2000:]
                raise EmbeddedStoreError(f"Postgres did not start, see {self.log}:\n{tail}")
            time.sleep(0.02)

    def _make_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, [DATABASE]).fetchone() is None:
                connection.execute(f'CREATE DATABASE "{DATABASE}"')


def data_argument(folder: Path) -> str:
    """How Postgres is told where its data is."""
    return "/proc/self/cwd" if sys.platform == "linux" else str(folder)


def _home() -> Path:
    return reachable_postgres_home() if os.geteuid() == 0 else postgres_home()


def _major(program: Path) -> str:
    said = subprocess.run([str(program), "-V"], capture_output=True, text=True, check=True)  # noqa: S603
    return said.stdout.split()[-1].split(".")[0]


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def identity(folder: Path) -> dict[str, Any]:
    """Popen's arguments that drop root: to the folder's owner, or else to nobody's account."""
    if os.geteuid() != 0:
        return {}
    owner = folder.stat()
    if owner.st_uid:
        return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    account = lesser_account()
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def lesser_account() -> pwd.struct_passwd:
    """The account that root runs Postgres as.

    Raises: EmbeddedStoreError.
    """
    # initdb wants an account with a name
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedStoreError("Postgres does not run as root, and there is no account 'nobody'")


def _die_fast() -> None:
    processes.die_with_parent(signal.SIGINT)
