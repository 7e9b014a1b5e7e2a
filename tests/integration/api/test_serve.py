"""The serving process itself: its start without stores, its workers, its end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from service.store.snapshots import point_to, write_snapshot
from tests.unit.api.shop import SHOE, snapshot_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ASK = {"query": "running shoe", "placement": "search_top"}
SERVE = "from service.main import serve; from service.settings import Settings; serve(Settings())"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder with one snapshot, as a run of before left it."""
    folder = write_snapshot(snapshot_of(SHOE, "a"), tmp_path / "snapshots" / SHOE)
    point_to(folder)
    return tmp_path


@asynccontextmanager
async def serving(
    state: Path, **environment: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    """A serving process without stores, once it is ready."""
    port = free_port()
    own = {"SALIENT_STATE": str(state), "SALIENT_MODELS": str(state), "PORT": str(port)}
    left = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, env=left | own | environment
    )
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"authorization": "Bearer sk_a"}
    ) as client:
        try:
            await _ready(client)
            yield process, client
        finally:
            if process.returncode is None:
                process.terminate()
                await asyncio.wait_for(process.wait(), 15)


async def _ready(client: httpx.AsyncClient) -> None:
    for _ in range(300):
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.05)
    pytest.fail("not ready within 15 s")


async def test_without_stores_the_last_snapshot_is_served_and_events_are_spooled(
    state: Path,
) -> None:
    async with serving(state) as (_, client):
        answer = await client.post("/v1/ads", json=ASK | {"user": {"id": "u", "consent": True}})
        assert [ad["ad_id"] for ad in answer.json()["ads"]] == ["ad_a1", "ad_a2"]
        assert "no_profile" in answer.json()["degraded"]
        assert "server" not in answer.headers
        told = {"events": [{"type": "search", "event_id": "e", "query": "q"}]}
        assert (await client.post("/v1/events", json=told)).status_code == 202
        click = await client.get(answer.json()["ads"][0]["click_url"])
        assert click.status_code == 302
    spooled = b"".join(path.read_bytes() for path in (state / "spool").glob("*.spool"))
    for kind in (b'"type":"search"', b'"type":"click"', b'"awards"'):
        assert spooled.count(kind) == 1


async def test_a_kill_right_after_the_redirect_loses_no_click(state: Path) -> None:
    async with serving(state) as (process, client):
        answer = await client.post("/v1/ads", json=ASK)
        url = answer.json()["ads"][0]["click_url"]
        assert (await client.get(url)).status_code == 302
        process.kill()
        await process.wait()
    spooled = b"".join(path.read_bytes() for path in (state / "spool").glob("*.spool"))
    assert spooled.count(b'"type":"click"') == 1


async def test_sigterm_says_that_it_goes_and_lets_requests_finish(state: Path) -> None:
    async with serving(state) as (process, client):
        answered = 0

        async def ask_on() -> None:
            """As behind a load balancer: no more requests once the server says that it goes."""
            nonlocal answered
            while True:
                response = await client.post("/v1/ads", json=ASK)
                assert response.status_code == 200
                answered += 1
                if response.headers.get("connection") == "close":
                    return

        shoppers = [asyncio.create_task(ask_on()) for _ in range(8)]
        await asyncio.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.2)
        leaving = await client.get("/readyz")
        assert (leaving.status_code, leaving.json()["status"]) == (503, "draining")
        await asyncio.gather(*shoppers)
        assert await asyncio.wait_for(process.wait(), 10) == 0
        assert answered > 8


async def test_workers_share_address_tokens_and_counters(state: Path) -> None:
    async with serving(state, SALIENT_WORKERS="2") as (_, client):
        for _ in range(20):
            answer = await client.post("/v1/ads", json=ASK, headers={"connection": "close"})
            url = answer.json()["ads"][0]["click_url"]
            assert (await client.head(url, headers={"connection": "close"})).status_code == 302
        text = (await client.get("/metrics")).text
        assert 'salient_requests_total{route="/v1/ads",status="200"} 20.0' in text
