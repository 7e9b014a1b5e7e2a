from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.unit.training.made_logs import made_clicks, made_facets, made_items, write_logs
from training.logs import (
    TrainingDataError,
    file_hash,
    read_clicks,
    read_facets,
    read_items,
    with_known_products,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_rows_come_in_order_of_time_whatever_the_file_says(tmp_path: Path) -> None:
    made_clicks().sort("ts", descending=True).write_parquet(tmp_path / "c.parquet")
    log = read_clicks(tmp_path / "c.parquet")
    assert log["ts"].is_sorted()
    assert log["slot"][:4].to_list() == [1, 2, 3, 4]
    assert log.schema["user_id"] == pl.String


def test_an_unknown_price_is_the_middle(tmp_path: Path) -> None:
    made_items().write_parquet(tmp_path / "with.parquet")
    made_items(prices=False).write_parquet(tmp_path / "without.parquet")
    assert read_items(tmp_path / "with.parquet")["price_z"][3] == 0.0
    assert read_items(tmp_path / "without.parquet")["price_z"].to_list() == [0.0] * 24


def test_ads_of_unknown_products_are_left_out(tmp_path: Path) -> None:
    paths = write_logs(tmp_path)
    items, clicks = read_items(paths["items"]), read_clicks(paths["clicks"])
    kept = with_known_products(clicks, items[:5], paths["clicks"])
    assert set(kept["product_uid"]) <= set(items["product_uid"][:5])
    with pytest.raises(TrainingDataError, match="no product_uid"):
        with_known_products(clicks, items[:0], paths["clicks"])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"nowhere\.parquet: no such file"):
        read_facets(tmp_path / "nowhere.parquet")


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.parquet").write_text("session_id,ts\n")
    with pytest.raises(TrainingDataError, match="not a parquet file"):
        read_facets(tmp_path / "f.parquet")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda log: log.drop("click", "query"), "lacks query, click"),
        (lambda log: log[:0], "has no rows"),
        (lambda log: log.with_columns(click=pl.lit(2)), "besides 0 and 1"),
        (lambda log: log.with_columns(query=pl.lit(None, pl.String)), "query has empty values"),
        (lambda log: log.with_columns(ts=pl.lit(float("nan"))), "no time"),
        (lambda log: log.with_columns(position=pl.lit("top")), "column position is String"),
    ],
)
def test_a_log_that_cannot_be_learnt_from_says_why(
    tmp_path: Path, change: Callable[[pl.DataFrame], pl.DataFrame], found: str
) -> None:
    change(made_facets()).write_parquet(tmp_path / "f.parquet")
    with pytest.raises(TrainingDataError, match=found):
        read_facets(tmp_path / "f.parquet")


def test_a_product_that_stands_twice_is_refused(tmp_path: Path) -> None:
    pl.concat([made_items(), made_items()[:1]]).write_parquet(tmp_path / "i.parquet")
    with pytest.raises(TrainingDataError, match="'100' stands there twice"):
        read_items(tmp_path / "i.parquet")


def test_the_hash_is_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert file_hash(tmp_path / "f").startswith("ba7816bf")
