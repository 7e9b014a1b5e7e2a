"""Groups of multi-hot features about shopper and query: {activity}{recency}{query form}.

As in AMTDL (Hou et al. 2025): inside a group the features lie side by side, and a model pools each
group by itself. Ids count in a space of their own; 0 pads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.contract.arrays import IntArray

GROUPS: Final = ("activity", "recency", "query_form")
GROUP_WIDTH: Final = 3

_COUNT_EDGES: Final = (1, 3, 7, 22)  # none, 1-2, 3-6, 7-21, more
_DAY_EDGES: Final = (1 / 24, 1.0, 7.0, 28.0, float("inf"))  # within an hour ... older, never
_COUNT_STEPS: Final = len(_COUNT_EDGES) + 1
_DAY_STEPS: Final = len(_DAY_EDGES) + 1
_KINDS: Final = np.arange(GROUP_WIDTH)  # feature words, titles, queries

_ACTIVITY: Final = 1 + _KINDS * _COUNT_STEPS
_RECENCY: Final = 1 + GROUP_WIDTH * _COUNT_STEPS + _KINDS * _DAY_STEPS
_FORM: Final = 1 + GROUP_WIDTH * (_COUNT_STEPS + _DAY_STEPS) + _KINDS * 2

GROUP_FEATURES: Final = 1 + GROUP_WIDTH * (_COUNT_STEPS + _DAY_STEPS + 2)
"""How many ids there are: the rows of a table of group features."""


def feature_groups(
    counts: NDArray[np.integer], newest_days: NDArray[np.floating], forms: NDArray[np.integer]
) -> IntArray:
    """Return ids (B, 3, 3) of the groups' features.

    counts (B, 3): events of each kind. newest_days (B, 3): age of the newest, infinite if none.
    forms (B, 3): 0 or 1 for a number, an unknown word and other than ASCII in the query.
    """
    activity = _ACTIVITY + np.searchsorted(_COUNT_EDGES, counts, side="right")
    recency = _RECENCY + np.searchsorted(_DAY_EDGES, newest_days, side="right")
    return np.stack((activity, recency, _FORM + forms), axis=1).astype(np.int32)
