"""How long ago shoppers did what they did: all kinds of events of all shoppers in one pass."""

from __future__ import annotations

from array import array
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.arrays import FloatArray, LongArray, TimeArray
    from service.contract.history import Timeline

SECONDS_A_DAY: Final = 86_400.0
_DAYS_A_SECOND: Final = np.float32(1.0 / SECONDS_A_DAY)


class Ages(NamedTuple):
    """The events of kinds (K,) of shoppers (B,), newest first."""

    days: list[FloatArray]  # (B, H) of each kind, 0 where there is no event
    counts: LongArray  # (K, B)
    newest: TimeArray  # (K, B) days, infinite if there is none


def ages_of(kinds: Sequence[Sequence[Timeline]], limits: Sequence[int]) -> Ages:
    """Return the ages of each kind's timelines (B,), which hold at most `limits` events (K,)."""
    lines, shoppers = list(chain.from_iterable(kinds)), len(kinds[0])
    counts = np.array(list(map(len, lines)))
    firsts = counts.cumsum() - counts
    ages = np.array([line.now for line in lines]).repeat(counts)
    ages -= np.frombuffer(b"".join([_packed(line.times) for line in lines]))
    np.maximum(ages, 0.0, out=ages)  # as `Timeline.age`
    rooms = np.array(limits).repeat(shoppers)
    before = rooms.cumsum() - rooms - firsts  # empty places
    days = np.zeros(sum(limits) * shoppers, np.float32)
    days[np.arange(len(ages)) + before.repeat(counts)] = ages.astype(np.float32) * _DAYS_A_SECOND
    newest = np.full(len(lines), np.inf)
    some = np.flatnonzero(counts)
    newest[some] = ages[firsts[some]] / SECONDS_A_DAY
    ends = accumulate([limit * shoppers for limit in limits], initial=0)
    return Ages(
        [days[start:end].reshape(shoppers, -1) for start, end in pairwise(ends)],
        counts.reshape(-1, shoppers),
        newest.reshape(-1, shoppers),
    )


def _packed(times: Sequence[float]) -> array[float]:
    return times if isinstance(times, array) else array("d", times)
