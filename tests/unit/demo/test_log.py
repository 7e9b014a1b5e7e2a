"""A demo log has the shared layouts, exact propensities, and room to learn in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from service.demo.headroom import auc, measure_headroom
from service.demo.log import ARMS, FIRST_TS, write_log
from service.demo.merchants import make_shop
from service.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

FACETS = {
    "session_id": pl.Int64, "ts": pl.Int64, "user_id": pl.Int64, "query": pl.String,
    "sf_keyword": pl.String, "position": pl.Int64, "click": pl.Int64,
}  # fmt: skip
CLICKS = {
    "request_id": pl.Int64, "ts": pl.Int64, "user_id": pl.Int64, "query": pl.String,
    "product_uid": pl.Int64, "slot": pl.Int64, "propensity": pl.Float64, "sp_arm": pl.String,
    "sp_shown": pl.List(pl.String), "click": pl.Int64, "conversion": pl.Int64,
    "mobile": pl.Int64,
}  # fmt: skip
ITEMS = {
    "product_uid": pl.Int64, "title": pl.String, "sp_candidates": pl.List(pl.String),
    "price_z": pl.Float64,
}  # fmt: skip


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("log")
    write_log("base", 5, out, sessions=5_000)
    return out


def test_files_have_the_shared_layouts(log: Path) -> None:
    assert pl.read_parquet_schema(log / "facets.parquet") == FACETS
    assert pl.read_parquet_schema(log / "clicks.parquet") == CLICKS
    assert pl.read_parquet_schema(log / "items.parquet") == ITEMS


def test_a_report_hears_of_every_file(tmp_path: Path) -> None:
    heard: list[str] = []
    rows = write_log("null", 1, tmp_path, sessions=10, report=heard.append)
    assert heard == list(rows)
    assert rows["facets.parquet"] == 80
    assert rows["clicks.parquet"] == 160
    assert rows["truth/clicks.parquet"] == 160


def test_truth_is_kept_apart(log: Path) -> None:
    truth = pl.read_parquet(log / "truth" / "clicks.parquet")
    assert truth.columns == [
        "p_click", "p_conversion", "p_click_without_taste", "sp_propensity",
    ]  # fmt: skip
    assert truth["p_click"].is_between(0, 1, closed="none").all()
    tastes = pl.read_parquet(log / "truth" / "tastes.parquet")
    means = tastes.group_by("phrase").agg(pl.col("theta").mean())["theta"]
    assert means.abs().max() == pytest.approx(0.0, abs=1e-9)  # no phrase is liked by all


def test_rows_stand_in_time_order_over_28_days(log: Path) -> None:
    for name in ("facets", "clicks"):
        ts = pl.read_parquet(log / f"{name}.parquet")["ts"]
        assert ts.is_sorted()
        assert FIRST_TS <= ts[0] <= ts[-1] < FIRST_TS + 28 * 86_400


def test_a_page_shows_each_chip_and_product_once(log: Path) -> None:
    facets = pl.read_parquet(log / "facets.parquet")
    assert facets.unique(["session_id", "sf_keyword"]).height == facets.height
    clicks = pl.read_parquet(log / "clicks.parquet")
    assert clicks.unique(["request_id", "product_uid"]).height == clicks.height
    assert (clicks["conversion"] <= clicks["click"]).all()


def test_selling_points_are_true_of_the_product_and_not_in_the_query(log: Path) -> None:
    items = pl.read_parquet(log / "items.parquet").select("product_uid", "sp_candidates")
    shown = pl.read_parquet(log / "clicks.parquet").join(items, on="product_uid")
    outside = shown.filter(pl.col("sp_shown").list.set_difference("sp_candidates").list.len() > 0)
    assert outside.is_empty()
    said = shown.explode("sp_shown", empty_as_null=True, keep_nulls=False)
    assert said.filter(pl.col("query").str.starts_with(pl.col("sp_shown"))).is_empty()


def test_arms_are_drawn_alike_and_show_what_they_say(log: Path) -> None:
    clicks = pl.read_parquet(log / "clicks.parquet")
    counts = clicks.unique("request_id")["sp_arm"].value_counts()
    assert set(counts["sp_arm"]) == set(ARMS)
    assert counts["count"].min() / counts["count"].max() > 0.9  # type: ignore[operator]
    lengths = clicks.group_by("sp_arm").agg(pl.col("sp_shown").list.len().unique())
    assert {arm: set(found) for arm, found in lengths.iter_rows()} == {
        "none": {0}, "popular_1": {1}, "random_1": {1}, "random_2": {2},
    }  # fmt: skip


def test_slot_propensities_are_the_true_chances(log: Path) -> None:
    # E[1 / propensity of what was shown] is the number of ads that could have been: 24 for slot 1
    top = pl.read_parquet(log / "clicks.parquet").filter(pl.col("slot") == 1)
    weights = 1.0 / top["propensity"].to_numpy()
    assert weights.mean() == pytest.approx(24.0, rel=0.05)


def test_the_same_seed_writes_the_same_log(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_log("base", 8, tmp_path / name, sessions=50)
    for file in ("facets.parquet", "clicks.parquet", "items.parquet"):
        one, two = (pl.read_parquet(tmp_path / name / file) for name in ("one", "two"))
        assert one.equals(two)


def test_items_are_products_of_the_shop(log: Path) -> None:
    titles = {p.product_id: p.title for p in make_shop(5).products}
    items = pl.read_parquet(log / "items.parquet")
    assert all(titles[str(uid)] == title for uid, title in items.select(
        "product_uid", "title").iter_rows())  # fmt: skip


def test_an_unknown_world_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no world named 'mars'; there are base, shift, null"):
        write_log("mars", 1, tmp_path)


@pytest.mark.parametrize(
    ("world", "seed"), [("base", 1), ("base", 2), ("base", 3), ("shift", 1), ("null", 1)]
)
def test_there_is_room_to_learn_and_most_of_it_is_personal(
    tmp_path: Path, world: str, seed: int
) -> None:
    write_log(world, seed, tmp_path, sessions=16_000)
    for task, room in measure_headroom(tmp_path).items():
        assert 0.57 <= room.floor <= 0.65, task
        assert 0.68 <= room.ceiling <= 0.78, task
        assert room.impersonal_share <= 0.40, task


def test_shoppers_click_enough_for_their_taste_to_be_learnt(tmp_path: Path) -> None:
    write_log("base", 1, tmp_path)
    for name, least in (("facets", 40), ("clicks", 50)):
        log = pl.read_parquet(tmp_path / f"{name}.parquet")
        clicks = log.group_by("user_id").agg(pl.col("click").sum())["click"]
        assert clicks.median() >= least  # type: ignore[operator]


def test_auc_counts_ties_one_half() -> None:
    # pairs: (.9 > .5), (.9 > .1), (.5 = .5), (.5 > .1): 3.5 of 4
    labels, scores = np.array([1, 0, 1, 0]), np.array([0.9, 0.5, 0.5, 0.1])
    assert auc(labels, scores) == pytest.approx(3.5 / 4)
