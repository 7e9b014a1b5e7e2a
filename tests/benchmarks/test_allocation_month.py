from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from service.contract.platform_days import DayRow, platform_days
from service.decision.responses import Goal, Responses
from tests.benchmarks.allocation_columns import first_days, rows_of
from tests.benchmarks.allocation_data import (
    ONLINE_ADS,
    Held,
    earlier,
    kag_facebook,
    meridian,
    online_ads,
    robyn,
)
from tests.benchmarks.allocation_forecasts import BASELINES, Past, answering, seasonal_mean
from tests.benchmarks.allocation_learnt import with_made_up
from tests.benchmarks.allocation_month import (
    DRAWS,
    OURS,
    Compared,
    compare,
    day_errors,
    drawn_days,
    error_of,
    figures,
    real_month,
)
from tests.benchmarks.real_data import MissingDataError
from training.lab.bootstrap import Sampled

if TYPE_CHECKING:
    from service.contract.platform_days import PlatformDays
    from service.decision.tables import Floats

MICROS = 1_000_000
FOLDER = os.environ.get("SALIENT_DATA")


def history(days: int, *, seed: int = 0) -> PlatformDays:
    """Two platforms that bring 10 and 2 clicks for each unit of currency, whatever is spent."""
    rng = np.random.default_rng(seed)
    rows = [
        DayRow(
            date.fromordinal(date(2021, 3, 1).toordinal() + day),
            name,
            int(spend := int(rng.integers(50, 200)) * MICROS),
            0,
            rate * spend // MICROS,
            0,
        )
        for day in range(days)
        for name, rate in (("dear", 2), ("good", 10))
    ]
    return platform_days(rows)


def truth(_: PlatformDays, spend: Floats) -> Floats:
    expected: Floats = spend / MICROS * np.array([2.0, 10.0])
    return expected


def ad(month: str, day: int, placement: str | None, cost: float, clicks: int) -> dict[str, object]:
    return {
        "month": month,
        "day": day,
        "campaign_number": "camp 1",
        "placement": placement,
        "displays": 100 * clicks,
        "cost": cost,
        "clicks": clicks,
        "post_click_conversions": 1,
    }


def write_ads(folder: Path, *rows: dict[str, object]) -> None:
    pl.DataFrame(list(rows)).write_parquet(folder / ONLINE_ADS)


def test_the_last_month_is_held_out_and_banners_are_added_up(tmp_path: Path) -> None:
    write_ads(
        tmp_path,
        ad("May", 1, "abc", 0.5, 7),
        ad("April", 29, "abc", 1.25, 3),
        ad("April", 29, "abc", 0.75, 4),
        ad("April", 30, None, 9.0, 9),
    )
    held = online_ads(tmp_path)
    assert held.days.platforms == ("camp 1/abc",)
    assert held.first == 2  # 29 and 30 April come before
    assert held.days.metric("spend").tolist() == [[2_000_000, 0, 500_000]]
    assert held.days.metric("clicks").tolist() == [[7, 0, 7]]
    assert held.days.known.tolist() == [[True, False, True]]


def test_of_a_single_month_the_last_part_is_held_out(tmp_path: Path) -> None:
    write_ads(tmp_path, *(ad("June", day, "abc", 1.0, day) for day in range(1, 31)))
    assert online_ads(tmp_path).first == 18


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=f"holds no {ONLINE_ADS}"):
        online_ads(tmp_path)


def test_what_is_chosen_by_lies_before_the_held_out_days() -> None:
    held = Held("made up", history(40), first=30)
    choosing = earlier(held)
    assert (choosing.days.known.shape[1], choosing.first) == (30, 18)


def test_the_seasonal_mean_is_that_of_the_weekday() -> None:
    # clicks of day d are d: the 15th day is foretold by the 8th and the 1st, (7 + 0) / 2
    first = date(2021, 3, 1).toordinal()
    rows = [DayRow(date.fromordinal(first + day), "web", MICROS, 0, day, 0) for day in range(14)]
    days = platform_days(rows)
    forecast = seasonal_mean(Past(days, Goal.CLICKS, 7, 0))
    assert forecast(days, np.array([MICROS])).tolist() == [3.5]


def test_days_without_a_row_count_for_nothing() -> None:
    days = history(20)
    days.known[:, 15:] = False
    days.totals[:, 15:] = 0
    missed, counted = day_errors(Held("made up", days, first=14), lambda _, spend: 0 * spend + 9)
    assert counted.tolist() == [days.metric("clicks")[:, 14].sum(), 0, 0, 0, 0, 0]
    assert missed[1:].tolist() == [0] * 5


def test_a_forecast_sees_only_the_days_before() -> None:
    held, seen = Held("made up", history(20), first=17), []

    def forecast(before: PlatformDays, spend: Floats) -> Floats:
        seen.append(before.known.shape[1])
        return spend

    day_errors(held, forecast)
    assert seen == [17, 18, 19]


def test_the_error_is_what_is_missed_by_what_came() -> None:
    # 1 + 3 of 10 + 30; the second draw has the second day twice: 6 of 60
    draws = np.array([[1.0, 1.0], [0.0, 2.0], [2.0, 0.0]])
    error = error_of(np.array([1.0, 3.0]), np.array([10.0, 30.0]), draws)
    assert error.value == 0.1
    assert error.draws.tolist() == [0.1, 0.1, 0.1]


