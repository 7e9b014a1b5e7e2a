from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.training.peers.made_world import evidence
from training.metrics import auc
from training.peers.expected import expected_ad_clicks, expected_word_clicks


def test_expected_ad_clicks_multiply_smoothed_rates() -> None:
    shop = evidence().shop
    ads = replace(
        shop.ads,
        places=np.array([1, 1, 2, 2], np.int32),
        products=np.array([0, 0, 1, 1]),
        queries=np.array([0, 0, 0, 0]),
        clicks=np.array([1, 0, 0, 0], np.float32),
    )
    found = expected_ad_clicks(replace(shop, ads=ads, earlier=np.arange(4)))
    # mean 1/4; place 1: (1 / .25 + 1) / (2 + 1) = 5/3, place 2: (0 + 1) / 3; product 0:
    # (1 / .25 + 100) / (2 + 100), product 1: 100 / 102; the only query: 1
    likely, unlikely = 5 / 12 * 104 / 102, 1 / 12 * 100 / 102
    assert found == pytest.approx([likely, likely, unlikely, unlikely])


def test_later_rows_do_not_move_what_is_expected() -> None:
    shop = evidence().shop
    changed = shop.ads.clicks.copy()
    changed[len(shop.earlier) :] = 1 - changed[len(shop.earlier) :]
    other = replace(shop, ads=replace(shop.ads, clicks=changed))
    assert (expected_ad_clicks(shop) == expected_ad_clicks(other)).all()


def test_without_clicks_hardly_any_are_expected() -> None:
    shop = evidence().shop
    quiet = replace(shop, ads=replace(shop.ads, clicks=np.zeros_like(shop.ads.clicks)))
    assert expected_ad_clicks(quiet).max() == pytest.approx(1e-4)


def test_expected_word_clicks_know_the_place() -> None:
    shop = evidence().shop
    p = expected_word_clicks(shop, np.zeros((len(shop.facets.ts), 1)))
    by_place = [float(p[shop.facets.places == place].mean()) for place in (1, 2, 3, 4)]
    assert by_place == sorted(by_place, reverse=True)
    assert float(p[shop.learnt].mean()) == pytest.approx(
        float(shop.facets.clicks[shop.learnt].mean()), rel=0.01
    )
    assert auc(shop.facets.clicks, p) > 0.5
