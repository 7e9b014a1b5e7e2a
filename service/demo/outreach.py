"""A made-up campaign on platforms outside the shop, and a month of what these told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from service.decision.terms import Campaign, CampaignStatus, Micros
from service.demo.merchants import typed_id
from service.demo.platform_world import CURRENCY, LATE_DAYS, Market, Shock, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from service.demo.merchants import DemoShop

PLATFORMS: Final = ("newsletter", "social", "video")
DAILY: Final = Micros(900 * CURRENCY)
DAYS: Final = 28
_BUDGET: Final = Micros(200_000 * CURRENCY)
_BID: Final = Micros(400_000)
_VIDEO_FALLS: Final = Shock(DAYS - 2, PLATFORMS.index("video"), "level", 0.4)
_SHAKEN: Final = 0.25  # how far a day is from a third for each
_HOURS: Final = np.array([1, 1, 1, 1, 1, 2, 3, 5, 6, 6, 6, 6, 7, 6, 6, 6, 6, 7, 8, 9, 9, 7, 4, 2])


class ToldHour(NamedTuple):
    """What one hour on one platform cost, in micros, and brought."""

    platform: str
    hour: datetime
    spend: int
    impressions: int
    clicks: int
    conversions: int


def outreach_campaign(shop: DemoShop, seed: int) -> Campaign:
    """Make the campaign: of the shop's first merchant, without ads of its own in the shop."""
    advertiser_id, name = shop.advertisers[0]
    return Campaign(
        campaign_id=typed_id("cmp", seed, "outreach"),
        advertiser_id=advertiser_id,
        name=f"{name}: beyond the shop",
        status=CampaignStatus.ACTIVE,
        bid=_BID,
        budget=_BUDGET,
        platforms=PLATFORMS,
    )


def outreach_hours(seed: int, now: datetime) -> Iterator[ToldHour]:
    """Yield every full hour (UTC) of the last `DAYS` days and of today, up to `now`.

    A person spread the budget by hand, about evenly. Two days ago video began to bring less than
    half.
    """
    rng = np.random.default_rng([seed, 11])
    world = make_world(rng, platforms=len(PLATFORMS), days=DAYS + 1, shocks=(_VIDEO_FALLS,))
    at_once = np.zeros((len(PLATFORMS), LATE_DAYS))
    at_once[:, 0] = 1
    market = Market(replace(world, carry=np.zeros(len(PLATFORMS)), late=at_once), rng)
    first = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    for day in range(DAYS + 1):
        spend = _by_hand(rng)
        _, counts = market.spend(spend)
        weights = _HOURS / _HOURS.sum()
        paid = (spend[:, None] * weights).astype(np.int64)
        by_hour = [paid, *(rng.multinomial(count, weights) for count in counts)]
        for hour in range(24):
            at = first + timedelta(days=day, hours=hour)
            if at + timedelta(hours=1) <= now:
                for place, platform in enumerate(PLATFORMS):
                    yield ToldHour(platform, at, *(int(of[place, hour]) for of in by_hour))


def _by_hand(rng: np.random.Generator) -> NDArray[np.int64]:
    shares = np.exp(_SHAKEN * rng.normal(size=len(PLATFORMS)))
    spend: NDArray[np.int64] = (DAILY * shares / shares.sum()).astype(np.int64)
    return spend
