from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from service.demo.platform_history import history_rows, people_spend, write_history
from service.demo.platform_world import Curve, Market, PlatformWorld, Shock, make_world

if TYPE_CHECKING:
    from pathlib import Path


def a_world(**changed: object) -> PlatformWorld:
    """Three platforms, four days, level 100, half 1000: one of each curve."""
    plain = PlatformWorld(
        level=np.full((4, 3), 100.0),
        half=np.full((4, 3), 1_000.0),
        curve=np.array([Curve.HILL, Curve.EXPONENTIAL, Curve.POWER]),
        exponent=np.array([2.0, 1.0, 0.5]),
        carry=np.zeros(3),
        late=np.tile([1.0, 0.0, 0.0], (3, 1)),
        dispersion=np.full(3, 20.0),
        click_rate=np.full(3, 0.02),
        buy_rate=np.full(3, 0.05),
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def test_each_curve_gives_half_the_level_at_its_half() -> None:
    np.testing.assert_allclose(a_world().steady(0, np.full(3, 1_000.0)), [50.0, 50.0, 50.0])


def test_the_curves_at_twice_and_at_four_times_the_half() -> None:
    # 2^2/(1+2^2) = 0.8, 1-2^-2 = 0.75, sqrt(4)/2 = 1
    spend = np.array([2_000.0, 2_000.0, 4_000.0])
    np.testing.assert_allclose(a_world().steady(0, spend), [80.0, 75.0, 100.0])


def test_no_spend_brings_nothing() -> None:
    assert a_world().steady(0, np.zeros(3)).tolist() == [0.0, 0.0, 0.0]


def test_carried_over_spend_comes_to_its_full_answer_by_and_by() -> None:
    market = Market(a_world(carry=np.full(3, 0.5)), np.random.default_rng(1))
    days = [market.spend(np.array([0, 1_000, 0]))[0][1] for _ in range(3)]
    # effective 500, 750, 875 of the half of 1000
    np.testing.assert_allclose(days, [100 * (1 - 2**-u) for u in (0.5, 0.75, 0.875)])


def test_late_results_are_reported_on_later_days() -> None:
    late = np.tile([0.5, 0.3, 0.2], (3, 1))
    market = Market(a_world(late=late, dispersion=np.full(3, 1e9)), np.random.default_rng(1))
    told = [market.spend(np.full(3, spend))[1].clicks.sum() for spend in (10**9, 0, 0, 0)]
    # by then Hill and exponential are at their level of 100, the root at 50,000
    np.testing.assert_allclose(told, [25_100, 15_060, 10_040, 0], rtol=0.02)


def test_a_day_scatters_as_the_negative_binomial_does() -> None:
    days = 20_000
    world = a_world(level=np.full((days, 3), 400.0), half=np.full((days, 3), 1_000.0))
    market = Market(world, np.random.default_rng(3))
    clicks = np.array([market.spend(np.full(3, 1_000))[1].clicks for _ in range(days)])
    np.testing.assert_allclose(clicks.mean(axis=0), 200, rtol=0.02)
    # 200 + 200^2 / 20
    np.testing.assert_allclose(clicks.var(axis=0), 2_200, rtol=0.05)


@pytest.mark.parametrize(("what", "moved"), [("level", 0.5), ("half", 2.0)])
def test_a_shock_moves_one_platform_from_its_day_on(what: str, moved: float) -> None:
    plain = make_world(np.random.default_rng(7), platforms=10, days=5)
    shock = Shock(day=3, platform=4, what=what, factor=moved)
    struck = make_world(np.random.default_rng(7), platforms=10, days=5, shocks=(shock,))
    ratio = getattr(struck, what) / getattr(plain, what)
    assert np.argwhere(ratio != 1).tolist() == [[3, 4], [4, 4]]
    assert ratio[3, 4] == pytest.approx(moved)


def test_ten_platforms_are_of_all_kinds() -> None:
    world = make_world(np.random.default_rng(1), platforms=10, days=14)
    assert set(world.curve.tolist()) == {0, 1, 2}
    assert (world.carry > 0).sum() == 2
    assert (world.late[:, 0] < 1).sum() == 2
    np.testing.assert_allclose(world.late.sum(axis=1), 1)


def test_the_same_seed_makes_the_same_history_and_another_another() -> None:
    rows = [list(history_rows(seed, advertisers=2, days=20)) for seed in (1, 1, 2)]
    assert rows[0] == rows[1] != rows[2]


def test_people_move_spend_far_enough_to_learn_a_response() -> None:
    spend = people_spend(np.random.default_rng(1), np.full(200, 1e9), 84)
    logs = np.log(np.where(spend > 0, spend, np.nan))
    assert np.median(np.nanstd(logs, axis=0)) > 0.7


def test_a_history_is_written_as_the_allocator_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "made" / "history.parquet"
    count = write_history(file, 1, advertisers=2, days=30)
    table = pl.read_parquet(file)
    assert len(table) == count <= 600
    assert table.columns == ["date", "platform", "spend", "impressions", "clicks", "conversions"]
    assert table["platform"].n_unique() == 20
    assert not table.select(["date", "platform"]).is_duplicated().any()
    assert (table["clicks"] <= table["impressions"]).all()
    assert (table["conversions"] <= table["clicks"]).all()
