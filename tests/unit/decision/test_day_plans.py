from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from service.contract.platform_days import DayRow, PlatformDaysError
from service.decision.day_plans import AllocatedCampaign, Told, plan_of_day
from service.decision.plans import Policy
from service.decision.platform_watch import PastShock
from service.decision.pooled_responses import PooledResponses
from service.decision.terms import Micros
from tests.unit.decision.test_plans import DAY, TWO, Known, reasons, spends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.plans import Plan
    from service.decision.responses import ResponseModel

UNIT = 1_000_000
POLICY = Policy(explore=False)
CAMPAIGN = AllocatedCampaign(
    campaign_id="cmp_a",
    store_id="sto_1",
    day=DAY,
    until=DAY - timedelta(1),
    budget=Micros(4 * UNIT),
    platforms=("app", "web"),
    policy=POLICY,
)
ROWS = [
    DayRow(DAY - timedelta(ago), name, 2 * UNIT, 100, 9, 1)
    for ago in (1, 2, 3)
    for name in ("app", "web")
]


def planned(
    campaign: AllocatedCampaign = CAMPAIGN,
    policy: Policy = POLICY,
    model: ResponseModel = TWO,
    rows: Sequence[DayRow] = ROWS,
    shocks: Sequence[PastShock] = (),
) -> Plan:
    return plan_of_day(campaign, Told(rows, shocks), policy, campaign.budget, model)


def shock(day: date) -> PastShock:
    """The web brings a tenth of what it did."""
    return PastShock("web", day, datetime(day.year, day.month, day.day, 9, tzinfo=UTC), ratio=0.1)


def test_a_day_is_spread_by_the_curves() -> None:
    assert spends(planned()) == {"app": UNIT, "web": 3 * UNIT}


def test_what_the_day_itself_told_counts_for_nothing() -> None:
    # by a model that goes by nothing else than what was told
    today = DayRow(DAY, "app", 2 * UNIT, 1000, 9_000, 1)
    without = planned(model=PooledResponses())
    assert planned(model=PooledResponses(), rows=[*ROWS, today]) == without
    yesterday = today._replace(day=CAMPAIGN.until)
    assert planned(model=PooledResponses(), rows=[*ROWS, yesterday]) != without


def test_a_platform_that_told_nothing_has_its_line() -> None:
    model = Known({**TWO.scale, "mail": 100})
    got = planned(replace(CAMPAIGN, platforms=("app", "mail", "web")), model=model)
    assert reasons(got) == {"app": "best_return", "mail": "new_platform", "web": "best_return"}


def test_what_is_spent_stays_and_a_share_moves_only_so_far_from_the_day_before() -> None:
    spent = {"app": Micros(3 * UNIT)}
    assert spends(planned(replace(CAMPAIGN, spent=spent))) == {"app": 3 * UNIT, "web": UNIT}
    halves = {"app": Micros(UNIT), "web": Micros(UNIT)}
    near = planned(replace(CAMPAIGN, before=halves), replace(POLICY, max_change_ppm=100_000))
    assert spends(near) == {"app": 1_600_000, "web": 2_400_000}


def test_a_shock_of_today_lowers_what_is_expected() -> None:
    # 20 a unit on the web: no more than the app's fifth, 100 / (1 + 4)
    got = planned(shocks=[shock(DAY)])
    assert spends(got) == {"app": 4 * UNIT, "web": 0}
    assert reasons(got)["web"] == "low_return"


def test_days_before_a_shock_tell_nothing_of_its_platform() -> None:
    rows = [row for row in ROWS if row.day < CAMPAIGN.until]
    assert reasons(planned(rows=rows))["web"] == "best_return"
    got = planned(rows=rows, shocks=[shock(CAMPAIGN.until)])
    assert reasons(got) == {"app": "best_return", "web": "new_platform"}


def test_lots_are_those_of_the_campaign_and_its_day() -> None:
    policy, unsure = Policy(), Known(TWO.scale, sd=1.0)
    first = spends(planned(policy=policy, model=unsure))
    assert first == spends(planned(policy=policy, model=unsure))
    others = (
        replace(CAMPAIGN, campaign_id="cmp_b"),
        replace(CAMPAIGN, day=DAY + timedelta(1), until=DAY),
    )
    for other in others:
        assert spends(planned(other, policy, unsure)) != first


def test_what_cannot_be_planned_with_is_refused() -> None:
    with pytest.raises(PlatformDaysError, match="no platform has a row"):
        planned(replace(CAMPAIGN, platforms=()), rows=[])
