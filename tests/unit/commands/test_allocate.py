"""`salient allocate`: a history in a file, a budget, and what each platform gets of it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from service.__main__ import app
from service.contract.platform_days import METRICS
from tests.unit.inference.made_allocators import made_allocator

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2026, 6, 1)


def history(*platforms: tuple[str, float, int], days: int = 5) -> pl.DataFrame:
    rows = [
        {
            "date": DAY + timedelta(day), "platform": name, "spend": spend,
            "impressions": 10 * clicks, "clicks": clicks, "conversions": clicks // 10,
        }
        for day in range(days)
        for name, spend, clicks in platforms
    ]  # fmt: skip
    return pl.DataFrame(rows)


TWO = history(("app", 100.0, 50_000), ("web", 100.0, 100_000))


class Bench:
    """A bundle whose curves are known, and a place to write."""

    def __init__(self, folder: Path) -> None:
        self.bundle = made_allocator(folder / "allocator" / "1")
        self.out, self.file = folder / "out.json", folder / "h.parquet"

    def run(self, table: pl.DataFrame, *words: object, budget: float = 300) -> Result:
        table.write_parquet(self.file)
        given = [self.bundle, "--history", self.file, "--budget", budget, "--out", self.out]
        return CliRunner().invoke(app, ["allocate", *map(str, [*given, *words])])

    def lines(self, table: pl.DataFrame, *words: object, budget: float = 300) -> dict[str, Any]:
        done = self.run(table, *words, budget=budget)
        assert done.exit_code == 0, f"{done.output} {done.exception}"
        content = orjson.loads(self.out.read_bytes())
        assert set(content) == {"platforms", "dual_gap"}
        assert 0 <= content["dual_gap"] <= 1e-5
        return {line["platform"]: line for line in content["platforms"]}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_marginal_values_are_equal_and_micros_add_up(bench: Bench) -> None:
    lines = bench.lines(TWO, budget=300.000001)
    app_, web = lines["app"], lines["web"]
    assert app_["spend_micros"] + web["spend_micros"] == 300_000_001
    assert app_["share"] + web["share"] == pytest.approx(1)
    # scale s and 2 s, rate 4 by 100: x + 25 in proportion 1 : 2, so 350 / 3 - 25 and 700 / 3 - 25
    assert app_["spend_micros"] == pytest.approx(350e6 / 3 - 25e6, abs=2_000)
    assert web["predicted"] > 100_000
    assert {app_["reason"], web["reason"]} == {"best_return"}


def test_floors_and_caps_are_shares_or_amounts(bench: Bench) -> None:
    lines = bench.lines(TWO, "--floor", "app=0.5", "--cap", "web=0.25")
    assert (lines["web"]["spend_micros"], lines["web"]["reason"]) == (75_000_000, "at_cap")
    assert lines["app"]["spend_micros"] == 225_000_000
    lines = bench.lines(TWO, "--floor", "app=180")
    assert (lines["app"]["spend_micros"], lines["app"]["reason"]) == (180_000_000, "at_floor")


def test_a_part_without_a_name_is_that_of_all_others(bench: Bench) -> None:
    lines = bench.lines(TWO, "--cap", "0.4")
    assert [line["spend_micros"] for line in lines.values()] == [120_000_000] * 2
    lines = bench.lines(TWO, "--cap", "0.4", "--cap", "web=150", "--floor", "0.1")
    assert (lines["app"]["spend_micros"], lines["web"]["spend_micros"]) == (
        120_000_000,
        150_000_000,
    )


def test_no_platform_moves_further_than_allowed(bench: Bench) -> None:
    lines = bench.lines(TWO, "--max-change", "0.05")  # from equal shares
    assert lines["web"]["spend_micros"] == 165_000_000
    assert lines["web"]["reason"] == "largest_change"


def test_missing_days_one_platform_no_spend_and_new_ones(bench: Bench) -> None:
    one = TWO.filter(pl.col("platform") == "web").filter(pl.col("date") != DAY + timedelta(2))
    lines = bench.lines(one)
    assert lines["web"]["spend_micros"] == 300_000_000
    silent = pl.concat([TWO, history(("tv", 0.0, 0))])
    lines = bench.lines(silent, "--floor", "radio=0.1")
    assert lines["tv"]["reason"] == "no_spend_yet"
    assert lines["radio"]["spend_micros"] >= 30_000_000
    assert lines["radio"]["reason"] in {"new_platform", "at_floor"}
    lines = bench.lines(history(("app", 0.0, 0), ("web", 0.0, 0)))
    assert lines["app"]["spend_micros"] == lines["web"]["spend_micros"] == 150_000_000


def test_order_duplicates_and_text_dates_do_not_matter(bench: Bench) -> None:
    plain = bench.lines(TWO)
    halves = TWO.with_columns(pl.col(METRICS) / 2)
    twice = pl.concat([halves, halves]).with_columns(pl.col("date").cast(pl.String))
    assert bench.lines(twice.sample(fraction=1, shuffle=True, seed=1)) == plain


def test_a_budget_of_nothing(bench: Bench) -> None:
    assert {line["spend_micros"] for line in bench.lines(TWO, budget=0).values()} == {0}


@pytest.mark.parametrize(
    ("table", "words", "said"),
    [
        (TWO.with_columns(spend=-1.0), (), r"row 1 \(app, 2026-06-01\): spend is -1000000"),
        (TWO.with_columns(clicks=float("nan")), (), "row 1: clicks is 'nan', expected a finite"),
        (TWO.with_columns(date=pl.lit("soon")), (), "row 1: date is 'soon', expected a day"),
        (TWO.drop("spend", "clicks"), (), r"lacks the columns \['spend', 'clicks'\]"),
        (TWO.clear(), (), "no rows"),
        (history(*((f"p{n}", 1.0, 1) for n in range(65))), (), "65 platforms, at most 64"),
        (TWO, ("--floor", "app"), "--floor 'app': expected PLATFORM=PART"),
        (TWO, ("--cap", "app=x"), "--cap 'app=x': expected PLATFORM=PART"),
        (TWO, ("--cap", "0.5", "--cap", "0.6"), "each platform once"),
        (TWO, ("--floor", "app=-1"), "no part of a budget"),
        (TWO, ("--floor", "app=0.7", "--floor", "web=0.7"), "floor"),
        (TWO, ("--goal", "fame"), r"--goal is 'fame', expected one of \['clicks'"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_clear_words(
    table: pl.DataFrame, words: tuple[str, ...], said: str, bench: Bench
) -> None:
    done = bench.run(table, *words)
    assert done.exit_code != 0
    assert re.search(said, str(done.exception)), str(done.exception)
    assert not bench.out.exists()


@pytest.mark.parametrize("budget", ["nan", "-1", "2e9"])
def test_a_budget_is_an_amount(budget: str, bench: Bench) -> None:
    done = bench.run(TWO, budget=float(budget))
    assert "--budget is" in str(done.exception)
