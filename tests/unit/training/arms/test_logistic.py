from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from training.arms.logistic import Logistic
from training.arms.model import TaskRows

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _rows(places: NDArray[np.int64], clicks: NDArray[np.float64], odds: float) -> TaskRows:
    nothing = np.empty((len(clicks), 0), np.float32)
    return TaskRows(
        nothing, places.astype(np.int32), clicks.astype(np.float32), odds, lambda _: nothing
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
