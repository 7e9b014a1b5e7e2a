"""Requests that are decided together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from service.api.consent import NOBODY
from service.api.deliberation import Asked
from service.api.docket import LONGEST_WAIT_SECONDS, MOST_TOGETHER, Docket
from service.contract.history import EMPTY_HISTORY
from service.decision.scorers import Scorers
from service.decision.terms import AdQuery, Shopper
from service.errors import ScorerError
from tests.unit.api.shop import SHOE
from tests.unit.decision.shop import KnownRanker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.api.deliberation import Ruling
    from service.api.state import State
    from service.decision.live import Live
    from service.decision.scorers import Question, RankScores


POISON = "running shoe 9"


@dataclass
class Counting(KnownRanker):
    """Remembers how many requests were asked together, and fails on POISON."""

    sizes: list[int] = field(default_factory=list)

    def score(self, questions: Sequence[Question]) -> RankScores:
        self.sizes.append(len(questions))
        if any(one.query == POISON for one in questions):
            raise ScorerError("poison")
        return super().score(questions)


@pytest.fixture
def ranker(state: State) -> Counting:
    snapshot = state.live[SHOE].snapshot
    ids = snapshot.products.ids
    return Counting(snapshot, {ids[row]: 0.05 for row in range(len(ids))})


@pytest.fixture
def live(state: State, ranker: Counting) -> Live:
    return replace(state.live[SHOE], scorers=Scorers(ranker=ranker), models=("known@1:00000000",))


def asked(live: Live, number: int, query: str = "running shoe", seconds: float = 10.0) -> Asked:
    placement = live.snapshot.placements["search_top"]
    return Asked(
        request_id=f"req_{number:032x}",
        ts=0.0,
        seed=number,
        live=live,
        query=AdQuery(query, "", placement, 2, Shopper(None, EMPTY_HISTORY)),
        known=NOBODY,
        device=None,
        profile=None,
        missing=(),
        deadline=perf_counter() + seconds,
    )


async def test_who_comes_alone_is_decided_alone(live: Live, ranker: Counting) -> None:
    docket = Docket()
    with docket.gathering:
        pass
    first = await docket.rule(asked(live, 1))
    second = await docket.rule(asked(live, 2))
    assert (first.asked.seed, second.asked.seed) == (1, 2)
    assert ranker.sizes == [1, 1]


async def test_who_is_ready_at_once_is_decided_together(live: Live, ranker: Counting) -> None:
    docket = Docket()
    rulings = await asyncio.gather(*(docket.rule(asked(live, n)) for n in range(8)))
    assert ranker.sizes == [8]
    assert [ruling.asked.seed for ruling in rulings] == list(range(8))
    assert all(len(ruling.decision.awards) == 2 for ruling in rulings)
    assert all(ruling.models == ("known@1:00000000",) for ruling in rulings)


async def test_no_more_than_fit_are_decided_together(live: Live, ranker: Counting) -> None:
    docket = Docket()
    count = 2 * MOST_TOGETHER + 3
    rulings = await asyncio.gather(*(docket.rule(asked(live, n)) for n in range(count)))
    assert ranker.sizes == [MOST_TOGETHER, MOST_TOGETHER, 3]
    assert [ruling.asked.seed for ruling in rulings] == list(range(count))


async def test_those_ready_wait_for_those_who_gather(live: Live, ranker: Counting) -> None:
    docket, profile = Docket(), asyncio.Event()

    async def gather_and_ask() -> Ruling:
        with docket.gathering:
            await profile.wait()
        return await docket.rule(asked(live, 2))

    slow = asyncio.ensure_future(gather_and_ask())
    ready = asyncio.ensure_future(docket.rule(asked(live, 1)))
    for _ in range(5):
        await asyncio.sleep(0)
    assert ranker.sizes == []
    profile.set()
    await asyncio.gather(slow, ready)
    assert ranker.sizes == [2]


async def test_nobody_waits_long_for_others(live: Live, ranker: Counting) -> None:
    docket = Docket()
    with docket.gathering:  # and never comes back
        started = perf_counter()
        await asyncio.wait_for(docket.rule(asked(live, 1)), 5)
        assert perf_counter() - started >= LONGEST_WAIT_SECONDS * 0.9
        assert ranker.sizes == [1]


async def test_who_gives_up_is_left_out(live: Live, ranker: Counting) -> None:
    docket = Docket()
    tasks = [asyncio.ensure_future(docket.rule(asked(live, n))) for n in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    first, gone, last = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(gone, asyncio.CancelledError)
    assert not isinstance(first, BaseException)
    assert not isinstance(last, BaseException)
    assert ranker.sizes == [2]


async def test_one_that_breaks_the_model_harms_no_other(live: Live, ranker: Counting) -> None:
    docket = Docket()
    queries = ["running shoe", POISON, "running shoe"]
    rulings = await asyncio.gather(
        *(docket.rule(asked(live, n, query)) for n, query in enumerate(queries))
    )
    assert ranker.sizes == [3, 1, 1, 1]
    assert [ruling.degraded for ruling in rulings] == [
        ("plain_titles",),
        ("linear_rank", "plain_titles"),
        ("plain_titles",),
    ]


async def test_one_that_cannot_be_decided_harms_no_other(live: Live) -> None:
    docket = Docket()
    whole = asked(live, 1)
    torn = replace(whole, query=replace(whole.query, slots=None))  # type: ignore[arg-type]
    well, broken = await asyncio.gather(docket.rule(asked(live, 0)), docket.rule(torn))
    assert (len(well.decision.awards), well.models) == (2, ("known@1:00000000",))
    assert (broken.decision.no_fill_reason, broken.degraded) == ("error", ("no_decision",))


async def test_late_and_hurried_ones_do_not_hold_the_others_up(
    live: Live, ranker: Counting
) -> None:
    docket = Docket()
    docket.clock.typical_seconds = 0.2
    late, hurried, patient = await asyncio.gather(
        docket.rule(asked(live, 0, seconds=-1.0)),
        docket.rule(asked(live, 1, seconds=0.1)),
        docket.rule(asked(live, 2, seconds=10.0)),
    )
    assert late.decision.no_fill_reason == "timeout"
    assert (hurried.models, len(hurried.decision.awards)) == ((), 2)
    assert patient.models == ("known@1:00000000",)
    assert ranker.sizes == [1]


async def test_stores_are_decided_apart(live: Live, ranker: Counting) -> None:
    other = replace(live, models=("other@1:00000000",))
    docket = Docket()
    one, two = await asyncio.gather(docket.rule(asked(live, 0)), docket.rule(asked(other, 1)))
    assert (one.models, two.models) == (("known@1:00000000",), ("other@1:00000000",))
    assert ranker.sizes == [1, 1]


async def test_a_bug_leaves_nobody_waiting(live: Live) -> None:
    docket = Docket()
    docket.clock = None  # type: ignore[assignment] # whatever a bug may do
    first, second = await asyncio.gather(
        docket.rule(asked(live, 0)), docket.rule(asked(live, 1)), return_exceptions=True
    )
    assert isinstance(first, AttributeError)
    assert isinstance(second, AttributeError)


async def test_models_that_were_slow_are_tried_again_while_nobody_waits(
    live: Live, ranker: Counting
) -> None:
    docket = Docket()
    for _ in range(3):
        docket.clock.took(0.0, 0.2)  # closed, by now for long enough
    first = await docket.rule(asked(live, 0))
    assert (first.models, len(first.decision.awards)) == ((), 2)
    assert docket._trial is not None
    await docket._trial
    assert ranker.sizes == [1]
    assert (await docket.rule(asked(live, 1))).models == ("known@1:00000000",)
    assert ranker.sizes == [1, 1]


async def test_who_has_no_time_for_the_models_does_not_try_them_either(live: Live) -> None:
    docket = Docket()
    for _ in range(100):
        docket.clock.took(0.0, 0.05)
    hurried = [await docket.rule(asked(live, n, seconds=0.03)) for n in range(8)]
    assert {ruling.models for ruling in hurried} == {()}
    patient = await docket.rule(asked(live, 9))
    assert patient.models == ("known@1:00000000",)
