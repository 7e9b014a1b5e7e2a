from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.training.peers.made_world import DAY, evidence, flipped
from training.peers.ratings import FOREVER_DAYS, Ratings


def test_a_rating_is_clicks_above_those_expected_so_far() -> None:
    shop, pasts = evidence().shop, evidence().pasts
    ratings = Ratings.of(pasts)
    row = int(np.flatnonzero(shop.facets.shoppers >= 0)[-1])
    word, now = int(shop.facets.words[row]), shop.facets.ts[row]
    own = (shop.facets.shoppers == shop.facets.shoppers[row]) & (shop.facets.ts < now)
    own &= shop.facets.words == word
    total = float((shop.facets.clicks - pasts.word_clicks)[own].sum())
    ads = (shop.ads.shoppers == shop.facets.shoppers[row]) & (shop.ads.ts < now)
    for ad in np.flatnonzero(ads):
        held = shop.held[shop.ads.products[ad]]
        weight = held[0, word] / np.sqrt(held.nnz) + 0.7 * shop.ads.said[ad, word]
        total += float(weight * (shop.ads.clicks[ad] - pasts.ad_clicks[ad]))
    assert ratings.now[ratings.at[row], word] == pytest.approx(total, abs=1e-3)


def test_mornings_know_nothing_of_their_day_and_after() -> None:
    shop, pasts = evidence().shop, evidence().pasts
    third = float(shop.facets.ts.min()) + 3 * DAY
    other = replace(pasts, shop=flipped(shop, third))
    before, after = Ratings.of(pasts).mornings, Ratings.of(other).mornings
    assert abs(before[3] - after[3]).sum() == 0
    assert abs(before[4] - after[4]).sum() > 0


def test_days_hold_each_known_row_once() -> None:
    shop = evidence().shop
    days = list(Ratings.of(evidence().pasts).days())
    rows = np.concatenate([day.rows for day in days])
    assert sorted(rows.tolist()) == np.flatnonzero(shop.facets.shoppers >= 0).tolist()
    first = float(shop.facets.ts.min())
    spans = [(shop.facets.ts[day.rows] - first) // DAY for day in days]
    assert all(len(np.unique(span)) == 1 for span in spans)


def test_fading_ratings_are_smaller() -> None:
    lasting, fading = (Ratings.of(evidence().pasts, days) for days in (FOREVER_DAYS, 2.0))
    assert abs(fading.mornings[-1]).sum() < abs(lasting.mornings[-1]).sum()
