"""A browser without scripts before the page, and a fake service behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import orjson
import pytest

from service.web import ad_choices, pages
from tests.unit.web.fake_service import KEY, SECRET, FakeService

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
def demo_file(tmp_path: Path) -> Path:
    file = tmp_path / "demo.json"
    told = {"publishable_key": KEY, "placement": "search_top", "queries": ["desk lamp"], "seed": 1}
    file.write_bytes(orjson.dumps(told))
    return file


@pytest.fixture
def secret_key(demo_file: Path) -> str:
    """The demo's secret key, once it stands in the file."""
    told = orjson.loads(demo_file.read_bytes()) | {"secret_key": SECRET}
    demo_file.write_bytes(orjson.dumps(told))
    return SECRET


@pytest.fixture
def no_demo_file(demo_file: Path) -> None:
    demo_file.unlink()


@pytest.fixture
def service(demo_file: Path, monkeypatch: pytest.MonkeyPatch) -> FakeService:
    for module in (pages, ad_choices):  # there is no worker to wait for
        monkeypatch.setattr(module, "_SETTLE_SECONDS", 0.0)
    return FakeService(demo_file)


@pytest.fixture
async def browser(service: FakeService) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client
