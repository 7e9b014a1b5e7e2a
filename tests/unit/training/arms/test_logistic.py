from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from training.arms.logistic import Logistic
from training.arms.model import TaskRows

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _rows(places: NDArray[np.int64], clicks: NDArray[np.float64], odds: float) -> TaskRows:
    nothing = np.empty((len(clicks), 0), np.float32)
    every = np.ones(len(clicks), np.bool_)
    return TaskRows(
        nothing, places.astype(np.int32), clicks.astype(np.float32), odds, every, lambda _: nothing
    )


def test_log_odds_by_place_and_feature_are_found() -> None:
    # clicks in 1000: first place 500 (odds 1), second 250 (odds 1/3), a feature multiplies by 3
    counts = {(1, 0): 500, (2, 0): 250, (1, 1): 750, (2, 1): 500}
    places = np.repeat([place for place, _ in counts], 1000)
    features = np.repeat([[float(x)] for _, x in counts], 1000, axis=0)
    clicks = np.concatenate([np.arange(1000) < count for count in counts.values()]).astype(float)
    found = Logistic.fit(features, _rows(places, clicks, 0.0), most=4)
    assert found.bias == pytest.approx(0.0, abs=0.01)
    assert found.places == pytest.approx([0.0, -np.log(3), 0.0, 0.0], abs=0.01)
    assert found.kernel == pytest.approx([np.log(3)], abs=0.01)


def test_a_log_without_a_click_starts_near_its_log_odds() -> None:
    found = Logistic.fit(np.zeros((40, 2)), _rows(np.ones(40, int), np.zeros(40), -6.0), most=3)
    assert -8 < found.bias < -6
    assert found.places.tolist() == [0.0, 0.0, 0.0]
    assert found.kernel.tolist() == [0.0, 0.0]


def test_links_are_worth_what_fresh_rows_say() -> None:
    # on old rows the link tells the click itself; on fresh ones it is noise, a feature is not
    rng = np.random.default_rng(0)
    clicks = (rng.random(40_000) < 0.2).astype(float)
    fresh = np.arange(40_000) >= 30_000
    link = np.where(fresh, rng.random(40_000), clicks)
    feature = clicks + rng.normal(size=40_000)
    rows = replace(_rows(np.ones(40_000, int), clicks, -1.4), fresh=fresh)
    found = Logistic.with_links(feature[:, None], link[:, None], rows, most=2)
    assert found.kernel[0] == pytest.approx(1.0, abs=0.1)
    assert abs(found.kernel[1]) < 0.3


def test_few_fresh_rows_hardly_move_what_all_rows_say() -> None:
    rng = np.random.default_rng(1)
    clicks = (rng.random(20_000) < 0.2).astype(float)
    fresh = np.arange(20_000) >= 19_900
    feature = np.where(fresh, -1.0, 1.0) * clicks + rng.normal(size=20_000)
    rows = replace(_rows(np.ones(20_000, int), clicks, -1.4), fresh=fresh)
    found = Logistic.with_links(feature[:, None], np.zeros((20_000, 1)), rows, most=2)
    assert found.kernel[0] > 0.8
    assert found.kernel[1] == 0.0


def test_without_a_fresh_click_all_rows_tell() -> None:
    rng = np.random.default_rng(2)
    clicks = (rng.random(5_000) < 0.2).astype(float)
    link = clicks + rng.normal(size=5_000)
    rows = replace(_rows(np.ones(5_000, int), clicks, -1.4), fresh=np.zeros(5_000, np.bool_))
    found = Logistic.with_links(np.zeros((5_000, 0)), link[:, None], rows, most=2)
    assert found.kernel[0] == pytest.approx(1.0, abs=0.15)


def test_a_step_that_leads_too_far_is_taken_in_part() -> None:
    # wide and rare features, as hinges are: whole steps of Newton would lead out of all bounds
    rng = np.random.default_rng(1)
    features = np.maximum(rng.normal(size=(400, 12)) * 40 - 90, 0)
    clicks = (rng.random(400) < 0.05).astype(float)
    clicks[features[:, 0] > 0] = 1.0
    rows = _rows(np.ones(400, int), clicks, -3.0)
    found = Logistic.fit(features, rows, most=2)
    logits = found.bias + features @ found.kernel
    loss = float((np.logaddexp(0.0, logits) - clicks * logits).mean())
    rate = clicks.mean()
    assert loss < -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))


def test_what_is_held_firmly_moves_little() -> None:
    rng = np.random.default_rng(2)
    feature = rng.normal(size=2_000)
    clicks = (rng.random(2_000) < 1 / (1 + np.exp(-feature))).astype(float)
    rows = _rows(np.ones(2_000, int), clicks, 0.0)
    both = np.stack([feature, feature], axis=1)
    found = Logistic.fit(both, rows, most=2, firmness=np.array([1.0, 9.0]))
    assert found.kernel[0] == pytest.approx(9 * found.kernel[1], rel=1e-6)
    assert found.kernel.sum() == pytest.approx(1.0, abs=0.15)
