from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from polars.testing import assert_frame_equal

from service.contract.prices import price_of
from service.decision.terms import Micros, Product
from service.demo.log import write_log
from service.store.catalogue import put_products, put_store
from service.store.events import add_decisions, add_events
from service.store.feeds.past_events import past_batches, read_log
from service.worker.export import export_training_set
from tests.integration.worker.shop import a_store

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine


def in_order(frame: pl.DataFrame, *without: str) -> pl.DataFrame:
    return frame.drop(without).sort(pl.all().exclude("sp_shown"), maintain_order=True)


async def test_a_log_that_was_imported_is_exported_as_it_was(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    write_log("base", 1, tmp_path, sessions=120)
    store = a_store()
    items = pl.read_parquet(tmp_path / "items.parquet")
    goods = [
        Product(str(uid), title, f"/p/{uid}", Micros(price_of(z)), highlights=tuple(points))
        for uid, title, points, z in items.rows()
    ]
    async with engine.begin() as connection:
        await put_store(connection, store)
        await put_products(connection, store.store_id, goods)
        for name in ("facets", "clicks"):
            log = read_log(tmp_path / f"{name}.parquet")
            assert log.errors == []
            for batch in past_batches(log, store.store_id):
                await add_decisions(connection, batch.decisions)
                await add_events(connection, batch.events)
    exported = await export_training_set(engine, tmp_path / "out", store_id=store.store_id)
    assert sum(exported.left_out.values()) == 0
    # pages are numbered anew
    for name, page in (("facets", "session_id"), ("clicks", "request_id")):
        was = pl.read_parquet(tmp_path / f"{name}.parquet")
        now = pl.read_parquet(tmp_path / "out" / f"{name}.parquet")
        assert now.schema == was.schema
        assert now[page].n_unique() == was[page].n_unique()
        assert_frame_equal(in_order(now, page), in_order(was, page))