def test_draws_are_blocks_of_days_in_a_row() -> None:
    draws = drawn_days(30, seed=3)
    assert draws.shape == (DRAWS, 30)
    assert (draws.sum(1) == 30).all()
    assert abs(draws.mean() - 1) < 1e-12
    # neighbours stand in six blocks of seven together, days half a month apart in none
    beside = np.corrcoef(draws[:, 0], draws[:, 1])[0, 1]
    apart = np.corrcoef(draws[:, 0], draws[:, 15])[0, 1]
    assert beside > 0.6
    assert apart < 0.2


def test_regressions_learn_a_rate_that_is_the_same_every_day() -> None:
    held = Held("made up", history(60), first=45)
    compared = compare(held, lambda _: truth, seed=0)
    errors = {name: error.value for name, error in compared.errors.items()}
    assert errors[OURS] == 0.0
    assert errors["linear"] < 0.005
    assert errors["linear in logarithms"] < 0.01
    assert errors["lightgbm"] < 0.02
    assert errors["seasonal mean"] > 0.2  # spend is drawn anew each day, and it does not look
    assert compared.verdict == "below the best baseline"


def test_what_is_foretold_twice_too_high_is_above_the_best() -> None:
    held = Held("made up", history(60), first=45)
    compared = compare(held, lambda _: lambda days, spend: 2 * truth(days, spend), seed=0)
    assert compared.errors[OURS].value == 1.0
    assert compared.verdict == "above the best baseline"


def test_a_difference_within_its_interval_is_said_to_be_noise() -> None:
    even, odd = np.tile([0.1, 0.2], 50), np.tile([0.2, 0.1], 50)
    errors = {OURS: Sampled(0.14, even)} | {name: Sampled(0.15, odd) for name in BASELINES}
    compared = Compared("made up", errors)
    assert compared.verdict == "not to be told from the best baseline"
    assert figures(compared)["real_month_difference_interval"] == [-0.1, 0.1]


def test_the_best_baseline_is_that_of_the_least_error() -> None:
    errors = {
        name: Sampled(value, np.full(3, value))
        for name, value in zip((OURS, *BASELINES), (0.1, 0.5, 0.4, 0.2, 0.3), strict=True)
    }
    compared = Compared("made up", errors)
    assert compared.best == "linear in logarithms"
    assert figures(compared)["real_month_error_best_baseline"] == 0.2
    assert figures(compared)["real_month_errors"] == {
        OURS: 0.1,
        "seasonal mean": 0.5,
        "linear": 0.4,
        "linear in logarithms": 0.2,
        "lightgbm": 0.3,
    }
    assert compared.verdict == "below the best baseline"


def test_curves_are_asked_at_the_spend_of_the_day() -> None:
    class Model:
        name = "made up"

        def responses(self, days: PlatformDays, goal: Goal) -> Responses:
            assert (days.known.shape[1], goal) == (9, Goal.CLICKS)
            return Responses(np.array([1.0, 2.0]), np.array([1.0, 1.0]), np.zeros(2))

    expected = answering(Model(), Goal.CLICKS)(first_days(history(20), 9), np.array([0.0, 1.0]))
    assert expected == pytest.approx([0.0, 2 * np.log(2)])


def test_a_platform_that_never_had_a_day_is_expected_to_bring_next_to_nothing() -> None:
    days = history(20)
    days.known[0] = False
    days.totals[0] = 0
    rows = rows_of(days, Goal.CLICKS, np.array([MICROS, MICROS], np.float64))
    assert np.isfinite(rows.in_logs()).all()
    assert rows.level[0] == 0
    assert rows.level[1] > 0


def test_a_short_history_is_learnt_beside_made_up_ones_on_the_same_days() -> None:
    own = history(30)
    *made_up, last = with_made_up(own)
    assert len({one.platforms for one in made_up}) == 7  # six advertisers, and ours
    assert sum(one.platforms == own.platforms for one in [*made_up, last]) == 12
    assert 0 <= (made_up[0].last_day - last.last_day).days < 7
    assert last.first_day.weekday() == own.first_day.weekday()
    assert last.totals is own.totals


def test_without_the_file_there_is_no_real_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SALIENT_DATA", raising=False)
    assert real_month(0) is None
    monkeypatch.setenv("SALIENT_DATA", str(tmp_path))
    assert real_month(0) is None


@pytest.mark.skipif(
    FOLDER is None or not (Path(FOLDER) / ONLINE_ADS).is_file(),
    reason="SALIENT_DATA names no folder with histories of platforms",
)
def test_the_real_histories_are_read_whole() -> None:
    folder = Path(FOLDER or "")
    ads = online_ads(folder)
    assert ads.days.metric("clicks").sum() > 1e6
    assert ads.first >= 18
    assert len(ads.days.platforms) >= 10
    for read, platforms in ((kag_facebook, 12), (robyn, 2), (meridian, 20)):
        held = read(folder)
        assert len(held.days.platforms) == platforms
        assert 0.5 < held.first / held.days.known.shape[1] < 0.9
        assert held.days.metric(held.goal)[:, held.first :].sum() > 100
