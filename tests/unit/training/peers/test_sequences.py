from __future__ import annotations

import numpy as np
import pytest

from tests.unit.training.peers.made_world import DAY, evidence
from training.peers.sequences import LAST, Sequences, Views


def test_a_page_view_knows_the_last_clicks_strictly_before_it() -> None:
    shop = evidence().shop
    found = Sequences.of(evidence().pasts, evidence().axes)
    row = int(np.flatnonzero(shop.facets.shoppers >= 0)[-1])
    view, now = found.at[row], shop.facets.ts[row]
    who = shop.facets.shoppers[row]
    own, ads = (
        (log.shoppers == who) & (log.ts < now) & (log.clicks > 0)
        for log in (shop.facets, shop.ads)
    )
    when = np.sort(np.concatenate([shop.facets.ts[own], shop.ads.ts[ads]]))[-LAST:]
    assert found.ts[found.last[view]][-len(when) :].tolist() == when.tolist()
    steps = found.steps(np.array([view]))[0]
    assert steps[-1, -2] == pytest.approx(np.log1p((now - when[-1]) / DAY) / 4, rel=1e-5)
    assert steps[-1, -1] == 1


def test_a_feature_word_and_an_ad_are_told_apart() -> None:
    shop = evidence().shop
    found = Sequences.of(evidence().pasts, evidence().axes)
    known = shop.facets.shoppers >= 0
    assert found.clicks[:, -1].sum() == (shop.facets.clicks * known).sum()
    assert len(found.clicks) == (shop.facets.clicks * known).sum() + shop.ads.clicks.sum()


def test_nobody_has_no_clicks() -> None:
    found = Sequences.of(evidence().pasts, evidence().axes)
    nobody = int(np.flatnonzero(evidence().shop.facets.shoppers < 0)[0])
    assert not found.steps(found.at[[nobody]]).any()


def test_rows_of_a_page_stand_side_by_side_and_come_back_in_order() -> None:
    views = Views.of(np.array([5, 2, 5, 5]))
    assert views.rows.tolist() == [[1, -1, -1], [0, 2, 3]]
    values = np.array([1, 2, 3, 4], np.float32)
    assert views.spread(values).tolist() == [[2, 0, 0], [1, 3, 4]]
    assert views.gathered(views.spread(values)).tolist() == values.tolist()
