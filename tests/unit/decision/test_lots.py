from __future__ import annotations

from datetime import date

import numpy as np

from service.contract.platform_days import MOST_PLATFORMS
from service.decision.lots import lots_of

DAY = date(2026, 3, 1)


def test_a_day_of_a_campaign_has_the_same_lots_whoever_asks() -> None:
    first, again = lots_of("cmp_a", DAY), lots_of("cmp_a", DAY)
    assert first == again
    assert len(first) == MOST_PLATFORMS


def test_other_days_and_other_campaigns_have_others() -> None:
    lots = set(lots_of("cmp_a", DAY))
    assert not lots & set(lots_of("cmp_a", date(2026, 3, 2)))
    assert not lots & set(lots_of("cmp_b", DAY))


def test_lots_are_standard_normal() -> None:
    many = np.concatenate([lots_of(f"cmp_{number}", DAY) for number in range(400)])
    assert abs(many.mean()) < 0.02
    assert abs(many.std() - 1) < 0.02
    assert abs((np.abs(many) < 1).mean() - 0.6827) < 0.01
