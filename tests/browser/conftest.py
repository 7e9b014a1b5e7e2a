"""The whole service as a shop would run it, and Chromium in front of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
_START_SECONDS = 90.0
_STOP_SECONDS = 20.0
_PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


# not for the session: Playwright's event loop runs until it is closed, and bars all others
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with playwright.sync_playwright() as running:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = running.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shop_told(chromium: Browser) -> Iterator[dict[str, Any]]:
    """What `salient up` tells of the demo shop that it serves; it is stopped at the end."""
    assert chromium.is_connected()  # asked for first: without it nothing has to start
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="salient-page-") as state:
        # what the surroundings say of stores and keys is not for this shop
        kept = {name: value for name, value in os.environ.items() if name not in _STORES}
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "service", "up", "--port", str(port), "--state", state],
            env=kept,
            stdout=subprocess.DEVNULL,
        )
        try:
            demo_file = Path(state) / "demo.json"
            url = _wait(f"http://127.0.0.1:{port}", demo_file, process)
            yield {**json.loads(demo_file.read_text()), "url": url}
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_STOP_SECONDS)


@pytest.fixture(scope="module")
def shop_url(shop_told: dict[str, Any]) -> str:
    """Where the demo shop is served."""
    return str(shop_told["url"])


_STORES = {"DATABASE_URL", "REDIS_URL", "SALIENT_STATE", "SALIENT_BASE_URL", "SALIENT_SECRET"}


def _wait(url: str, demo_file: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "salient up ended by itself"
        try:
            ready = httpx.get(f"{url}/readyz", timeout=2.0).status_code == httpx.codes.OK
        except httpx.HTTPError:
            ready = False
        if ready and demo_file.exists():
            return url
        time.sleep(0.2)
    pytest.fail(f"the shop was not ready within {_START_SECONDS:.0f} s")


@pytest.fixture
def shopper(chromium: Browser, shop_url: str) -> Iterator[Page]:
    """A fresh browser, without scripts: the page must do without."""
    context = chromium.new_context(
        base_url=shop_url,
        java_script_enabled=False,
        user_agent=_PERSON,
        viewport={"width": 1280, "height": 900},
    )
    yield context.new_page()
    context.close()
