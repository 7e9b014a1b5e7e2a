"""The best split of a budget over platforms, with the proof of how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final

import numpy as np

from service.decision.water_filling import Problems, water_filled
from service.decision.whole_micros import excess, separating, whole_micros
from service.errors import BadInputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from service.decision.responses import Responses
    from service.decision.tables import Floats, Longs

LARGEST_BUDGET: Final = 2**53  # micros: all whole numbers up to here are exact as floats
_LARGEST_NUMBER: Final = 1e100  # of a curve: whatever is worked out of it is finite
_NOTHING: Final = 1e-100  # a micro that brings no more than this brings nothing


class AllocationError(BadInputError):
    """A budget cannot be spread as asked; the message says what was received."""


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """What each platform gets at least and at most: floor, cap (..., P) in micros."""

    floor: Longs
    cap: Longs


@dataclass(frozen=True, slots=True, eq=False)
class Allocated:
    """The best split, and its certificate.

    spend (..., P) in micros, in sum exactly the budget, or all caps where these are less.
    value (...): what all platforms bring. price (...): what one more micro would bring.
    gap (...): by how much any split could beat this one at most, as a share of that bound.
    """

    spend: Longs
    value: Floats
    gap: Floats
    price: Floats


def allocate(responses: Responses, bounds: Bounds, budget: ArrayLike) -> Allocated:
    """Spread each budget (...,) in micros over its P platforms, exactly.

        maximise sum_i f_i(x_i),  sum_i x_i = min(budget, sum_i cap_i),  floor_i <= x_i <= cap_i

    Leading axes hold problems of their own, and are broadcast. Water-filling solves it in real
    numbers, marginal analysis in whole micros. What brings nothing anywhere goes by room.

    Raises: AllocationError for floors above the budget or above their caps, and for numbers that
    are negative, not finite or too large.
    """
    lead = np.broadcast_shapes(
        responses.scale.shape[:-1], bounds.floor.shape[:-1], np.shape(budget)
    )
    problems = _problems(responses, bounds, np.asarray(budget, np.int64), lead)
    spend, price = water_filled(problems)
    whole = whole_micros(problems, spend)
    price = separating(problems, whole, price)
    value = (problems.scale * np.log1p(problems.rate * whole)).sum(1)
    above = excess(problems, whole, price)
    gap = above / np.maximum(value + above, np.finfo(np.float64).tiny)
    shape = (*lead, whole.shape[1])
    return Allocated(whole.reshape(shape), *(one.reshape(lead) for one in (value, gap, price)))


def _problems(
    responses: Responses, bounds: Bounds, budget: Longs, lead: tuple[int, ...]
) -> Problems:
    platforms, rows = responses.scale.shape[-1], prod(lead)
    if not platforms:
        raise AllocationError("there is no platform to spread the budget over")
    _check("scale", responses.scale, _LARGEST_NUMBER)
    _check("rate", responses.rate, _LARGEST_NUMBER)
    _check("budget", budget, LARGEST_BUDGET)
    scale, rate = (
        np.broadcast_to(one, (*lead, platforms)).reshape(rows, platforms).astype(np.float64)
        for one in (responses.scale, responses.rate)
    )
    floor, cap = (
        np.broadcast_to(one, (*lead, platforms)).reshape(rows, platforms)
        for one in (bounds.floor, bounds.cap)
    )
    budgets = np.broadcast_to(budget, lead).reshape(rows)
    _check_bounds(floor, cap, budgets)
    scale = np.where(scale * rate > _NOTHING, scale, 0.0)
    whole = budgets[:, None]
    cap = np.where(cap < whole, cap, whole + 1)  # one more micro has its price, too
    return Problems(scale, rate, floor, cap, np.minimum(budgets, cap.sum(1)))


def _check_bounds(floor: Longs, cap: Longs, budget: Longs) -> None:
    _check("floor", floor, LARGEST_BUDGET)
    for row, place in np.argwhere(floor > cap)[:1]:
        message = f"platform {place} has a floor of {floor[row, place]} micros"
        raise AllocationError(f"{message}, above its cap of {cap[row, place]}")
    for (row,) in np.argwhere(floor.sum(1) > budget)[:1]:
        message = f"the floors add up to {floor[row].sum()} micros"
        raise AllocationError(f"{message}, above the budget of {budget[row]}")


def _check(name: str, values: Floats | Longs, most: float) -> None:
    wrong = ~((values >= 0) & (values <= most))
    for found in np.atleast_1d(values)[np.atleast_1d(wrong)][:1]:
        raise AllocationError(f"{name} is {found}: it must be a number from 0 to {most:.16g}")
