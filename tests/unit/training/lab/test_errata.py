from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.lab.errata import TABLE_2, TABLE_3, TABLE_4, errata

_PAGE = Path(__file__).parents[4] / "docs" / "errata.md"


def test_recall_and_f1_imply_a_precision_above_one_in_four_of_five_rows() -> None:
    # .882 * .675 / (1.350 - .882) = .59535 / .468
    assert TABLE_4[0].implied_precision == pytest.approx(1.2721, abs=1e-4)
    precisions = [row.implied_precision for row in TABLE_4]
    assert precisions == pytest.approx([1.272, 1.158, 1.001, 0.990, 1.031], abs=1e-3)
    assert sum(p > 1 for p in precisions) == 4


def test_that_precision_gives_the_f1_back() -> None:
    for row in TABLE_4:
        p = row.implied_precision
        assert 2 * p * row.recall / (p + row.recall) == pytest.approx(row.f1)


def test_the_bucket_called_most_improved_is_the_least() -> None:
    gained = [row.gained for row in TABLE_3]
    assert gained == pytest.approx([0.1524, 0.2052, 0.1823, 0.1735])
    assert int(np.argmin(gained)) == 0  # few main, many auxiliary clicks


def test_no_single_click_rate_gives_the_p_values() -> None:
    rates = [trial.implied_click_rate for trial in TABLE_2]
    assert min(rates) == pytest.approx(0.00001, rel=0.3)  # .001 %
    assert max(rates) == pytest.approx(0.0009, rel=0.05)  # .09 %


def test_the_implied_rate_gives_the_p_value_back_by_simulation() -> None:
    # the third test at its implied rate: z of counts with the printed lift
    trial = TABLE_2[2]
    views, rate = trial.views / 2, trial.implied_click_rate
    clicks = rate * views, rate * (1 + trial.lift) * views
    z = (clicks[1] - clicks[0]) / np.sqrt(2 * clicks[0])
    assert z == pytest.approx(2.395, abs=0.01)  # two-sided p .0166


def test_one_selling_point_beats_two() -> None:
    assert TABLE_2[4].base == "two selling points"
    assert TABLE_2[4].lift > 0
    assert TABLE_2[4].p < 0.05 < TABLE_2[3].p


def test_the_losses_as_printed() -> None:
    # eq. 9 at y = 1: worse predictions give less "loss"; eq. 15 is 0 for either label
    y, right, wrong = 1.0, 0.9, 0.001
    assert y * np.log(wrong) < y * np.log(right)
    labels = np.array([1e-300, 1.0])
    assert np.allclose(labels * np.log(labels), 0.0)


def test_the_page_says_every_erratum() -> None:
    page = _PAGE.read_text()
    for erratum in errata():
        assert f"**{erratum.where}.**" in page
        assert erratum.but.replace("\n", " ") in " ".join(page.split())
