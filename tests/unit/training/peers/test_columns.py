from __future__ import annotations

import numpy as np
import pytest

from tests.unit.training.peers.made_world import evidence, flipped
from training.metrics import auc
from training.peers.columns import ADS, COMMON, OWN, centred, expect, make_table


def test_no_column_knows_its_own_click_or_a_later_one() -> None:
    shop = evidence().shop
    now = float(shop.facets.ts[shop.learnt[-1] + 200])
    other = flipped(shop, now)
    table, again = evidence().table, make_table(other, expect(other), evidence().axes)
    until = shop.facets.ts <= now
    assert until.sum() > len(shop.learnt)
    assert np.array_equal(table.values[until], again.values[until])
    assert not np.array_equal(table.values[~until], again.values[~until])


def test_a_shopper_nobody_knows_has_no_personal_column() -> None:
    table, nobody = evidence().table, np.flatnonzero(evidence().shop.facets.shoppers < 0)
    personal = [name for name in (*OWN, *ADS) if name != "taste_in_page"]
    assert not table.of(personal, nobody).any()


def test_tastes_tell_clicks_apart_where_common_columns_cannot() -> None:
    shop, table = evidence().shop, evidence().table
    rows = np.arange(shop.learnt[-1] + 1, len(shop.facets.ts))
    rows = rows[shop.facets.shoppers[rows] >= 0]
    clicks = shop.facets.clicks[rows]
    by_taste = table.of(["word_taste"], rows)[:, 0]
    by_own = table.of(["own_excess"], rows)[:, 0]
    # who knew every taste would reach .756
    assert auc(clicks, by_taste) > 0.72
    assert auc(clicks, by_own) > 0.72
    assert auc(clicks, table.of(["margin"], rows)[:, 0]) < 0.65


def test_the_table_holds_every_column_once() -> None:
    assert evidence().table.names == (*COMMON, *OWN, *ADS)
    assert np.isfinite(evidence().table.values).all()


def test_centred_takes_the_mean_of_each_page_off() -> None:
    found = centred(np.array([1.0, 3.0, 10.0]), np.array([0, 0, 1]))
    assert found == pytest.approx([-1, 1, 0])
