"""From a history to a bundle that knows the planted answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from service.contract.manifest import Manifest
from service.contract.platform_days import METRICS
from service.decision.responses import Goal
from service.inference.allocator import open_allocator
from tests.unit.training.allocator.made import FIRST_DAY, UNIT, planted
from training.__main__ import app
from training.allocator.config import AllocatorArm, AllocatorConfig
from training.allocator.history import read_history
from training.allocator.learn import AllocatorData, decay_of
from training.allocator.run import allocator_of
from training.allocator.windows import Series
from training.logs import TrainingDataError

if TYPE_CHECKING:
    from pathlib import Path

    from service.contract.platform_days import PlatformDays

QUICK: dict[str, Any] = {"least_steps": 20, "most_steps": 20, "members": 1}


def quiet(done: int, total: int, note: str) -> None:
    del done, total, note


def write(days: PlatformDays, path: Path, advertiser: str = "") -> Path:
    rows = [
        {
            "date": FIRST_DAY.fromordinal(FIRST_DAY.toordinal() + day),
            "platform": advertiser + platform,
            "spend": days.totals[place, day, 0] / UNIT,
            **dict(zip(METRICS[1:], days.totals[place, day, 1:].tolist(), strict=True)),
        }
        for place, platform in enumerate(days.platforms)
        for day in range(days.known.shape[1])
    ]  # fmt: skip
    pl.DataFrame(rows).write_parquet(path)
    return path


def test_the_planted_curves_are_found(tmp_path: Path) -> None:
    learnt = planted([0.3, 30.0] * 12, days=70, seed=4)
    config = AllocatorConfig(least_steps=150, most_steps=150, members=1)
    allocator_of([learnt], config, tmp_path / "1", {}, quiet)
    model = open_allocator(tmp_path / "1")
    fresh = planted([0.3, 30.0], days=60, seed=9)
    found = model.responses(fresh, Goal.CLICKS)
    for x in (0.5, 1.0, 2.0):
        true = 300 * np.log1p(np.array([0.3, 30.0]) * x) / np.log1p([0.3, 30.0])
        assert found.value(x * 100 * UNIT) == pytest.approx(true, rel=0.12)
    still = planted([1.0], days=60, seed=9, spread=0.0)
    assert model.responses(still, Goal.CLICKS).value(100 * UNIT) == pytest.approx([300], rel=0.1)


def test_less_is_known_of_a_platform_with_a_short_history(tmp_path: Path) -> None:
    learnt = planted([1.0, 10.0] * 12, days=70, seed=4)
    learnt.totals[:, :, 1:] *= np.exp(np.linspace(-1, 1, 24))[:, None, None]  # they differ
    config = AllocatorConfig(least_steps=150, most_steps=150, members=1)
    allocator_of([learnt], config, tmp_path / "1", {}, quiet)
    fresh = planted([3.0, 3.0, 3.0], days=60, seed=9)
    fresh.known[1, :-2] = False
    fresh.known[2] = False
    sd = open_allocator(tmp_path / "1").responses(fresh, Goal.CLICKS).sd
    assert sd[0] < sd[1] < sd[2]
    assert sd[2] > 0.1


@pytest.mark.parametrize("arm", AllocatorArm)
def test_the_command_trains_and_equal_seeds_give_equal_bundles(
    arm: AllocatorArm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in QUICK.items():
        monkeypatch.setattr(
            AllocatorConfig, "__init__", _with(AllocatorConfig.__init__, name, value)
        )
    history = write(planted([0.5, 5.0], days=25), tmp_path / "h.parquet")
    for folder in ("one", "other"):
        files = ["--history", str(history), "--out", str(tmp_path / folder)]
        done = CliRunner().invoke(app, ["allocator", *files, "--arm", arm, "--seed", "7"])
        assert done.exit_code == 0, done.output
        assert "clicks_error" in done.output
    manifest = Manifest.from_json((tmp_path / "one" / "manifest.json").read_bytes())
    assert manifest.training.config["arm"] == arm
    assert manifest.training.seed == 7
    assert set(manifest.training.data_sha256) == {"history"}
    for name in ("response.onnx", "golden.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def _with(plain: Any, name: str, value: Any) -> Any:
    def make(self: Any, *args: Any, **kwargs: Any) -> None:
        plain(self, *args, **{name: value, **kwargs})

    return make


def test_names_before_the_last_slash_are_advertisers(tmp_path: Path) -> None:
    one = pl.read_parquet(write(planted([1.0, 2.0], days=3), tmp_path / "a.parquet", "shop/a/"))
    other = pl.read_parquet(write(planted([1.0], days=5), tmp_path / "b.parquet", "b/"))
    pl.concat([one, other]).sample(fraction=1, shuffle=True, seed=1).write_parquet(tmp_path / "h")
    histories = read_history(tmp_path / "h")
    assert [days.platforms for days in histories] == [("b/p00",), ("shop/a/p00", "shop/a/p01")]
    assert [days.known.shape for days in histories] == [(1, 5), (2, 3)]


@pytest.mark.parametrize(
    ("history", "said"),
    [
        ("missing", "no such file"),
        ("text", "not a parquet file"),
        ("columns", r"lacks the columns \['conversions'\]"),
        ("empty", "has no rows"),
        ("negative", r"row 1 .*: spend is -1000000"),
        ("one day", "no day with spend, and with what it brought, follows another day"),
        ("short", "2 platform days with spend over 2 days; learning needs 14"),
        ("nothing came", "no platform ever brought a click or a conversion"),
    ],
)
def test_what_nothing_can_be_learnt_from_is_refused(
    history: str, said: str, tmp_path: Path
) -> None:
    path = write(planted([1.0, 2.0] * 10, days=20), tmp_path / "h.parquet")
    table = pl.read_parquet(path)
    changed = {
        "columns": table.drop("conversions"),
        "empty": table.clear(),
        "negative": table.with_columns(spend=pl.lit(-1.0)),
        "short": table.filter(
            pl.col("platform") == "p00", pl.col("date") < table["date"].min() + pl.duration(days=2)
        ),
        "one day": table.with_columns(
            spend=pl.when(pl.col("date") > FIRST_DAY).then(0.0).otherwise(5.0)
        ),
        "nothing came": table.with_columns(clicks=pl.lit(0), conversions=pl.lit(0)),
    }
    if history == "missing":
        path.unlink()
    elif history == "text":
        path.write_text("date,platform\n")
    else:
        changed[history].write_parquet(path)
    with pytest.raises(TrainingDataError, match=said):
        allocator_of(read_history(path), AllocatorConfig(**QUICK), tmp_path / "1", {}, quiet)
    assert not (tmp_path / "1").exists()


def test_few_rows_weigh_the_prior_more() -> None:
    config = AllocatorConfig(decay=1e-4, held_out=0.0)
    few = AllocatorData.of(Series.of([planted([1.0] * 4, days=101)]), config)
    assert decay_of(few, config) == pytest.approx(1e-4 * 80_000 / 800)
    tiny = AllocatorData.of(Series.of([planted([1.0], days=3)]), config)
    assert decay_of(tiny, config) == 0.1
    many = AllocatorData.of(Series.of([planted([1.0] * 60, days=701)]), config)
    assert decay_of(many, config) == 1e-4


def test_what_is_held_out_is_never_learnt_from() -> None:
    config = AllocatorConfig(horizon=3, held_out=0.2)
    data = AllocatorData.of(Series.of([planted([1.0], days=51)]), config)
    assert data.held_out.tolist() == list(range(41, 51))
    assert data.learnt.max() + config.horizon - 1 < data.held_out.min()
    tiny = AllocatorData.of(Series.of([planted([1.0], days=3)]), config)
    assert len(tiny.held_out) == 0
    assert (tiny.checked == tiny.learnt).all()
