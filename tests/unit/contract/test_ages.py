from __future__ import annotations

from math import inf

import numpy as np

from service.contract.ages import ages_of
from service.contract.history import Timeline

DAY = 86_400.0


def line(now: float, *times: float) -> Timeline:
    return Timeline(tuple(f"text at {ts}" for ts in times), list(times), now)


def test_every_event_has_its_age_and_every_other_place_none() -> None:
    words = [line(10 * DAY, 9 * DAY, 2 * DAY), line(5 * DAY)]
    titles = [line(10 * DAY), line(5 * DAY, 4.5 * DAY, 4 * DAY, 0.0)]
    ages = ages_of([words, titles], [2, 4])
    assert [one.tolist() for one in ages.days] == [
        [[1.0, 8.0], [0.0, 0.0]],
        [[0.0, 0.0, 0.0, 0.0], [0.5, 1.0, 5.0, 0.0]],
    ]
    assert ages.counts.tolist() == [[2, 0], [0, 3]]
    assert ages.newest.tolist() == [[1.0, inf], [inf, 0.5]]


def test_what_a_clock_ahead_of_ours_wrote_is_of_now() -> None:
    ages = ages_of([[line(DAY, 2 * DAY, DAY / 2)]], [3])
    assert ages.days[0].tolist() == [[0.0, 0.5, 0.0]]
    assert ages.newest.tolist() == [[0.0]]


def test_of_shoppers_without_events_all_is_empty() -> None:
    ages = ages_of([[line(DAY), line(DAY)]], [2])
    assert ages.days[0].dtype == np.float32
    assert ages.days[0].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert ages.newest.tolist() == [[inf, inf]]


def test_company_changes_no_age() -> None:
    lines = [line(1e9 + n, *(1e9 - 86_311.7 * n * k for k in range(n))) for n in range(6)]
    together = ages_of([lines, lines], [5, 7])
    for place, one in enumerate(lines):
        alone = ages_of([[one], [one]], [5, 7])
        for whole, part in zip(together.days, alone.days, strict=True):
            assert (whole[place] == part[0]).all()
        assert (together.newest[:, place] == alone.newest[:, 0]).all()
