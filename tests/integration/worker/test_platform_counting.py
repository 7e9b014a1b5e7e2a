"""What our own ads cost and brought on each platform is counted by the hour, once each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from service.store import platform_counts
from service.store.events import add_events, moment
from service.worker import platform_counting
from service.worker.platform_counting import SETTLED, PlatformCounting
from tests.integration.worker.shop import NOW, click, open_shop

if TYPE_CHECKING:
    import pytest
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.terms import Campaign, Store
    from service.store.events import Event

HOUR = 3600.0
START = NOW // HOUR * HOUR
LATER = moment(START + 2 * HOUR) + SETTLED
"""When the two hours from START are counted for good."""

_POLICY = text(
    "INSERT INTO allocation_policies (campaign_id, mode, goal) VALUES (:id, 'auto', 'clicks')"
    " ON CONFLICT DO NOTHING"
)
_CHARGE = text(
    "INSERT INTO charges (impression_id, kind, charge_key, store_id, campaign_id, price_micros,"
    " ts, charged_at, day, platform, of_kind, of_key,"
    " reason)"
    " VALUES (:impression, :kind, :key, :store, :campaign, :price, :ts, :ts, :day, :platform,"
    " :of_kind, :of_key, :reason)"
)
_SALE = text(
    "INSERT INTO attributions (store_id, order_key, line, kind, impression_id, campaign_id,"
    " ad_id, product_id, touch, halo, quantity, value_micros, converted_at, platform)"
    " VALUES (:store, :order, '0', 'sale', 'imp', :campaign, 'ad', '1', 'click', false, 1, 9,"
    " :ts, :platform)"
)


@dataclass
class Ads:
    """The ads of a campaign whose budget is spread over platforms, and what became of them."""

    engine: AsyncEngine
    store: Store
    campaign: Campaign
    shown: list[Event] = field(default_factory=list)

    async def show(self, platform: str | None, number: int, clicks: int, *, hour: int = 0) -> None:
        """Show `number` ads in one hour; the first ones are clicked, each for 250,000 micros."""
        first = len(self.shown)
        payload = {} if platform is None else {"platform": platform}
        seen = [
            replace(
                click(self.campaign, self.store, 0),
                ts=START + hour * HOUR + place,
                type="impression",
                event_key=f"imp_{self.store.store_id}_{place}",
                impression_id=f"imp_{self.store.store_id}_{place}",
                payload=payload,
            )
            for place in range(first, first + number)
        ]
        self.shown += seen
        clicked = [replace(one, type="click") for one in seen[:clicks]]
        async with self.engine.begin() as connection:
            await add_events(connection, [*seen, *clicked])
            for one in clicked:
                await connection.execute(_CHARGE, self.paid(one, platform))

    def paid(self, event: Event, platform: str | None, **changes: Any) -> dict[str, Any]:
        at = moment(event.ts)
        charged = {
            "impression": event.impression_id,
            "kind": "click",
            "key": "",
            "store": self.store.store_id,
            "campaign": self.campaign.campaign_id,
            "price": 250_000,
            "ts": at,
            "day": at.date(),
            "platform": platform,
            "of_kind": None,
            "of_key": None,
            "reason": None,
        }
        return charged | changes

    async def execute(self, statement: Any, **values: Any) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(statement, values)

    async def sell(self, platform: str, order: str, *, hour: int = 0) -> None:
        await self.execute(
            _SALE,
            store=self.store.store_id,
            order=order,
            campaign=self.campaign.campaign_id,
            ts=moment(START + hour * HOUR),
            platform=platform,
        )

    async def told(self) -> list[tuple[Any, ...]]:
        """Hour, platform, spend, impressions, clicks, conversions."""
        async with self.engine.connect() as connection:
            rows = await connection.execute(
                text(
                    "SELECT CAST((extract(epoch FROM hour) - :start) / 3600 AS int), platform,"
                    " spend_micros, impressions, clicks, conversions FROM platform_results"
                    " WHERE campaign_id = :id AND source = 'own' ORDER BY 1, 2"
                ),
                {"id": self.campaign.campaign_id, "start": START},
            )
            return [tuple(row) for row in rows]

    async def counted_until(self) -> datetime | None:
        async with self.engine.connect() as connection:
            found = await connection.execute(
                text("SELECT counted_until FROM platform_counts WHERE store_id = :id"),
                {"id": self.store.store_id},
            )
            until: datetime | None = found.scalar_one_or_none()
            return until


async def open_ads(engine: AsyncEngine, *, policy: bool = True) -> Ads:
    store, campaign = await open_shop(engine)
    ads = Ads(engine, store, campaign)
    if policy:
        await ads.execute(_POLICY, id=campaign.campaign_id)
    return ads


async def count(engine: AsyncEngine, now: datetime = LATER) -> None:
    await PlatformCounting(engine).count(now=now)


async def two_hours(engine: AsyncEngine) -> Ads:
    ads = await open_ads(engine)
    await ads.show("web", 10, clicks=3)
    await ads.show("app", 4, clicks=1)
    await ads.show("web", 5, clicks=2, hour=1)
    await ads.sell("web", "order-1")
    await ads.sell("app", "order-2", hour=1)
    return ads


EXPECTED = [
    (0, "app", 250_000, 4, 1, 0),
    (0, "web", 750_000, 10, 3, 1),
    (1, "app", 0, 0, 0, 1),
    (1, "web", 500_000, 5, 2, 0),
]


async def test_each_platform_has_what_its_hours_cost_and_brought(engine: AsyncEngine) -> None:
    ads = await two_hours(engine)
    await count(engine)
    assert await ads.told() == EXPECTED
    assert await ads.counted_until() == moment(START + 2 * HOUR)


async def test_what_does_not_count_is_left_out(engine: AsyncEngine) -> None:
    ads = await two_hours(engine)
    await ads.show(None, 3, clicks=1)  # tokens of an older version
    bot = replace(ads.shown[0], event_key="imp:bot", invalid_reason="bot")
    async with engine.begin() as connection:
        await add_events(connection, [bot, replace(bot, type="click"), replace(bot, type="view")])
    await count(engine)
    assert await ads.told() == EXPECTED


async def test_what_was_given_back_lowers_its_hour(engine: AsyncEngine) -> None:
    ads = await two_hours(engine)
    back = ads.paid(ads.shown[0], "web", kind="refund", key="click//bot", price=-200_000)
    await ads.execute(_CHARGE, **back | {"of_kind": "click", "of_key": "", "reason": "bot"})
    await count(engine)
    assert (await ads.told())[1] == (0, "web", 550_000, 10, 3, 1)


async def test_counting_again_and_by_many_changes_nothing(engine: AsyncEngine) -> None:
    ads = await two_hours(engine)
    for _ in range(2):
        await asyncio.gather(*(count(engine) for _ in range(4)))
    assert await ads.told() == EXPECTED


NEWS = text("SELECT told_at FROM platform_news WHERE campaign_id = :id")


async def test_only_what_counts_otherwise_than_before_is_news(engine: AsyncEngine) -> None:
    ads = await two_hours(engine)
    counting = PlatformCounting(engine)
    told = []
    for more in (0, 0, 1):
        await ads.show("web", more, clicks=0)
        await counting.count(now=moment(START + 1.5 * HOUR))
        async with engine.connect() as connection:
            found = await connection.execute(NEWS, {"id": ads.campaign.campaign_id})
            told.append(found.scalar_one())
    assert told[0] == told[1] < told[2]


async def test_mutant_that_adds_instead_of_counting_anew_is_caught(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ads = await two_hours(engine)
    await count(engine, moment(START + 1.5 * HOUR))
    # without clearing first, the open hours collide with what was counted before
    monkeypatch.setattr(platform_counts, "_CLEAR", text("SELECT :store_id, :since, :until"))
    caught = False
    try:
        await count(engine, moment(START + 1.6 * HOUR))
    except Exception as error:
        caught = "uq_platform_results_store_id" in str(error)
    assert caught
    monkeypatch.undo()
    await count(engine)
    assert await ads.told() == EXPECTED


async def test_the_hour_that_runs_is_counted_and_what_comes_late_too(engine: AsyncEngine) -> None:
    ads = await open_ads(engine)
    await ads.show("web", 2, clicks=0, hour=1)
    counting = PlatformCounting(engine)
    await counting.count(now=moment(START + 1.5 * HOUR))
    assert await ads.told() == [(1, "web", 0, 2, 0, 0)]
    await ads.show("web", 3, clicks=3, hour=1)
    await ads.show("web", 1, clicks=0)  # late: its hour is over
    await counting.count(now=moment(START + 1.9 * HOUR))
    assert await ads.told() == [(0, "web", 0, 1, 0, 0), (1, "web", 750_000, 5, 3, 0)]
    # an hour that is over for long waits for the look at all that is open, once an hour
    await ads.show("web", 1, clicks=0)
    await counting.count(now=moment(START + 2.1 * HOUR))
    assert (await ads.told())[0] == (0, "web", 0, 1, 0, 0)
    await count(engine, moment(START + 2.1 * HOUR))
    assert (await ads.told())[0] == (0, "web", 0, 2, 0, 0)


async def test_a_store_that_spreads_no_budget_is_not_counted(engine: AsyncEngine) -> None:
    ads = await open_ads(engine, policy=False)
    await ads.show("web", 2, clicks=1)
    await count(engine)
    assert await ads.told() == []
    assert await ads.counted_until() is None
    await ads.execute(_POLICY, id=ads.campaign.campaign_id)
    await count(engine)
    assert await ads.told() == [(0, "web", 250_000, 2, 1, 0)]


async def test_the_first_time_goes_back_28_days_a_day_at_a_time(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ads = await open_ads(engine)
    for day in (-29, -27, -20, -1):
        await ads.show("web", 1, clicks=0, hour=24 * day)
    spans = []

    async def noting(connection: Any, store_id: str, since: datetime, until: datetime) -> None:
        if store_id == ads.store.store_id:
            spans.append(until - since)
        await platform_counts.count_platforms(connection, store_id, since, until)

    monkeypatch.setattr(platform_counting, "count_platforms", noting)
    await count(engine, moment(START) + SETTLED)
    assert [row[0] // 24 for row in await ads.told()] == [-27, -20, -1]
    assert max(spans) == timedelta(days=1)
    assert len(spans) <= 6  # days without events are passed over


MANY = text(
    "INSERT INTO events (store_id, ts, type, event_key, received_at, impression_id, campaign_id,"
    " payload) SELECT :store, at, type, 'imp_' || n, at, 'imp_' || n, :campaign,"
    ' \'{"platform": "web"}\' FROM generate_series(1, 50000) AS n,'
    " LATERAL (SELECT to_timestamp(:start) + n * interval '70 milliseconds' AS at) AS each,"
    " unnest(ARRAY['impression', 'click']) AS type WHERE type = 'impression' OR n % 50 = 0"
)


async def test_a_busy_hour_is_counted_fast(engine: AsyncEngine) -> None:
    ads = await open_ads(engine)
    store_id, campaign_id = ads.store.store_id, ads.campaign.campaign_id
    await ads.execute(MANY, store=store_id, campaign=campaign_id, start=START)
    async with asyncio.timeout(10):
        await count(engine)
    assert await ads.told() == [(0, "web", 0, 50_000, 1_000, 0)]


async def test_a_clock_that_went_back_takes_nothing_back(engine: AsyncEngine) -> None:
    ads = await two_hours(engine)
    await count(engine)
    await count(engine, datetime.fromtimestamp(START, UTC) - timedelta(days=3))
    assert await ads.told() == EXPECTED
    assert await ads.counted_until() == moment(START + 2 * HOUR)
