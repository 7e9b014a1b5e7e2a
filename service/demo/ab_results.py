"""What the five designs came to: rates, lifts, intervals, p-values, and what would be needed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from service.demo.ab import BASE, TEST
from service.demo.ab_statistics import (
    Lift,
    Side,
    by_shopper,
    lift_of,
    two_proportions,
    views_needed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.demo.ab import Design, Views


def result_of(design: Design, seen: Mapping[str, Views]) -> dict[str, Any]:
    """Judge one design by what the shoppers of its arms saw and clicked."""
    sides = {arm: _clicks(views) for arm, views in seen.items()}
    observed = lift_of(sides[BASE], sides[TEST])
    truth = lift_of(*(_truth(seen[arm]) for arm in (BASE, TEST)))
    base = sides[BASE]
    return {
        "design": design.key,
        "about": design.about,
        "arms": {arm: _arm(sides[arm], views) for arm, views in seen.items()},
        "lift": _told(observed),
        "p_by_views": _number(two_proportions(sides[BASE], sides[TEST])),
        "true_lift": _told(truth),
        "design_effect": _number(base.design_effect),
        "views_needed_for_true_lift": _needed(base, truth.lift),
        "views_needed_for_paper_lift": _needed(base, design.paper_lift),
        "paper": {
            "lift": design.paper_lift,
            "p": design.paper_p,
            "views": design.paper_views,
        },
    }


def _clicks(views: Views) -> Side:
    return _side(views, np.array(views.clicked, dtype=np.float64), np.ones(len(views.shopper)))


def _truth(views: Views) -> Side:
    """P(click) as shown, for each P(click) under plain titles."""
    return _side(views, np.array(views.p_click), np.array(views.p_plain))


def _side(views: Views, above: np.ndarray[Any, Any], below: np.ndarray[Any, Any]) -> Side:
    who = np.array(views.shopper, dtype=np.int64)
    count = int(who.max(initial=-1)) + 1
    return Side(by_shopper(who, above, count), by_shopper(who, below, count))


def _arm(side: Side, views: Views) -> dict[str, float | int | None]:
    return {
        "views": len(views.shopper),
        "shoppers": len(set(views.shopper)),
        "clicks": sum(views.clicked),
        "click_rate": _number(side.rate),
        "points_shown": _number(float(np.mean(views.points)) if views.points else math.nan),
    }


def _needed(base: Side, lift: float) -> int | None:
    if math.isnan(lift) or math.isnan(base.rate):
        return None
    return views_needed(base.rate, lift, base.design_effect)


def _told(lift: Lift) -> dict[str, float | None]:
    return {
        "value": _number(lift.lift),
        "low": _number(lift.low),
        "high": _number(lift.high),
        "p": _number(lift.p),
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
