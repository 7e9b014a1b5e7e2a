"""Training rows: windows of each platform's days, with what came on the days after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from service.contract.platform_days import METRICS
from service.contract.platform_windows import GOALS, WINDOW, encode_windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.contract.arrays import LongArray, Tensors
    from service.contract.platform_days import PlatformDays
    from training.allocator.config import AllocatorConfig

_SPEND: Final = METRICS.index("spend")
_THINNEST: Final = 0.02
_DROPPED: Final = 0.1  # share of days that go missing in one cut window of four
_MOST: Final = 2**31


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Days of the platforms of G advertisers: what windows are sliced from.

    totals (G, P, D, 4), known (G, P, D). Advertisers of fewer platforms have some without a known
    day; platforms are compared with those of the same advertiser only, as in serving.
    """

    totals: NDArray[np.float64]
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, histories: Sequence[PlatformDays]) -> Series:
        """Put histories onto one calendar."""
        first = min(days.first_day for days in histories).toordinal()
        last = max(days.last_day for days in histories).toordinal()
        most = max(len(days.platforms) for days in histories)
        known = np.zeros((len(histories), most, last - first + 1), np.bool_)
        totals = np.zeros((*known.shape, len(METRICS)))
        for number, days in enumerate(histories):
            start = days.first_day.toordinal() - first
            place = slice(len(days.platforms)), slice(start, start + days.known.shape[1])
            known[number][place], totals[number][place] = days.known, days.totals
        return cls(totals, known)

    @property
    def days(self) -> int:
        """How many there are, known or not."""
        count: int = self.known.shape[2]
        return count

    @property
    def platforms(self) -> int:
        """How many have a known day."""
        return int(np.count_nonzero(self.known.any(axis=-1)))

    def thinned(self, share: float, rng: np.random.Generator) -> Series:
        """Thin the counts of some platforms at random, as if each were that much smaller."""
        rows = self.known.shape[:2]
        kept = np.exp(rng.uniform(np.log(_THINNEST), 0.0, rows))
        kept = np.where(rng.random(rows) < share, kept, 1.0)[..., None, None]
        totals = self.totals.copy()
        counts = np.minimum(totals[..., 1:], _MOST).astype(np.int64)
        thinner = rng.binomial(counts, np.broadcast_to(kept, counts.shape))
        totals[..., 1:] = np.where(kept < 1.0, thinner, totals[..., 1:])
        return Series(totals, self.known)


def rows_of(
    series: Series,
    starts: LongArray,
    config: AllocatorConfig,
    rng: np.random.Generator | None,
    goals: Sequence[str] = GOALS,
) -> Tensors:
    """Return the rows of `goals` for windows that end before the days `starts` (T,).

    Row by row: history (N, W, F), mask (N, W), value (N,) as the network gets them, and of the H
    days ahead their spend (N, H) as a share of the usual, counts (N, H), real (N, H). Rows of
    which nothing can be learnt are left out. With `rng`, windows are cut and days go missing.
    """
    totals, known = _before(series, starts)
    if rng is not None:
        known = _with_gaps(known, config.cut, rng)
    parts = [_of_goal(series, starts, totals, known, goal, config.horizon) for goal in goals]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    told = rows["real"].sum(axis=1) > 0
    return {name: values[told] for name, values in rows.items()}


def _before(series: Series, starts: LongArray) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the days before each start: totals (T, G, P, W, 4), known (T, G, P, W)."""
    totals = np.pad(series.totals, ((0, 0), (0, 0), (WINDOW, 0), (0, 0)))
    known = np.pad(series.known, ((0, 0), (0, 0), (WINDOW, 0)))
    return _sliced(totals, known, starts[:, None] + np.arange(WINDOW))  # moved by the padding


def _sliced(
    totals: NDArray[Any], known: NDArray[np.bool_], days: LongArray
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return totals (T, G, P, N, 4) and known (T, G, P, N) of days (T, N)."""
    return np.moveaxis(totals[:, :, days], 2, 0), np.moveaxis(known[:, :, days], 2, 0)


def _with_gaps(
    known: NDArray[np.bool_], cut: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    rows = known.shape[:-1]
    oldest = np.where(rng.random(rows) < cut, rng.integers(0, WINDOW + 1, rows), 0)
    kept = np.arange(WINDOW) >= oldest[..., None]
    gaps = (rng.random(rows) < cut / 4)[..., None] & (rng.random(known.shape) < _DROPPED)
    return known & kept & ~gaps


def _of_goal(
    series: Series,
    starts: LongArray,
    totals: NDArray[Any],
    known: NDArray[np.bool_],
    goal: str,
    horizon: int,
) -> Tensors:
    windows = encode_windows(totals, known, goal)
    ahead, told = _after(series, starts, horizon)
    spend, counts = ahead[..., _SPEND], ahead[..., METRICS.index(goal)]
    seen = totals[..., METRICS.index(goal)].sum(axis=-1, keepdims=True) + counts.sum(
        axis=-1, keepdims=True
    )
    real = told & (spend > 0) & (seen > 0)  # what never brought the goal says nothing of it
    shares = np.minimum(spend / windows.spend[..., None], 1e3)
    rows = {
        **windows.tensors,
        "value": windows.value,
        "spend": shares,
        "counts": counts,
        "real": real,
    }
    return {
        name: values.reshape(-1, *values.shape[3:]).astype(np.float32)
        for name, values in rows.items()
    }


def _after(
    series: Series, starts: LongArray, horizon: int
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the days from each start on: totals (T, G, P, H, 4), known (T, G, P, H)."""
    totals = np.pad(series.totals, ((0, 0), (0, 0), (0, horizon), (0, 0)))
    known = np.pad(series.known, ((0, 0), (0, 0), (0, horizon)))
    return _sliced(totals, known, starts[:, None] + np.arange(horizon))
