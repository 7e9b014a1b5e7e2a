from __future__ import annotations

from math import log, log1p
from typing import Any

import numpy as np
import pytest

from service.contract.uplift import CAUTION, Lift, Uplift, UpliftError, logits, tired

LIFT = Lift(
    (0.1, 0.5, -0.2, 0.3),
    (
        (0.04, -0.01, 0.0, 0.0),
        (-0.01, 0.01, 0.0, 0.0),
        (0.0, 0.0, 0.09, 0.0),
        (0.0, 0.0, 0.0, 0.0),
    ),
    0.001,
)
NONE = Lift((), (), 1.0)
UPLIFT = Uplift(LIFT, NONE, 1000)


def test_a_bound_is_the_lift_less_its_error() -> None:
    first, second = LIFT.bounds(np.array([0.0, 2.0]))
    # variance of a + 2 b: .04 + 4 (-.01) + 4 (.01) = .04
    assert first == pytest.approx([0.1 - CAUTION * 0.2, 1.1 - CAUTION * 0.2])
    assert second == pytest.approx([-0.2 - CAUTION * 0.3, 0.4 - CAUTION * 0.3])
    assert NONE.bounds(np.zeros(3)).shape == (0, 3)


def test_a_lift_is_claimed_only_where_chance_hardly_explains_it() -> None:
    assert LIFT.is_claimed
    assert not Lift(LIFT.coefficients, LIFT.covariance, 0.03).is_claimed
    assert not Lift((), (), 0.0).is_claimed


def test_it_is_read_as_it_was_told() -> None:
    content = UPLIFT.to_content()
    assert content["personal"]["coefficients"] == [0.1, 0.5, -0.2, 0.3]
    assert Uplift.from_content(content) == UPLIFT


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("rows", -1, "rows: found '-1'"),
        ("rows", 1.0, "rows"),
        ("weariness", -0.1, "weariness"),
        ("weariness", float("nan"), "weariness"),
        ("personal", None, "Lift: found 'None'"),
        ("personal/p_value", 1.5, "p_value: found '1.5'"),
        ("personal/coefficients", 5, "coefficients"),
        ("personal/coefficients", [0.1], "coefficients"),
        ("personal/coefficients", [0.1, "x", 0.1, 0.1], "coefficients"),
        ("personal/covariance", 5, "covariance"),
        ("personal/covariance", [0.1], "covariance"),
        ("personal/covariance", [[0.1]], "covariance"),
        ("personal/covariance", [[None] * 4] * 4, "covariance"),
        ("personal/covariance", [[-1.0] * 4] * 4, "covariance: found 'below 0'"),
    ],
)
def test_anything_else_is_refused_by_name(path: str, value: Any, complaint: str) -> None:
    content = UPLIFT.to_content()
    *way, last = path.split("/")
    place = content
    for step in way:
        place = place[step]
    place[last] = value
    with pytest.raises(UpliftError, match=complaint):
        Uplift.from_content(content)


def test_missing_and_unknown_fields_are_refused() -> None:
    content = UPLIFT.to_content()
    wrongs: list[Any] = [{**content, "more": 1}, {"personal": content["personal"]}, [], None]
    for wrong in wrongs:
        with pytest.raises(UpliftError, match="Uplift: found"):
            Uplift.from_content(wrong)


def test_logits_are_finite_and_weariness_is_bounded() -> None:
    assert logits([0.5, 0.8]) == pytest.approx([0.0, log(4.0)])
    assert np.isfinite(logits(np.array([0.0, 1.0], np.float32))).all()
    assert tired([0, 3, 99]) == pytest.approx([0.0, log1p(3), log1p(15)])
