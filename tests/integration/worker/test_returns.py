"""Orders that come back, and orders of shoppers who were erased."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from service.store.attributions import claim_conversions
from service.store.consents import take_turns
from service.store.erasure import unname_events
from service.store.events import Event, add_decisions
from service.worker.attributing import (
    attribute_returns,
    attribute_sales,
    keep_attributing,
)
from service.worker.export import export_training_set
from tests.integration.worker.shop import NOW, column, eventually
from tests.integration.worker.till import DAY, ORDERED, Till

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from service.decision.terms import Store


async def test_half_an_order_that_comes_back_gives_half_the_money_back(till: Till) -> None:
    await till.record(till.clicked(1, **ORDERED), till.sold("o-1"), till.returned("o-1", "r-1"))
    await attribute_sales(till.engine)
    assert await attribute_returns(till.engine) == 1
    sale, back = await till.verdicts()
    assert (back["kind"], back["quantity"], back["value_micros"]) == ("return", -1, -10_000_000)
    assert back["impression_id"] == sale["impression_id"]
    assert await till.booked() == [("order", 900_001), ("refund", -450_000)]
    # told again, and then the rest, of which more is told than there is
    await till.record(till.returned("o-1", "r-1"), till.returned("o-1", "r-2", quantity=7))
    await attribute_returns(till.engine)
    assert (await till.booked())[2:] == [("refund", -450_001)]
    assert await till.spent() == 0
    assert sum(one["value_micros"] for one in await till.verdicts()) == 0


async def test_a_return_waits_for_the_verdict_on_its_order(till: Till) -> None:
    await till.record(till.returned("o-1", "r-1"), till.returned("never-sold", "r-1"))
    await till.execute("UPDATE events SET received_at = now() WHERE type = 'return'")
    assert await attribute_returns(till.engine) == 2
    assert await till.waiting() == 2
    await till.record(till.clicked(1), till.sold("o-1"))
    await attribute_sales(till.engine)
    await till.execute("UPDATE event_keys SET attribute_at = attribute_at - interval '1 hour'")
    await attribute_returns(till.engine)
    assert [one["kind"] for one in await till.verdicts()] == ["sale", "return"]
    await till.execute("UPDATE event_keys SET attribute_at = attribute_at - interval '1 hour'")
    await till.execute("UPDATE events SET received_at = now() - interval '2 hours'")
    await attribute_returns(till.engine)
    assert await till.waiting() == 0


async def test_an_order_is_known_after_its_shopper_is_erased(till: Till) -> None:
    own = till.sold("order-of-ann")
    await till.record(till.clicked(1, **ORDERED), own, till.sold("ann-again"))
    await attribute_sales(till.engine)
    async with till.engine.begin() as connection:
        await take_turns(connection, till.store.store_id, ["ann"])
        await unname_events(connection, till.store.store_id, "ann")
    await till.execute("UPDATE event_keys SET attribute_at = now() WHERE type = 'conversion'")
    await till.settled()
    kept = "SELECT payload FROM events WHERE store_id = :id AND type = 'click'"
    assert await column(till.engine, kept, id=till.store.store_id) == [ORDERED["payload"]]
    await attribute_sales(till.engine)  # looked at again, it is nobody's
    assert len(await till.verdicts()) == 2
    await till.record(till.returned("order-of-ann", "r-1", quantity=2))
    await attribute_returns(till.engine)
    assert (await till.booked())[-1] == ("refund", -900_001)
    for table in ("events", "event_keys", "attributions", "charges"):
        rows = await column(till.engine, f"SELECT CAST(t AS text) FROM {table} AS t")  # noqa: S608 - ours
        assert not [row for row in rows if "order-of-ann" in row or "ann-again" in row]


async def test_what_trains_is_what_was_attributed(till: Till, tmp_path: Path) -> None:
    await till.execute("UPDATE campaigns SET attribution_days = 30")
    first, then = (till.clicked(n, ts=NOW - 20 * DAY + n, user_id="7") for n in (1, 2))
    shown = [replace(one, received_at=one.ts) for one in (first, then)]
    pages = [page(till.store, one) for one in shown]
    order: dict[str, Any] = {"user_id": "7", "impression_id": shown[0].impression_id}
    sold = till.sold("o-1", **order, payload={"shown_at": shown[0].ts})
    await till.record(*[replace(one, type="impression") for one in shown], *shown, sold)
    async with till.engine.begin() as connection:
        await add_decisions(connection, pages)

    async def bought() -> list[int]:
        await export_training_set(till.engine, tmp_path, store_id=till.store.store_id)
        return pl.read_parquet(tmp_path / "clicks.parquet")["conversion"].to_list()

    assert await bought() == [0, 0]  # 20 days are too long without a verdict
    await attribute_sales(till.engine)
    assert await bought() == [1, 0]


def page(store: Store, shown: Event) -> dict[str, Any]:
    award = {"slot": 0, "impression_id": shown.impression_id, "product_id": "100001"}
    return {
        "store_id": store.store_id,
        "ts": shown.ts,
        "request_id": shown.request_id,
        "request": {"query": "lamp", "user_id": shown.user_id},
        "awards": [award],
    }


async def test_returns_that_a_worker_of_the_version_before_stored_are_found(till: Till) -> None:
    await till.record(till.clicked(1), till.sold("o-1"))
    await till.execute(
        "INSERT INTO events (store_id, ts, type, event_key, received_at, order_id, line, quantity,"
        " payload) VALUES (:id, now(), 'return', 'o-1/0/r-1', now(), 'o-1', '0', 1,"
        ' \'{"return_id": "r-1"}\')',
        id=till.store.store_id,
    )
    await till.settled()
    await attribute_sales(till.engine)
    await attribute_returns(till.engine)
    assert [one["kind"] for one in await till.verdicts()] == ["sale", "return"]


async def test_the_loop_goes_on_after_an_outage(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([True])
    there = claim_conversions

    async def at_first_not(connection: Any, *, most: int) -> Any:
        if next(failures, False):
            raise ConnectionError("gone")
        return await there(connection, most=most)

    monkeypatch.setattr("service.worker.attributing.claim_conversions", at_first_not)
    await till.record(till.clicked(1), till.sold("o-1"))
    stop = asyncio.Event()
    loop = asyncio.create_task(keep_attributing(till.engine, stop))
    await eventually(till.verdicts)
    stop.set()
    await loop
