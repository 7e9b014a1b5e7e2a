from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from service.demo.merchants import make_shop
from service.demo.outreach import DAILY, DAYS, PLATFORMS, outreach_campaign, outreach_hours

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TODAY = NOW.replace(hour=0, minute=0)


def test_every_full_hour_is_told_once_and_none_of_the_future() -> None:
    told = list(outreach_hours(1, NOW))
    hours = DAYS * 24 + 9
    assert Counter(one.platform for one in told) == dict.fromkeys(PLATFORMS, hours)
    assert len({one[:2] for one in told}) == len(told)
    assert min(one.hour for one in told) == TODAY - timedelta(days=DAYS)
    assert max(one.hour for one in told) == TODAY + timedelta(hours=8)


def test_a_day_costs_the_budget_but_for_a_micro_an_hour() -> None:
    spent = Counter[datetime]()
    for one in outreach_hours(1, NOW):
        spent[one.hour.replace(hour=0)] += one.spend
    for day, micros in spent.items():
        if day < TODAY:
            assert DAILY - 24 * len(PLATFORMS) - 3 <= micros <= DAILY


def test_the_same_seed_tells_the_same() -> None:
    assert list(outreach_hours(1, NOW)) == list(outreach_hours(1, NOW))
    assert list(outreach_hours(1, NOW)) != list(outreach_hours(2, NOW))


def test_video_brings_less_than_half_since_two_days() -> None:
    per_unit = Counter[bool]()
    for recent in (True, False):
        hours = [
            one
            for one in outreach_hours(1, NOW)
            if one.platform == "video" and (one.hour >= TODAY - timedelta(days=2)) == recent
        ]
        per_unit[recent] = round(1e9 * sum(h.clicks for h in hours) / sum(h.spend for h in hours))
    assert per_unit[True] < 0.6 * per_unit[False]


def test_the_campaign_has_no_ads_in_the_shop() -> None:
    shop = make_shop(1)
    campaign = outreach_campaign(shop, 1)
    assert campaign.campaign_id not in {ad.campaign_id for ad in shop.ads}
    assert set(campaign.platforms).isdisjoint(place.platform for place in shop.placements)
    assert campaign.keywords == ()
