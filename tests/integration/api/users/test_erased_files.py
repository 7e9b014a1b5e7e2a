"""A shopper is erased: the id is in no file of the stores, nor in what training was given."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import psycopg
import pytest
from sqlalchemy import text

from service.store.embedded.stores import EmbeddedStores
from service.store.migrate import migrate
from service.worker.export import export_training_set
from service.worker.leftovers import Leftovers
from tests.integration.api.conftest import within
from tests.integration.api.users.shopper import AT, KNOWN, WHO, act, call, click
from tests.integration.api.users.test_erasure import erased, redis_traces, traces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis.asyncio import Redis

    from tests.integration.api.conftest import Service
    from tests.integration.api.users.shopper import Settled

SESSION = str(KNOWN["session"])


@pytest.fixture(scope="module")
def own_stores() -> Iterator[EmbeddedStores]:
    """Stores that write to the disk, as `salient up` starts them."""
    with tempfile.TemporaryDirectory(prefix="salient-") as folder:
        stores = EmbeddedStores(Path(folder) / ".salient", tied=True)
        with stores:
            migrate(stores.urls.database_url)
            yield stores


@pytest.fixture(scope="module")
def database_url(own_stores: EmbeddedStores) -> str:
    return own_stores.urls.database_url


@pytest.fixture(scope="module")
def redis_url(own_stores: EmbeddedStores) -> str:
    return own_stores.urls.redis_url


def files_with(needle: str, *folders: Path) -> list[str]:
    """The files that hold `needle`; Postgres's write-ahead log is overwritten in its own time."""
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    kept = [path for path in found if "pg_wal" not in path.parts]
    return [str(path) for path in kept if needle.encode() in _content(path)]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # Postgres keeps some for a moment only
        return b""


def strings_of(folder: Path) -> list[str]:
    """All texts of all columns of the parquet files in `folder`."""
    frames = [pl.read_parquet(path) for path in sorted(folder.glob("*.parquet"))]
    assert len(frames) >= 5
    return [repr(frame.to_dict(as_series=False)) for frame in frames]


def rewrite_all(database_url: str) -> None:
    """What docs/privacy.md tells those to do who cannot wait until pages are overwritten."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM FULL")
        connection.execute("CHECKPOINT")


async def tell_all(service: Service, settled: Settled) -> dict[str, Any]:
    """Do all that a shopper can do, in a shop with caps, holes in its budget and bad events."""
    async with service.engine.begin() as connection:
        await connection.execute(text("UPDATE campaigns SET cap_impressions = 1, cap_seconds = 9"))
    answer = await act(service, "a")
    await settled()
    ad = answer["ads"][0]
    hidden = f"/v1/ads/{ad['impression_id']}/hide?token={ad['click_url'].rpartition('/')[2]}"
    key = {"authorization": f"Bearer {service.shop.publishable}"}
    assert (await service.client.post(hidden, headers=key)).status_code == 204
    async with service.engine.begin() as connection:
        await connection.execute(text("UPDATE campaigns SET budget_micros = spent_micros"))
    assert (await click(service, answer["ads"][1])).status_code == 302  # goes unpaid
    order = {"order_id": f"order-of-{WHO}-b", "line": 1, "quantity": 2}
    bought = {"type": "conversion", "product_id": ad["product_id"], "value": 9, "user": KNOWN}
    returned = {"type": "return", "return_id": f"back-from-{WHO}", "quantity": 1}
    secret = {"authorization": f"Bearer {service.shop.secret}"}
    events = [order | bought, order | returned | {"quantity": 1}]
    told = await service.client.post("/v1/events", json={"events": events}, headers=secret)
    assert told.json()["accepted"] == 2, told.text
    await settled()
    return answer


async def test_no_file_and_no_export_holds_the_id_after_an_erasure(
    service: Service,
    store: Redis,
    settled: Settled,
    own_stores: EmbeddedStores,
    database_url: str,
    tmp_path: Path,
) -> None:
    salient = own_stores.postgres.folder.parent
    await tell_all(service, settled)
    unpaid = await service.rows_within(10, "SELECT impression_id FROM unpaid")
    assert len(unpaid) == 1
    both = "SELECT a.* FROM attributions a JOIN attributions b USING (order_key)"
    rows = await service.rows_within(30, f"{both} WHERE b.kind = 'return'")
    assert len(rows) == 2  # the sale and what was taken back
    assert WHO not in repr(rows)
    for needle in (WHO, SESSION):  # the search itself finds what is there
        assert traces(needle, database_url, tmp_path)
        rewrite_all(database_url)
        assert files_with(needle, salient)
    before = tmp_path / "before"
    await export_training_set(service.engine, before, store_id=service.shop.store.store_id)
    assert not [text for text in strings_of(before) if WHO in text or SESSION in text]

    await erased(service)
    await within(20, Leftovers(service.engine, store).clear)  # the worker is at it, too

    async def rewritten() -> bool:
        return not (await store.info("persistence"))["aof_rewrite_in_progress"]

    await within(20, rewritten)
    rewrite_all(database_url)
    for needle in (WHO, SESSION):
        assert traces(needle, database_url, tmp_path) == []
        assert await redis_traces(needle, store) == []
        assert files_with(needle, salient, tmp_path) == []
    after = tmp_path / "after"
    done = await export_training_set(service.engine, after, store_id=service.shop.store.store_id)
    assert (done.facets, done.clicks) == (0, 0)
    assert not [text for text in strings_of(after) if WHO in text or SESSION in text]
    spent = await service.rows("SELECT sum(price_micros) > 0, count(*) FROM charges")
    assert spent[0][0]  # what was paid stays
    assert (await call(service, "GET", f"/v1/users/{AT}")).json()["data"] == []
