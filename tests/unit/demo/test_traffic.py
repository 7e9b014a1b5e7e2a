"""Who comes when, what a run counts, and that it goes on at its own pace."""

from __future__ import annotations

import asyncio
import time
from itertools import islice, pairwise, takewhile
from typing import TYPE_CHECKING

import pytest

from service.demo.open_loop import MOST_AT_ONCE, ServiceAwayError, run_visits
from service.demo.tally import REMEMBERED, Tally
from service.demo.traffic import SimulatedShoppers
from service.demo.visits import CONSENT_SHARE, Visit, plan_visits, query_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.demo.clicks import ClickModel


@pytest.fixture(scope="module")
def model() -> ClickModel:
    return SimulatedShoppers(1).model


def test_visits_come_at_the_rate_asked_for(model: ClickModel) -> None:
    plan = plan_visits(model, rate=20.0, shoppers=50, seed=3)
    visits = list(takewhile(lambda visit: visit.at < 100.0, plan))
    assert len(visits) == pytest.approx(2000, abs=4 * 2000**0.5)  # Poisson: sd is the root
    assert [visit.number for visit in visits] == list(range(len(visits)))
    gaps = [b.at - a.at for a, b in pairwise(visits)]
    assert min(gaps) >= 0
    # exponential gaps: one in e is longer than the mean
    assert sum(gap > 1 / 20 for gap in gaps) / len(gaps) == pytest.approx(0.368, abs=0.05)
    assert {visit.shopper for visit in visits} <= set(range(50))
    assert len({visit.shopper for visit in visits}) > 45
    consents = {visit.shopper: visit.consents for visit in visits}
    assert all(visit.consents is consents[visit.shopper] for visit in visits)
    assert sum(consents.values()) / len(consents) == pytest.approx(CONSENT_SHARE, abs=0.2)


def test_the_same_seed_plans_the_same_visits(model: ClickModel) -> None:
    def first(seed: int) -> list[Visit]:
        return list(islice(plan_visits(model, rate=5.0, shoppers=20, seed=seed), 300))

    assert first(1) == first(1)
    assert first(1) != first(2)


def test_shoppers_type_what_the_shop_knows_by_their_interest(model: ClickModel) -> None:
    steps = query_steps(model.market, model.shoppers)
    assert steps.shape == (500, len(model.market.queries))
    assert steps[:, -1] == pytest.approx(1.0)
    known = {query.text for query in model.market.queries}
    visits = list(islice(plan_visits(model, rate=5.0, shoppers=1, seed=1), 2000))
    assert {visit.query for visit in visits} <= known
    chance = steps[0, 0]  # of the first query, for the first shopper
    share = sum(visit.query == model.market.queries[0].text for visit in visits) / 2000
    assert share == pytest.approx(chance, abs=0.02)


def test_a_tally_says_what_it_counted() -> None:
    tally = Tally()
    for milliseconds in range(1, 101):
        tally.answered(milliseconds / 1000, ads=0 if milliseconds <= 25 else 4)
    tally.clicks += 7
    tally.failed("503 to /v1/ads")
    assert (tally.latency_ms(50), tally.latency_ms(99)) == (51.0, 100.0)
    assert tally.fill == 0.75
    assert tally.line(10.0) == (
        "10.0 requests/s  fill 75.0%  p50/p99 51.0/100.0 ms  7 clicks  1 errors"
    )


def test_a_tally_stays_small_and_starts_at_nothing() -> None:
    tally = Tally()
    assert "0.0 requests/s  fill 0.0%  p50/p99 0.0/0.0 ms" in tally.line(0.0)
    tally.answered(9.0, ads=1)
    for _ in range(REMEMBERED):
        tally.answered(0.001, ads=1)
    assert tally.latency_ms(100) == 1.0


def visits_every(seconds: float) -> Iterator[Visit]:
    number = 0
    while True:
        yield Visit(number, number * seconds, 0, "lamp", mobile=False, consents=True)
        number += 1


async def test_slow_answers_do_not_hold_up_the_visits_after_them() -> None:
    started: list[float] = []

    async def slow(visit: Visit, due: float) -> None:
        assert due <= asyncio.get_running_loop().time()
        started.append(visit.at)
        await asyncio.sleep(1.5)

    took = await run_visits(visits_every(0.1), slow, Tally(), seconds=1.0, stop=asyncio.Event())
    assert len(started) >= 8  # one at a time there would have been one
    assert took == pytest.approx(1.0, abs=0.3)


async def test_no_more_than_so_many_are_under_way() -> None:
    under_way = most = 0
    tally = Tally()

    async def hang(visit: Visit, due: float) -> None:  # noqa: ARG001 - as runs call it
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(1.5)
        under_way -= 1

    await run_visits(visits_every(0.001), hang, tally, seconds=1.0, stop=asyncio.Event())
    assert most == MOST_AT_ONCE
    assert tally.not_sent == 1000 - MOST_AT_ONCE
    assert under_way == 0  # those under way were let end
    assert "800 not sent" in tally.line(1.0)


async def test_a_run_that_falls_behind_ends_in_time_all_the_same() -> None:
    tally = Tally()

    async def block(visit: Visit, due: float) -> None:  # noqa: ARG001 - as runs call it
        time.sleep(0.01)  # noqa: ASYNC251 - a sender that is too slow itself
        tally.answered(0.01, ads=1)

    visits = visits_every(0.001)
    took = await run_visits(visits, block, tally, seconds=0.3, stop=asyncio.Event())
    assert took < 0.5
    assert tally.requests + tally.not_sent == 300
    assert tally.requests < 40


async def test_a_run_stops_when_told_to() -> None:
    stop = asyncio.Event()
    ended: list[int] = []

    async def visit(visit: Visit, due: float) -> None:  # noqa: ARG001 - as runs call it
        await asyncio.sleep(0.05)
        ended.append(visit.number)

    asyncio.get_running_loop().call_later(0.1, stop.set)
    took = await run_visits(visits_every(0.02), visit, Tally(), seconds=60.0, stop=stop)
    assert took < 5.0
    assert ended == list(range(len(ended)))
    assert len(ended) >= 2


async def test_a_service_that_went_away_ends_the_run() -> None:
    tally = Tally()

    async def fail(visit: Visit, due: float) -> None:  # noqa: ARG001 - as runs call it
        tally.failed("ConnectError", unreachable=True)

    with pytest.raises(ServiceAwayError, match=r"stopped answering \(ConnectError: \d+\)"):
        await run_visits(visits_every(0.001), fail, tally, seconds=60, stop=asyncio.Event())
    assert 20 <= tally.errors.total() <= 22


async def test_errors_between_answers_do_not_end_the_run() -> None:
    tally = Tally()

    async def totter(visit: Visit, due: float) -> None:  # noqa: ARG001 - as runs call it
        if visit.number % 10:
            tally.failed("ReadTimeout", unreachable=True)
        else:
            tally.answered(0.001, ads=1)

    await run_visits(visits_every(0.001), totter, tally, seconds=0.1, stop=asyncio.Event())
    assert tally.requests + tally.errors.total() + tally.not_sent == 100
    assert tally.errors.total() > 40  # in all, but never 20 in a row
