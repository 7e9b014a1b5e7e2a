from __future__ import annotations

import numpy as np
import pytest

from training.peers.tuning import MOST_TRIED, TRIALS, Knob, Search, earlier_and_newest, search

_KNOBS = (Knob("rate", 0.01, 1.0, log=True), Knob("leaves", 2, 6, whole=True))


def test_a_knob_goes_from_low_to_high() -> None:
    rate, leaves = _KNOBS
    assert [rate.at(place) for place in (0, 0.5, 1)] == pytest.approx([0.01, 0.1, 1.0])
    assert [leaves.at(place) for place in (0, 0.49, 1)] == [2, 4, 6]


@pytest.mark.parametrize("how", list(Search))
def test_every_search_spends_the_same_trials_and_keeps_the_best(how: Search) -> None:
    tried: list[tuple[float, dict[str, float]]] = []

    def loss(settings: dict[str, float]) -> float:
        found = (settings["rate"] - 0.3) ** 2 + (settings["leaves"] - 3) ** 2
        tried.append((found, settings))
        return found

    best = search(loss, _KNOBS, how, seed=1)
    assert len(tried) == TRIALS
    assert best == min(tried, key=lambda one: one[0])[1]
    assert all(0.01 <= settings["rate"] <= 1.0 for _, settings in tried)


@pytest.mark.parametrize("how", list(Search))
def test_equal_seeds_try_the_same(how: Search) -> None:
    def runs(seed: int) -> list[float]:
        tried: list[float] = []

        def loss(settings: dict[str, float]) -> float:
            tried.append(settings["rate"])
            return settings["rate"]

        search(loss, _KNOBS, how, seed=seed)
        return tried

    assert runs(5) == runs(5)
    assert runs(5) != runs(6)


def test_trials_are_judged_on_the_newest_rows() -> None:
    earlier, newest = earlier_and_newest(np.arange(100))
    assert earlier.tolist() == list(range(85))
    assert newest.tolist() == list(range(85, 100))


def test_a_trial_of_a_long_log_is_fitted_to_the_newest_rows_before() -> None:
    earlier, newest = earlier_and_newest(np.arange(200_000))
    assert (earlier[0], earlier[-1], len(earlier)) == (110_000, 169_999, MOST_TRIED)
    assert (newest[0], newest[-1]) == (170_000, 199_999)
