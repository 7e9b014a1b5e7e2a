"""`run_up` in this very process, so that what it does is seen from inside."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from service.commands import up
from service.commands.reach import embedded_stores, open_migrated, open_stores, store_urls
from service.commands.seed import seed_demo
from service.commands.up import AlreadyRunningError, NotReadyError, run_up
from service.settings import Settings
from service.store.embedded import processes
from tests.running_shop import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with pytest.MonkeyPatch.context() as patched:
        for name in ("DATABASE_URL", "REDIS_URL", "SALIENT_STATE", "PORT", "HOST"):
            patched.delenv(name, raising=False)
        yield Settings(state=tmp_path_factory.mktemp("up") / "state", port=free_port())


def _stop_when_ready(url: str) -> threading.Thread:
    """A thread that sends this process SIGTERM once the page is there."""

    def wait() -> None:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(url + "/readyz", timeout=2) as answer:  # noqa: S310 - ours
                    if answer.status == 200:
                        break
            except OSError:
                time.sleep(0.05)
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.parametrize("start", ["first", "second"])
def test_a_run_starts_and_ends_everything(settings: Settings, start: str) -> None:
    thread = _stop_when_ready(f"http://127.0.0.1:{settings.port}")
    said = io.StringIO()
    before = signal.getsignal(signal.SIGTERM)
    run_up(settings, Console(file=said, width=200))
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before
    assert "Salient is ready" in said.getvalue()
    assert ("Demo shop" in said.getvalue()) == (start == "first")
    assert said.getvalue().endswith("Stopped.\n")
    assert (settings.state / "personas.sent").exists()
    assert not processes.find(processes.mark_of(settings.state))


def test_only_one_runs_in_a_folder(settings: Settings) -> None:
    with up._alone(settings), pytest.raises(AlreadyRunningError, match="http://127"):
        run_up(settings, up.new_console())


def test_an_api_that_never_gets_ready_is_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(up, "_READY_SECONDS", 0.0)
    with pytest.raises(NotReadyError):
        run_up(settings, up.new_console())
    assert not processes.find(processes.mark_of(settings.state))


async def test_keys_that_were_deleted_are_made_anew(settings: Settings) -> None:
    file = settings.state / "demo.json"
    first = json.loads(file.read_text())
    with open_migrated(settings) as urls:
        assert not await seed_demo(urls.database_url, settings.state, first["url"])
        assert json.loads(file.read_text()) == first
        file.unlink()
        assert not await seed_demo(urls.database_url, settings.state, "http://127.0.0.1:1")
    second = json.loads(file.read_text())
    assert second["url"] == "http://127.0.0.1:1"
    assert second["secret_key"] != first["secret_key"]
    assert second["store_id"] == first["store_id"]


def test_stores_elsewhere_are_used_and_nothing_is_started(tmp_path: Path) -> None:
    both = Settings(
        state=tmp_path / "none", database_url="postgresql://x/y", redis_url="redis://x"
    )
    with open_stores(both) as urls:
        assert (urls.database_url, urls.redis_url) == ("postgresql://x/y", "redis://x")
    assert not Path(both.state).exists()


@pytest.mark.parametrize("ours", ["postgres", "valkey"])
def test_one_store_may_be_elsewhere(tmp_path: Path, ours: str) -> None:
    if ours == "postgres":
        settings = Settings(state=tmp_path / "s", redis_url="redis://x")
    else:
        settings = Settings(state=tmp_path / "s", database_url="postgresql://x")
    with open_stores(settings) as urls:
        assert (urls.redis_url == "redis://x") == (ours == "postgres")
        assert urls == store_urls(settings, embedded_stores(settings))
    assert {path.name for path in (tmp_path / "s").iterdir()} & {"postgres", "valkey"} == {ours}
