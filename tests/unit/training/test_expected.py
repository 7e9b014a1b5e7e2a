from __future__ import annotations

import numpy as np
import pytest

from training.expected import expected_clicks, within


def test_rates_of_all_keys_are_smoothed_and_multiplied() -> None:
    clicks = np.array([1, 0, 0, 0], np.float32)
    keys = ((np.array([1, 1, 2, 2]), 1.0), (np.array([0, 0, 1, 1]), 100.0))
    found = expected_clicks(clicks, keys, np.arange(4))
    # mean 1/4; first key: (1 / .25 + 1) / (2 + 1) = 5/3, (0 + 1) / 3; other: 104 / 102, 100 / 102
    likely, unlikely = 5 / 12 * 104 / 102, 1 / 12 * 100 / 102
    assert found == pytest.approx([likely, likely, unlikely, unlikely])


def test_rows_that_do_not_count_change_nothing() -> None:
    keys = ((np.array([1, 1, 2, 2, 1]), 1.0),)
    one, other = (
        expected_clicks(np.array([1, 0, 0, 0, last], np.float32), keys, np.arange(4))
        for last in (0, 1)
    )
    assert (one == other).all()


def test_without_clicks_hardly_any_are_expected() -> None:
    found = expected_clicks(np.zeros(3, np.float32), ((np.ones(3, int), 1.0),), np.arange(3))
    assert found.tolist() == pytest.approx([1e-4] * 3)
    assert within(np.array([0.0, 0.5, 1.0])).tolist() == pytest.approx([1e-4, 0.5, 1 - 1e-4])
