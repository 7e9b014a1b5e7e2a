"""How probable a click on each candidate is, by the model or else by a straight line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from service.decision.terms import PPM
from service.errors import ScorerError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.decision.eligible import Candidates
    from service.decision.scorers import Scorers
    from service.decision.tables import Floats, Longs
    from service.decision.terms import AdQuery

FLOOR_P_CLICK = 0.005  # of an ad that shares no word with the query
P_CLICK_OF_MATCH = 0.045  # more for one whose product covers the whole query


def rank(
    candidates: Candidates, query: AdQuery, scorers: Scorers
) -> tuple[Longs, tuple[str, ...]]:
    """The quality (n,) of each candidate in parts per million, at least 1, and what degraded.

    Quality is the ranker's calibrated P(click in the first slot). Where there is no ranker, or it
    fails, it is the straight line of `linear_p_click`, and "linear_rank" says so.
    """
    if scorers.ranker is not None:
        try:
            scores = scorers.ranker.score(query.query, query.shopper.history, candidates.product)
            return to_ppm(scores.p_click), ()
        except ScorerError:
            pass
    return to_ppm(linear_p_click(candidates.lexical)), ("linear_rank",)


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
    if math.isnan(ppm.sum()):
        raise ScorerError("the ranker gave a probability that is not a number")
    return ppm.astype(np.int64)
