"""Campaigns are looked at when their platforms told something, and when an hour is over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from service.store.due_allocations import SpreadCampaign
from service.worker.platform_news import PlatformNews

if TYPE_CHECKING:
    from collections.abc import Sequence

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)
A_MINUTE = timedelta(minutes=1)


def spread(
    name: str, told: datetime | None, *, hour: datetime = NINE, auto: bool = True
) -> SpreadCampaign:
    return SpreadCampaign(
        campaign_id=name,
        auto=auto,
        day=date(2026, 11, 23),
        allocation_id=None,
        day_is_new=False,
        is_due=False,
        waiting_seconds=0.0,
        told=told,
        hour=hour,
    )


def looked(news: PlatformNews, campaigns: Sequence[SpreadCampaign]) -> list[str]:
    """Look at all that there is news of."""
    wanted = news.among(campaigns)
    for one in wanted:
        news.note(one)
    return [one.campaign_id for one in wanted]


def test_what_was_told_is_looked_at_once() -> None:
    news = PlatformNews()
    before = NINE - A_MINUTE
    all_of_them = [spread("a", before), spread("b", None), spread("c", before, auto=False)]
    assert looked(news, all_of_them) == ["a", "b"]
    assert looked(news, all_of_them) == []
    assert looked(news, [spread("a", NINE - A_MINUTE / 2), *all_of_them[1:]]) == ["a"]
    # a moment of before is news, too: clocks go back
    assert looked(news, all_of_them) == ["a"]


def test_what_was_told_of_the_hour_that_ran_is_looked_at_when_it_is_over() -> None:
    news = PlatformNews()
    told = [spread("a", NINE + A_MINUTE), spread("b", NINE - A_MINUTE), spread("c", None)]
    assert looked(news, told) == ["a", "b", "c"]
    an_hour_later = [one._replace(hour=TEN) for one in told]
    assert looked(news, an_hour_later) == ["a"]
    assert looked(news, an_hour_later) == []
    assert looked(news, [one._replace(hour=TEN + (TEN - NINE)) for one in told]) == []


def test_the_oldest_look_comes_first_and_what_was_not_looked_at_stays_news() -> None:
    news = PlatformNews()
    assert looked(news, [spread("a", NINE), spread("b", NINE)]) == ["a", "b"]
    news.note(spread("a", NINE))
    again = [spread(name, NINE + A_MINUTE) for name in ("a", "b", "c")]
    # c never was looked at, b before a
    assert [one.campaign_id for one in news.among(again)] == ["c", "b", "a"]
    assert looked(news, again) == ["c", "b", "a"]


def test_one_that_does_not_run_any_more_is_forgotten() -> None:
    news = PlatformNews()
    assert looked(news, [spread("a", None)]) == ["a"]
    assert looked(news, []) == []
    assert looked(news, [spread("a", None)]) == ["a"]
