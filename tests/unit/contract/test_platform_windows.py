"""What the allocator's network sees of a platform."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from service.contract import platform_windows
from service.contract.platform_days import DayRow, platform_days
from service.contract.platform_windows import (
    FEATURES,
    WINDOW,
    WindowError,
    encode,
    encode_windows,
    window_fingerprint,
)

DAY = date(2026, 6, 1)
UNIT = 1_000_000


def row(day: int, platform: str, spend: float, clicks: int, conversions: int = 0) -> DayRow:
    when = DAY.fromordinal(DAY.toordinal() + day)
    return DayRow(when, platform, round(spend * UNIT), 10 * clicks, clicks, conversions)


def test_days_are_shares_of_the_usual_one() -> None:
    # spend 10 and 30, so 20 a day; 8 + 22 clicks for 40, and 2 more clicks as all return (30 / 40)
    days = platform_days([row(0, "web", 10, 8), row(1, "web", 30, 22)])
    found = encode(days, "clicks")
    assert found.history.shape == (1, WINDOW, len(FEATURES))
    assert found.spend.tolist() == [20 * UNIT]
    assert found.value == pytest.approx([20 * 30 / 40])
    assert found.history[0, -2:, 0] == pytest.approx([0.5, 1.5])  # spend
    assert found.history[0, -2:, 1] == pytest.approx([8 / 15, 22 / 15])  # goal
    assert found.history[0, -2:, 2] == pytest.approx([80 / 150, 220 / 150])  # impressions
    assert found.history[0, :, 4] == pytest.approx(np.log1p(15))  # size, also of unknown days
    assert set(found.tensors) == {"history", "mask"}
    assert found.mask[0].tolist() == [0] * (WINDOW - 2) + [1, 1]
    assert not found.history[0, :-2, :4].any()


def test_the_goal_says_which_counts_are_seen() -> None:
    days = platform_days([row(0, "web", 10, 100, 5), row(1, "web", 10, 100, 15)])
    clicks, bought = encode(days, "clicks"), encode(days, "conversions")
    assert clicks.history[0, -2:, 1] == pytest.approx([1, 1])
    assert bought.history[0, -2:, 1] == pytest.approx([0.5, 1.5])
    assert clicks.history[0, -2:, 3] == pytest.approx(bought.history[0, -2:, 1])
    with pytest.raises(WindowError, match="no goal 'impressions'"):
        encode(days, "impressions")


def test_few_counts_are_drawn_to_what_all_platforms_bring() -> None:
    # one click for 1 unit, where all together bring 101 for 101: 1 = (1 + 2) / (1 + 2 / 1)
    days = platform_days([row(0, "large", 100, 100), row(0, "small", 1, 1)])
    assert encode(days, "clicks").value == pytest.approx([100.0, 1.0])
    # no click for 1 unit: (0 + 2) / (1 + 2 / (100 / 101)) of a click for a unit
    days = platform_days([row(0, "large", 100, 100), row(0, "small", 1, 0)])
    assert encode(days, "clicks").value[1] == pytest.approx(2 / (1 + 2 * 1.01))


def test_a_platform_without_spend_is_taken_to_be_as_the_others() -> None:
    rows = [row(0, "app", 40, 20), row(1, "app", 20, 10), row(1, "web", 0, 7)]
    found = encode(platform_days(rows, platforms=["tv"]), "clicks")
    assert found.spend.tolist() == [30 * UNIT, 30 * UNIT, 30 * UNIT]
    assert found.value == pytest.approx([15, 15, 15])  # what came without spend is not its return
    assert found.mask[1].sum() == 0  # tv
    assert found.mask[2].sum() == 1


def test_nobody_spent_anything() -> None:
    found = encode(platform_days([], until=DAY, platforms=["app", "web"]), "clicks")
    assert (found.spend > 0).all()
    assert (found.value > 0).all()
    assert np.isfinite(found.history).all()


def test_days_before_the_window_and_unknown_days_do_not_count() -> None:
    old = [row(0, "web", 9_999, 5)]
    recent = [row(WINDOW, "web", 10, 10), row(WINDOW + 3, "web", 10, 10)]
    found = encode(platform_days([*old, *recent]), "clicks")
    assert found.spend.tolist() == [10 * UNIT]
    dirty = platform_days(recent)
    dirty.totals[0, 1] = 77 * UNIT  # of a day that is not known
    assert encode(dirty, "clicks").history == pytest.approx(
        encode(platform_days(recent), "clicks").history
    )


@pytest.mark.parametrize("factor", [1e-3, 1e6])
def test_the_currency_does_not_matter(factor: float) -> None:
    rng = np.random.default_rng(1)
    totals = rng.integers(1, 1_000_000, (3, WINDOW, 4)).astype(np.float64)
    known = rng.random((3, WINDOW)) < 0.8
    other = totals * np.array([factor, 1, 1, 1])
    assert encode_windows(other, known, "clicks").history == pytest.approx(
        encode_windows(totals, known, "clicks").history, rel=1e-5
    )


def test_no_share_is_too_large_for_the_network() -> None:
    days = platform_days(
        [
            row(0, "web", 1, 1),
            row(1, "web", 1, 10**9),
            *(row(2 + n, "web", 1, 0) for n in range(26)),
        ]
    )
    assert encode(days, "clicks").history.max() <= 21


def test_the_fingerprint_changes_with_the_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    before = window_fingerprint()
    assert before == window_fingerprint()
    for name, value in (("_COUNTS", 3.0), ("_LARGEST", 1.2), ("_VERSION", 2)):
        with monkeypatch.context() as patched:
            patched.setattr(platform_windows, name, value)
            assert window_fingerprint() != before
