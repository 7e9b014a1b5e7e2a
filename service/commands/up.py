"""Everything at once: stores, tables, demo shop, API and worker, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from rich.console import Console

from service.commands.reach import (
    bring_up_to_date,
    embedded_stores,
    module_command,
    store_urls,
    tables_are_current,
)
from service.errors import AdServiceError, EmbeddedStoreError
from service.store.embedded.children import Child, end_all, tend_all
from service.store.embedded.locks import FileLock
from service.store.embedded.processes import catches, die_with_parent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from service.settings import Settings
    from service.store.embedded.stores import EmbeddedStores, StoreUrls

FILE = "demo.json"
_READY_SECONDS = 120.0
_LOOK_SECONDS = 0.05
_LOOK_AT_STORES_SECONDS = 2.0


class _StopError(BaseException):
    """SIGTERM or SIGINT came."""


class AlreadyRunningError(AdServiceError):
    """Another `salient up` serves this state folder."""


class NotReadyError(AdServiceError):
    """The API did not become ready."""


def run_up(settings: Settings, console: Console, *, tied: bool = False) -> None:
    """Start all and look after it; returns when SIGINT or SIGTERM came and all has ended.

    `tied` stops everything when the parent process ends, or begins to.
    Raises: AlreadyRunningError, EmbeddedStoreError, NotReadyError.
    """
    if tied:
        die_with_parent()
    settings.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.state.chmod(0o700)
    with contextlib.suppress(_StopError), _signals(), _alone(settings):
        parent = os.getppid()
        _run(settings, console, parent if tied and catches(parent, signal.SIGINT) else None)
    console.print("Stopped.")


def _run(settings: Settings, console: Console, parent: int | None) -> None:
    started_at = time.monotonic()
    url = f"http://{_reachable(settings.host)}:{settings.port}"
    stores = embedded_stores(settings)
    urls = store_urls(settings, stores)
    children = _children(settings, urls)
    try:
        early = tables_are_current(settings) and _told(settings.state).get("url") == url
        if early:  # all is in place, so they may load while the stores start
            _start(children)
        if stores is not None:
            stores.start()
        if not early:
            _prepare(settings, urls, url, console)
            _start(children)
        _wait_until_ready(url, children, console)
        _send_past_events(settings.state, url)
        took_seconds = time.monotonic() - started_at
        console.print(f"[bold]Salient is ready: {url}[/bold]  (in {took_seconds:.1f} s)")
        console.print(f"API reference: {url}/docs   keys: {settings.state / FILE}   Ctrl-C stops.")
        revive_at = time.monotonic()
        while not (_ending() or _parent_gives_up(parent)):
            tend_all(children, console.print)
            if stores is not None and time.monotonic() > revive_at:
                _revive(stores, console)
                revive_at = time.monotonic() + _LOOK_AT_STORES_SECONDS
            time.sleep(_LOOK_SECONDS)
    finally:
        _ignore_signals()
        for name in end_all(children):
            console.print(f"{name} did not end in time and was killed")
        if stores is not None:
            stores.stop()


def _revive(stores: EmbeddedStores, console: Console) -> None:
    try:
        for name in stores.revive():
            console.print(f"{name} had ended and is started again")
    except EmbeddedStoreError as error:
        console.print(f"{error}\nnext try in {_LOOK_AT_STORES_SECONDS:g} s")


def _parent_gives_up(parent: int | None) -> bool:
    """Whether `make` got SIGINT alone: it drops its handler, tells nobody, and waits for us."""
    return parent is not None and not catches(parent, signal.SIGINT)


def _start(children: list[Child]) -> None:
    for child in children:
        child.start()


def _prepare(settings: Settings, urls: StoreUrls, url: str, console: Console) -> None:
    """Tables and demo shop, on the first start and after an update."""
    from service.commands.seed import seed_demo

    bring_up_to_date(settings, urls)
    asyncio.run(seed_demo(urls.database_url, settings.state, url, say=console.print))


def _children(settings: Settings, urls: StoreUrls) -> list[Child]:
    environment = {
        "DATABASE_URL": urls.database_url,
        "REDIS_URL": urls.redis_url,
        "SALIENT_STATE": str(settings.state.resolve()),
        "SALIENT_MODELS": str(settings.models.resolve()),
        "HOST": settings.host,
        "PORT": str(settings.port),
    }
    logs = settings.state / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    return [
        Child("The API", module_command("serve"), logs / "api.log", environment),
        Child("The worker", module_command("worker"), logs / "worker.log", environment),
    ]


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the state folder's lock, and see that the port is free."""
    lock = FileLock(settings.state / "up.lock")
    if not lock.acquire(wait=False):
        raise AlreadyRunningError(f"salient runs already in {settings.state}{_where(settings)}")
    try:
        _require_free_port(settings)
        yield
    finally:
        lock.release()


def _where(settings: Settings) -> str:
    url = _told(settings.state).get("url")
    return f": {url}" if url else ""


def _told(state: Path) -> dict[str, Any]:
    """What demo.json says; nothing where there is none."""
    try:
        told: dict[str, Any] = json.loads((state / FILE).read_text())
    except (OSError, ValueError):
        return {}
    return told


def _require_free_port(settings: Settings, patience_seconds: float = 3.0) -> None:
    # servers that a killed run left end at once, but not at the same instant
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            with socket.create_server((settings.host, settings.port), reuse_port=False):
                return
        except OSError as error:
            if time.monotonic() > deadline:
                raise AlreadyRunningError(
                    f"port {settings.port} on {settings.host} cannot be used ({error.strerror});"
                    " choose another by PORT= or --port"
                ) from error
        time.sleep(0.1)


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared only


def _wait_until_ready(url: str, children: list[Child], console: Console) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not _answers(f"{url}/readyz"):
        if _ending():
            raise _StopError
        tend_all(children, console.print)
        if time.monotonic() > deadline:
            raise NotReadyError(f"the API is not ready:\n{children[0].tail()}")
        time.sleep(_LOOK_SECONDS)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)  # noqa: PLR2004 - OK
    except (OSError, urllib.error.URLError):
        return False


def _send_past_events(state: Path, url: str) -> None:
    """Tell the API what the personas did before, once a shop."""
    told, sent = _told(state), state / "personas.sent"
    if not told or sent.exists():
        return
    from service.demo.personas import past_events

    body = json.dumps({"events": list(past_events(time.time()))}).encode()
    headers = {
        "Authorization": f"Bearer {told['secret_key']}",
        "Content-Type": "application/json",
    }
    request = urllib.request.Request(f"{url}/v1/events", body, headers)  # noqa: S310 - our own address
    with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=5):  # noqa: S310
        sent.touch()


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into _StopError; under `nohup` SIGHUP stays ignored."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, _stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    _ignore_signals()
    raise _StopError(number, frame)


def _ending() -> bool:
    """Whether a signal came: its exception is lost where it strikes inside a destructor."""
    return signal.getsignal(signal.SIGTERM) == signal.SIG_IGN


def _ignore_signals() -> None:
    """The end has begun; further signals do not cut it short."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def new_console() -> Console:
    """A console that also fits into a log file."""
    return Console(highlight=False, soft_wrap=True)
