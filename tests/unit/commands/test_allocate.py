"""`salient allocate`: a history in a file, a budget, and what each platform gets of it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from service.__main__ import app, run
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


def far(kind: pl.DataType | type[pl.DataType], place: int) -> pl.DataFrame:
    """TWO with a day in its second row that no calendar has."""
    number = pl.Series("date", [0, place, *[0] * (len(TWO) - 2)])
    return TWO.with_columns(number.cast(pl.Int32 if kind == pl.Date else pl.Int64).cast(kind))


class Bench:
    """A bundle whose curves are known, and a place to write."""

    def __init__(self, folder: Path) -> None:
        self.bundle = made_allocator(folder / "allocator" / "1")
        self.out, self.file = folder / "out.json", folder / "h.parquet"

    def run(self, table: pl.DataFrame, *words: object, budget: float = 300) -> Result:
        table.write_parquet(self.file)
        return self.call("--history", self.file, *words, budget=budget)

    def call(self, *words: object, budget: float = 300) -> Result:
        given = [self.bundle, "--budget", budget, "--out", self.out, *words]
        return CliRunner().invoke(app, ["allocate", *map(str, given)])

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


def test_amounts_hold_to_the_micro_however_large_the_budget(bench: Bench) -> None:
    six = history(*((f"p{number}", 100.0, 50_000) for number in range(6)))
    # a sixth is 166,666.67 millionths: rounded up, six of them would be more than the whole
    lines = bench.lines(six, "--floor", "100", budget=600)
    assert [line["spend_micros"] for line in lines.values()] == [100_000_000] * 6
    lines = bench.lines(TWO, "--cap", "app=100.000001", budget=1e9)  # a tenth of a millionth
    assert lines["app"]["spend_micros"] == 100_000_001
    lines = bench.lines(TWO, "--max-change", "10.5", budget=200)  # from equal shares
    assert lines["web"]["spend_micros"] == 110_500_000


def test_a_cap_above_the_budget_is_none(bench: Bench) -> None:
    assert bench.lines(TWO, "--cap", "1e300") == bench.lines(TWO)


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


@pytest.mark.parametrize(
    "kind", [pl.Datetime("ms"), pl.Datetime("us"), pl.Datetime("ns"), pl.Datetime("us", "UTC")]
)
def test_times_and_decimals_are_read_as_days_and_numbers(kind: pl.DataType, bench: Bench) -> None:
    plain = bench.lines(TWO)
    other = TWO.with_columns(
        pl.col("date").cast(kind),
        pl.col("spend").cast(pl.Decimal(12, 2)),
        pl.col("platform").cast(pl.Categorical),
    )
    assert bench.lines(other) == plain


def test_a_name_may_be_anything_that_can_be_read(bench: Bench) -> None:
    odd = "东京/ünï=<b> 🎉"
    lines = bench.lines(history((odd, 100.0, 9), ("web", 100.0, 9)), "--floor", f"{odd}=0.75")
    assert lines[odd]["spend_micros"] == 225_000_000


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
        (TWO, ("--cap", "app=inf"), "no part of a budget"),
        (TWO, ("--floor", "app=300.1"), "--floor 'app=300.1': more than the budget of 300"),
        (TWO, ("--floor", " =0.1"), "a platform's name has 1 to 200 characters, received ' '"),
        (
            history(*((f"p{n}", 1.0, 1) for n in range(64))), ("--cap", "tv=0.1"),
            "65 platforms, at most 64",
        ),
        (TWO.with_columns(date=pl.lit("9999-12-31")), (), "no day comes after it"),
        (far(pl.Date, 2**30), (), "row 2: date lies outside the years 2 to 9998"),
        (far(pl.Datetime("us"), 2**62), (), "row 2: date lies outside the years 2 to 9998"),
        (TWO.with_columns(spend=pl.lit(1e12)), (), "expected a number from 0 to"),
        (TWO.with_columns(date=None), (), "row 1: date is 'None', expected a day"),
        (TWO.rename({"spend": "Spend"}), (), r"lacks the columns \['spend'\]"),
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


def test_files_that_are_none_are_named(bench: Bench, tmp_path: Path) -> None:
    bench.run(TWO)
    words = {
        bench.file: b"date,platform\n", tmp_path / "cut": bench.file.read_bytes()[:-9],
    }  # fmt: skip
    for file, content in words.items():
        file.write_bytes(content)
        done = bench.call("--history", file)
        assert f"{file}: not a parquet file" in str(done.exception)
    assert "no such file" in str(bench.call("--history", tmp_path / "none").exception)
    assert f"{tmp_path}: not a file" in str(bench.call("--history", tmp_path).exception)


def test_an_out_that_cannot_be_written_is_told_in_a_line(
    bench: Bench,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    TWO.write_parquet(bench.file)
    out = tmp_path / "none" / "out.json"
    words = (bench.bundle, "--history", bench.file, "--budget", 3, "--out", out)
    monkeypatch.setattr("sys.argv", ["salient", "allocate", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 1
    said = capsys.readouterr().err.strip()
    assert said == f"salient: [Errno 2] No such file or directory: '{out}'"


@pytest.mark.parametrize("budget", ["nan", "-1", "2e9"])
def test_a_budget_is_an_amount(budget: str, bench: Bench) -> None:
    done = bench.run(TWO, budget=float(budget))
    assert "--budget is" in str(done.exception)
