from __future__ import annotations

import polars as pl

from tests.unit.training.peers.made_world import clicks, evidence, facets, items
from training.lab.split import Split
from training.peers.shop import Shop


def test_rows_become_numbers_and_nobody_is_minus_one() -> None:
    shop = evidence().shop
    assert shop.facets.shoppers[:4].tolist() == [-1] * 4  # page 0 is of a shopper nobody knows
    assert (shop.facets.shoppers[4:8] == shop.facets.shoppers[4]).all()
    assert shop.facets.pages[:5].tolist() == [0, 0, 0, 0, 1]
    assert shop.words == 12
    assert shop.queries == 3


def test_a_shopper_has_one_number_in_both_logs() -> None:
    shop, names = evidence().shop, facets()["user_id"].to_list()
    row = names.index("u5")
    ads = clicks()["user_id"].to_list()
    assert shop.facets.shoppers[row] == shop.ads.shoppers[ads.index("u5")]


def test_a_word_counts_once_a_product_and_none_is_no_word() -> None:
    rest = items()["sp_candidates"].to_list()[2:]
    doubled = items().with_columns(sp_candidates=pl.Series([["word0", "word0"], None, *rest]))
    shop = Shop.of(Split.of(doubled, facets(), clicks()))
    assert shop.held[0].sum() == 1
    assert shop.held[1].nnz == 0
