"""What ads were shown and clicked is counted once, when no more can come."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from service.store.events import add_decisions, add_events, moment
from service.store.quality import take_count
from service.worker.quality import SETTLED, _count_an_hour, count_all, keep_quality
from tests.integration.worker.shop import (
    NOW,
    ad_id,
    click,
    decision,
    eventually,
    open_shop,
    products,
)

if TYPE_CHECKING:
    import pytest
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.terms import Campaign, Store
    from service.store.events import Event

HOUR = 3600.0
START = NOW // HOUR * HOUR
LATER = moment(START + 2 * HOUR) + SETTLED
"""When the two hours from START are settled."""


@dataclass
class Pages:
    """Answers of two ads each, and what shoppers did with them."""

    store: Store
    campaign: Campaign
    ads: tuple[str, str]
    decisions: list[dict[str, Any]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def show(
        self, order: tuple[int, int], quality_ppm: tuple[int, int], clicked: str = ""
    ) -> None:
        """A page with the ads in this order; `clicked` names the slots that were."""
        number = len(self.decisions)
        ts = START + (number % 2) * HOUR + number  # every other page an hour later
        page = decision(self.store, 0) | {"ts": ts, "request_id": f"req_{number}", "awards": []}
        for slot, which in enumerate(order):
            name = f"imp_{number}_{slot}"
            quality = {"impression_id": name, "quality_ppm": quality_ppm[slot]}
            page["awards"].append({"slot": slot} | quality)
            shown = replace(
                click(self.campaign, self.store, 0),
                ts=ts,
                type="impression",
                event_key=name,
                impression_id=name,
                request_id=f"req_{number}",
                ad_id=self.ads[which],
                slot=slot,
            )
            self.events.append(shown)
            if str(slot) in clicked:
                self.events.append(replace(shown, type="click"))
        self.decisions.append(page)

    async def record(self, engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            await add_decisions(connection, self.decisions)
            await add_events(connection, self.events)


async def open_pages(engine: AsyncEngine) -> Pages:
    store, campaign = await open_shop(engine)
    lamp, rug = (ad_id(store, one) for one in products(2))
    pages = Pages(store, campaign, (lamp, rug))
    for number in range(10):
        # slot 0: 4 clicks on the lamp, 1 on the rug; slot 1: 1 on the lamp
        pages.show((0, 1), (50_000, 50_000), clicked="0" if number < 4 else "")
        pages.show((1, 0), (20_000, 50_000), clicked="01" if number == 7 else "")
    return pages


async def held(engine: AsyncEngine, pages: Pages) -> list[tuple[Any, ...]]:
    async with engine.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT ad_id, impressions, clicks, round(CAST(predicted_clicks AS numeric), 3),"
                " round(CAST(usual_clicks AS numeric), 3) FROM ad_quality"
                " WHERE store_id = :store ORDER BY ad_id"
            ),
            {"store": pages.store.store_id},
        )
        return [(one[0], one[1], one[2], float(one[3]), float(one[4])) for one in rows]


def expected(pages: Pages) -> list[tuple[Any, ...]]:
    """Slot 0: 5 clicks of 20, of 0.70 predicted; slot 1: 1 click of 20, of 1.00 predicted.

    The lamp, 10 times in each: 10 x 5/20 + 10 x 1/20 = 3 usual clicks, and 0.50 x 5/0.70 +
    0.50 x 1/1.00 predicted; the rug as many usual ones, and 0.20 x 5/0.70 + 0.50 x 1/1.00.
    """
    lamp, rug = pages.ads
    return [(lamp, 20, 5, 4.071, 3.0), (rug, 20, 1, 1.929, 3.0)]


async def test_each_ad_is_held_beside_all_ads_in_its_slots(engine: AsyncEngine) -> None:
    pages = await open_pages(engine)
    await pages.record(engine)
    await count_all(engine, asyncio.Event(), now=LATER)
    assert await held(engine, pages) == expected(pages)


async def test_what_does_not_count_is_left_out(engine: AsyncEngine) -> None:
    pages = await open_pages(engine)
    shown = pages.events[0]
    pages.events += [
        replace(shown, event_key="imp_0_0:bot", invalid_reason="bot"),
        # a valid impression with a click that is none
        replace(pages.events[-1], type="click", event_key="imp_19_1:bot", invalid_reason="bot"),
        replace(shown, type="click", event_key="imp_9_9", impression_id="imp_9_9"),  # never shown
        replace(shown, event_key="imp_x_0", impression_id="imp_x_0", request_id="req_x"),
        replace(shown, event_key="imp_0_5", impression_id="imp_0_5", ad_id="ad_gone"),
    ]
    await pages.record(engine)
    await count_all(engine, asyncio.Event(), now=LATER)
    assert await held(engine, pages) == expected(pages)


async def test_an_hour_is_counted_once_however_often_and_by_how_many(engine: AsyncEngine) -> None:
    pages = await open_pages(engine)
    await pages.record(engine)
    stop = asyncio.Event()
    for _ in range(3):
        await asyncio.gather(*(count_all(engine, stop, now=LATER) for _ in range(4)))
    assert await held(engine, pages) == expected(pages)


async def test_mutant_that_counts_without_the_lock_is_caught(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unlocked(*args: Any, **more: Any) -> datetime | None:
        await take_count(*args, **more)
        return moment(START)  # what another one read before the first was through

    pages = await open_pages(engine)
    await pages.record(engine)
    monkeypatch.setattr("service.worker.quality.take_count", unlocked)
    for _ in range(2):
        await _count_an_hour(engine, pages.store.store_id, LATER - SETTLED)
    monkeypatch.undo()
    await count_all(engine, asyncio.Event(), now=LATER)
    assert await held(engine, pages) != expected(pages)


async def test_clicks_that_may_still_come_are_waited_for(engine: AsyncEngine) -> None:
    pages = await open_pages(engine)
    await pages.record(engine)
    stop = asyncio.Event()
    await count_all(engine, stop, now=LATER - timedelta(seconds=1))
    lamp, rug = pages.ads
    assert [(one[0], one[1]) for one in await held(engine, pages)] == [(lamp, 10), (rug, 10)]
    await count_all(engine, stop, now=LATER)
    assert await held(engine, pages) == expected(pages)


async def test_after_28_days_it_is_forgotten(engine: AsyncEngine) -> None:
    pages = await open_pages(engine)
    await pages.record(engine)
    await count_all(engine, asyncio.Event(), now=LATER)
    await count_all(engine, asyncio.Event(), now=LATER + timedelta(days=30))
    assert await held(engine, pages) == []


async def test_it_is_counted_while_the_worker_runs(engine: AsyncEngine) -> None:
    pages = await open_pages(engine)
    await pages.record(engine)
    stop = asyncio.Event()
    work = asyncio.create_task(keep_quality(engine, stop))

    async def counted() -> bool:
        return bool(await held(engine, pages))

    await eventually(counted)
    stop.set()
    await work
    assert await held(engine, pages) == expected(pages)


async def test_an_outage_is_waited_out(
    monkeypatch: pytest.MonkeyPatch, engine: AsyncEngine
) -> None:
    stop, tries = asyncio.Event(), []

    async def away(*_: object, now: datetime) -> None:
        assert now <= datetime.now(UTC)
        tries.append(now)
        if len(tries) == 2:
            stop.set()
        raise ConnectionError("the database is away")

    monkeypatch.setattr("service.worker.quality.count_all", away)
    async with asyncio.timeout(5):
        await keep_quality(engine, stop)
    assert len(tries) == 2


MANY = text(
    "WITH page AS (SELECT n, to_timestamp(:start) + n * interval '100 milliseconds' AS ts"
    "  FROM generate_series(1, 5000) AS n),"
    " decided AS (INSERT INTO decisions SELECT :store, ts, 'req_' || n,"
    "  jsonb_build_object('awards', (SELECT jsonb_agg(jsonb_build_object('impression_id',"
    "  'imp_' || n || '_' || slot, 'quality_ppm', 40000)) FROM generate_series(0, 3) AS slot))"
    "  FROM page)"
    " INSERT INTO events (store_id, ts, type, event_key, received_at, impression_id, ad_id, slot)"
    " SELECT :store, ts, 'impression', 'imp_' || n || '_' || slot, ts, 'imp_' || n || '_' || slot,"
    " :ad_id, slot FROM page, generate_series(0, 3) AS slot"
)


async def test_a_busy_hour_that_was_never_analyzed_is_counted_fast(engine: AsyncEngine) -> None:
    # joined by a planner that expects one row they took half a minute, grouped 0.2 s
    pages = await open_pages(engine)
    store_id, lamp = pages.store.store_id, pages.ads[0]
    async with engine.begin() as connection:
        values = {"start": START, "store": store_id, "ad_id": lamp}
        await connection.execute(MANY, values)
    async with asyncio.timeout(10):
        await count_all(engine, asyncio.Event(), now=LATER)
    assert [one[:3] for one in await held(engine, pages)] == [(lamp, 20_000, 0)]
