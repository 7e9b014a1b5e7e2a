"""Runs the services of docker-compose.yml without an engine: processes of an ordinary user.

An image's files lie in a folder that this user cannot write to; volumes are folders of its own;
`name:port` of other services becomes an address on 127.0.0.1; the environment is the image's and
the file's, and nothing else. In place of the image's packages stand those of this interpreter.
"""

from __future__ import annotations

import os
import pwd
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis import Redis, RedisError

from service.store.embedded.binaries import (
    everyone_may_enter,
    postgres_home,
    reachable_postgres_home,
    valkey_program,
)
from tests.integration.deployment import compose, image
from tests.running_shop import CHECKOUT, free_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = os.geteuid() == 0
_PORTS = ("5432", "6379", "8000", "9090", "9100")
_PACKAGES = "/opt/venv"


def out_of_reach() -> str:
    """Why an ordinary user cannot run what is here; empty where it can."""
    needed = (CHECKOUT, Path(sys.prefix), Path(sys.base_prefix), valkey_program().parent)
    if ROOT and not all(map(everyone_may_enter, needed)):
        return "another user cannot enter this checkout, or the interpreter's folder"
    return ""


@dataclass
class StandIn:
    """Services of one compose file, running below `folder`."""

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    services: dict[str, compose.Service] = field(init=False)
    stages: dict[str, image.Stage] = field(init=False)
    ports: dict[str, str] = field(init=False)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.chmod(0o755)
        self.services = compose.services(CHECKOUT / "docker-compose.yml", self.variables)
        self.stages = image.stages((CHECKOUT / "Dockerfile").read_text())
        self.ports = {port: str(free_port()) for port in _PORTS}
        for name in ("service", "training"):
            image.lay_out(self.stages[name], CHECKOUT, self.folder / "images" / name)

    def here(self, service: compose.Service, text: str) -> str:
        """`text` with the container's paths, ports and hosts as they are here."""
        places = {path: str(self.volume(name)) for path, name in service.mounts.items()}
        if service.target:
            places |= {"/app": str(self.folder / "images" / service.target / "app")}
            places |= {_PACKAGES: sys.prefix}
        for there, place in places.items():
            text = text.replace(there, place)
        hosts = "|".join(self.services)
        text = re.sub(rf"\b({hosts})(?=:\d)|0\.0\.0\.0", "127.0.0.1", text)
        return re.sub(rf"\b({'|'.join(_PORTS)})\b", lambda found: self.ports[found[0]], text)

    def volume(self, name: str) -> Path:
        """The folder that stands for a volume, owned by the ordinary user."""
        if name.startswith("./"):
            return CHECKOUT / name
        path = self.folder / "volumes" / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.mkdir(mode=0o700)
            if ROOT:
                os.chown(path, _account().pw_uid, _account().pw_gid)
        return path

    def environment(self, service: compose.Service) -> dict[str, str]:
        """What the service's processes are given."""
        given = self.stages[service.target].environment if service.target else {}
        path = f"{_PACKAGES}/bin:/usr/local/bin:/usr/bin:/bin"
        together: Mapping[str, str] = {**given, **service.environment, "PATH": path}
        return {key: self.here(service, value) for key, value in together.items()}

    def command(self, service: compose.Service) -> list[str]:
        """The command line of the service."""
        if service.name == "valkey":
            return [str(valkey_program()), *service.command[1:], "--port", self.ports["6379"]]
        words = service.command
        if service.target:
            stage = self.stages[service.target]
            words = (*stage.entrypoint, *(words or stage.command))
        return self.programs([self.here(service, word) for word in words])

    def programs(self, words: list[str]) -> list[str]:
        """`words` with the program of the packages, where they have it."""
        program = Path(sys.prefix) / "bin" / words[0]
        return [str(program) if program.exists() else words[0], *words[1:]]

    def run(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """`docker-compose run name words...`: to its end."""
        service = self.services[name]
        command = self.command(service)
        if words:
            entrypoint = self.stages[service.target].entrypoint
            command = self.programs([*entrypoint, *(self.here(service, word) for word in words)])
        how = self._as_user(service)
        return subprocess.run(command, **how, capture_output=True, text=True, check=False)  # noqa: S603 - ours

    def start(self, name: str) -> None:
        """`docker-compose up name`; its output goes to a file."""
        service = self.services[name]
        command = self._postgres(service) if name == "postgres" else self.command(service)
        how = self._as_user(service)
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(command, **how, stdout=log, stderr=log)  # noqa: S603 - ours

    def wait_until_healthy(self, name: str, seconds: float = 30.0) -> None:
        """Ask as the engine would, only oftener."""
        deadline = time.monotonic() + seconds
        while not self.healthy(name):
            log = (self.folder / f"{name}.log").read_text(errors="replace")
            assert self.running[name].poll() is None, f"{name} ended:\n{log}"
            assert time.monotonic() < deadline, f"{name} is not healthy:\n{log}"
            time.sleep(0.4)  # a check is a process, and takes time from what it waits for

    def healthy(self, name: str) -> bool:
        """What the service's healthcheck says now."""
        service = self.services[name]
        check = service.healthcheck or self.stages[service.target].healthcheck
        words = [self.here(service, word) for word in check if word != "CMD"]
        if words == ["valkey-cli", "ping"]:  # the wheel has the server only
            return _pings(int(self.ports["6379"]))
        if words[0] == "pg_isready":
            words = [str(postgres_home() / "bin" / words[0]), *words[1:]]
            words += ["--port", self.ports["5432"]]
        how = self._as_user(service)
        done = subprocess.run(self.programs(words), **how, capture_output=True, check=False)  # noqa: S603 - ours
        return done.returncode == 0

    def stop(self, name: str, seconds: float = 30.0) -> int:
        """`docker-compose stop name`; returns the exit status."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def stop_all(self) -> None:
        """Stop what still runs, the last first."""
        for name in reversed(list(self.running)):
            self.stop(name)

    def _as_user(self, service: compose.Service) -> dict[str, Any]:
        how: dict[str, Any] = {"env": self.environment(service), "stdin": subprocess.DEVNULL}
        if service.target:
            how["cwd"] = self.folder / "images" / service.target / "app"
        else:
            how["cwd"] = self.volume(service.name)
        if ROOT:
            account = _account()
            how |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        return how

    def _postgres(self, service: compose.Service) -> Sequence[str]:
        """As the image's entrypoint: an empty volume becomes a database with its user."""
        home = reachable_postgres_home() if ROOT else postgres_home()
        data = self.volume("postgres") / "data"
        password = self.volume("postgres") / "password"
        password.write_text(service.environment["POSTGRES_PASSWORD"])
        password.chmod(0o644)
        user = service.environment["POSTGRES_USER"]
        initdb = [str(home / "bin/initdb"), "-D", str(data), "-U", user, f"--pwfile={password}"]
        initdb += ["--encoding=UTF8", "--auth=scram-sha-256", "--no-sync"]
        how = self._as_user(service)
        subprocess.run(initdb, **how, capture_output=True, check=True)  # noqa: S603 - ours
        made = f'CREATE DATABASE "{service.environment["POSTGRES_DB"]}";\n'
        alone = [str(home / "bin/postgres"), "--single", "-D", str(data), "postgres"]
        how["stdin"] = None
        subprocess.run(alone, **how, input=made.encode(), capture_output=True, check=True)  # noqa: S603 - ours
        server = [str(home / "bin/postgres"), "-D", str(data), "-p", self.ports["5432"]]
        return [*server, "-c", "listen_addresses=127.0.0.1", "-k", str(data), "-F"]


def _account() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def _pings(port: int) -> bool:
    with Redis(port=port, socket_timeout=2) as client:
        try:
            return bool(client.ping())
        except RedisError:
            return False
