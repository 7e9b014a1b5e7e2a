"""How probable a click on each candidate is, by the model or else by a straight line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np

from service.decision.scorers import Question
from service.decision.terms import PPM
from service.errors import ScorerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray
    from service.decision.eligible import Candidates
    from service.decision.priced import Terms
    from service.decision.scorers import Scorers
    from service.decision.tables import Floats, Longs
    from service.decision.terms import AdQuery

FLOOR_P_CLICK = 0.005  # of an ad that shares no word with the query
P_CLICK_OF_MATCH = 0.045  # more for one whose product covers the whole query


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Quality of one request's candidates, and what it weighs in the auction: (n,), in ppm."""

    quality_ppm: Longs
    rate_ppm: Longs
    degraded: tuple[str, ...] = ()
    p_conversion: FloatArray | None = None  # after a click, where a model says
    terms: Terms | None = None  # where some do not bid on clicks


def rank(
    candidates: Sequence[Candidates], queries: Sequence[AdQuery], scorers: Scorers
) -> list[Ranked]:
    """Rank the candidates of each request; one call of the model for all.

    Quality is the ranker's calibrated P(click in the first slot), at least 1 ppm; the rate is
    that, squashed as the placement says. Where there is no ranker, or it fails, quality is the
    straight line of `linear_p_click`, and "linear_rank" says so; if it fails on all together,
    each request is tried alone.
    """
    scored = _by_model(candidates, queries, scorers) if candidates else None
    if scored is not None:
        quality_ppm, p_conversion = scored
        ends = pairwise(accumulate((len(one.rows) for one in candidates), initial=0))
        return [
            _ranked(quality_ppm[start:end], query, p_conversion=p_conversion[start:end])
            for (start, end), query in zip(ends, queries, strict=True)
        ]
    if len(candidates) > 1 and scorers.ranker is not None:
        pairs = zip(candidates, queries, strict=True)
        return [rank([one], [query], scorers)[0] for one, query in pairs]
    return [
        _ranked(to_ppm(linear_p_click(one.lexical)), query, ("linear_rank",))
        for one, query in zip(candidates, queries, strict=True)
    ]


def _ranked(
    quality_ppm: Longs,
    query: AdQuery,
    degraded: tuple[str, ...] = (),
    p_conversion: FloatArray | None = None,
) -> Ranked:
    rate_ppm = squash(quality_ppm, query.placement.squash_ppm)
    return Ranked(quality_ppm, rate_ppm, degraded, p_conversion)


def _by_model(
    candidates: Sequence[Candidates], queries: Sequence[AdQuery], scorers: Scorers
) -> tuple[Longs, FloatArray] | None:
    """Quality and P(order after a click) of all candidates, one request after the other.

    None if there is no model, or it fails.
    """
    if scorers.ranker is None:
        return None
    questions = [
        Question(query.query, query.shopper.history, one.product)
        for one, query in zip(candidates, queries, strict=True)
    ]
    try:
        scores = scorers.ranker.score(questions)
        return to_ppm(scores.p_click), scores.p_conversion
    except ScorerError:
        return None


def linear_p_click(lexical: Floats) -> Floats:
    """The chance of a click as a straight line: 0.5 % for no match, 5 % to 5.9 % for a full one.

    p = 0.005 + 0.045 * lexical
    """
    return FLOOR_P_CLICK + P_CLICK_OF_MATCH * lexical


def to_ppm(p_click: NDArray[np.floating]) -> Longs:
    """Probabilities as whole parts per million in 1..1,000,000.

    Raises:
        ScorerError: one is not a number.
    """
    ppm: Floats = np.minimum(
        np.maximum(np.rint(np.multiply(p_click, PPM, dtype=np.float64)), 1), PPM
    )
    if math.isnan(np.add.reduce(ppm)):
        raise ScorerError("the ranker gave a probability that is not a number")
    return ppm.astype(np.int64)


def squash(quality_ppm: Longs, squash_ppm: int) -> Longs:
    """Quality as the auction weighs it: 1,000,000 leaves it, 0 makes all alike.

        rate = rint(PPM * (quality / PPM) ** (squash_ppm / PPM)) >= quality       [ppm]

    Bids count for more and the model's differences for less: Lahaie and Pennock, 2007.
    """
    if squash_ppm == PPM:
        return quality_ppm
    rate: Floats = np.rint(PPM * np.power(quality_ppm / PPM, squash_ppm / PPM))
    return rate.astype(np.int64)
