"""Row 23: a server that is started while neither store can be reached."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

from service.store.embedded.stores import EmbeddedStores
from service.store.stream import STREAM
from tests.faults.steady import Visitors, failures, is_personal, serving
from tests.running_shop import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from service.store.embedded.valkey import Valkey

READY_SECONDS = 10.0


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A Valkey that does not run yet."""
    with tempfile.TemporaryDirectory(prefix="salient-") as folder:
        stores = EmbeddedStores(Path(folder), only="valkey", tied=True)
        try:
            yield stores.valkey
        finally:
            stores.valkey.stop()


@contextmanager
def nobody() -> Iterator[int]:
    """A port where connections are refused."""
    yield free_port()


@contextmanager
def silence() -> Iterator[int]:
    """A port where connections are taken, and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def patience_seconds(tmp_path: Path) -> float:
    """Ten seconds, or on a busy machine twice what a server takes that knows of no stores."""
    began = time.monotonic()
    with serving(tmp_path / "storeless"):
        return max(READY_SECONDS, 2 * (time.monotonic() - began))


@pytest.mark.parametrize("away", [nobody, silence])
async def test_it_serves_the_last_snapshot_within_ten_seconds(
    away: Callable[[], AbstractContextManager[int]], tmp_path: Path, patience_seconds: float
) -> None:
    with away() as port:
        stores = {
            "REDIS_URL": f"redis://127.0.0.1:{port}/0",
            "DATABASE_URL": f"postgresql://salient@127.0.0.1:{port}/salient",
        }
        with serving(tmp_path, stores, ready_seconds=patience_seconds) as url:
            visitors = Visitors(url)
            async with visitors.coming():
                seen = await visitors.watch(2)
    assert len(seen) > visitors.rate
    assert failures(seen) == []
    assert visitors.refused == []
    assert {one.degraded for one in seen} == {("no_profile", "linear_rank", "plain_titles")}


async def test_what_it_kept_reaches_the_stores_when_they_come(
    valkey: Valkey, tmp_path: Path, patience_seconds: float
) -> None:
    with serving(tmp_path, {"REDIS_URL": valkey.url()}, ready_seconds=patience_seconds) as url:
        visitors = Visitors(url)
        async with visitors.coming():
            alone = await visitors.watch(1)
            valkey.start(tied=True)
            await visitors.personal_within(5)
        await asyncio.sleep(2)  # segments are sent every second
    assert not any(map(is_personal, alone))
    told = [one for one in alone if one.ads]
    with redis.Redis.from_url(valkey.url()) as client:
        entries = client.xrange(STREAM)
    clicks = [fields for _, fields in entries if b'"type":"click"' in fields[b"b"]]
    assert len(clicks) >= len(told) // 5 > 0


@pytest.mark.slow
async def test_mutant_that_waits_for_its_stores_is_caught(
    tmp_path: Path, patience_seconds: float
) -> None:
    with nobody() as port:
        stores = {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}
        late = serving(tmp_path, stores, defect="wait_for_stores", ready_seconds=patience_seconds)
        with pytest.raises(AssertionError, match="not ready"), late:
            pytest.fail("it served")
