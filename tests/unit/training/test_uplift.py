from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from tests.unit.training.made_logs import made_clicks, made_items
from tests.unit.training.made_models import made_encoder, made_selling_points
from training.examples import Shop, ad_examples
from training.logs import read_clicks
from training.uplift import learn_uplift

if TYPE_CHECKING:
    from pathlib import Path

    from service.contract.uplift import Uplift

ARMS = ("none", "popular_1", "random_1", "random_2")


def drawn_clicks(requests: int) -> pl.DataFrame:
    """Ads whose points are drawn, of 40 shoppers and nobody: none, one or both candidates."""
    clicks = made_clicks(requests, seed=3)
    items = made_items().select("product_uid", "sp_candidates")
    joined = clicks.drop("sp_arm", "sp_shown").join(
        items, on="product_uid", how="left", maintain_order="left"
    )
    arm = np.random.default_rng(1).integers(4, size=len(clicks))
    shown = [
        named[: (0, 1, 1, 2)[n]]
        for named, n in zip(joined["sp_candidates"].to_list(), arm.tolist(), strict=True)
    ]
    return joined.drop("sp_candidates").with_columns(
        pl.Series("sp_arm", [ARMS[n] for n in arm]),
        pl.Series("sp_shown", shown),
        user_id=pl.when(pl.col("request_id") % 41 > 0).then(pl.col("request_id") % 41),
    )


def learnt(clicks: pl.DataFrame, tmp_path: Path) -> Uplift | None:
    path = tmp_path / "clicks.parquet"
    clicks.write_parquet(path)
    encoder = made_encoder()
    shop = Shop.of(made_items_as_read(), read_clicks(path), None)
    model = made_selling_points(encoder)
    return learn_uplift(shop, encoder, model, ad_examples(shop, encoder, matched=False))


def made_items_as_read() -> pl.DataFrame:
    return made_items().with_columns(
        pl.col("product_uid").cast(pl.String),
        pl.col("price_z").fill_nan(0.0).cast(pl.Float32),
    )


def test_the_newest_ads_that_lots_treated_are_learnt_from(tmp_path: Path) -> None:
    found = learnt(drawn_clicks(1230), tmp_path)
    assert found is not None
    assert found.rows == 1440  # 30 % of four ads in 1,200 requests; 30 are nobody's
    assert found.personal.places in {1, 2}
    assert found.personal != found.prior  # strangers get other scores


def test_what_no_lot_decided_is_left_out(tmp_path: Path) -> None:
    clicks = drawn_clicks(82)
    half = clicks.with_columns(
        sp_arm=pl.when(pl.col("request_id") % 2 == 0)
        .then(pl.lit("personal_1"))
        .otherwise("sp_arm")
    )
    found = learnt(half, tmp_path)
    assert found is not None
    assert found.rows == 48  # 30 % of four ads in 40 requests; 1 is nobody's


@pytest.mark.parametrize("without", ["arm", "column", "null"])
def test_a_log_that_does_not_say_what_was_drawn_teaches_nothing(
    without: str, tmp_path: Path
) -> None:
    clicks = drawn_clicks(20)
    changed = {
        "arm": clicks.with_columns(sp_arm=pl.lit("personal_1")),
        "column": clicks.drop("sp_arm"),
        "null": clicks.with_columns(sp_arm=pl.lit(None, pl.String)),
    }
    assert learnt(changed[without], tmp_path) is None
