"""What the allocator's network sees of a platform: its newest days, each as a share of the usual.

For one goal (clicks or conversions) and a window of days t, of which the known ones count:

    s = mean of x_t over days with spend x_t > 0                       [micros a day]
    q = (sum y_t + c) / (sum x_t + c / q_all)                          [goal per micro]
    v = q s                                                            [goal a day at spend s]

where y_t is the goal, q_all the same ratio over all platforms and c = 2 counts. A platform without
any spend takes s and q from the others. Then spend is x_t / s, the goal y_t / v, and so on: the
network sees no currency and no size but ln(1 + v), which says how noisy the counts are.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from service.contract.platform_days import METRICS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.contract.arrays import Tensors
    from service.contract.platform_days import PlatformDays

WINDOW: Final = 42
FEATURES: Final = ("spend", "goal", "impressions", "other_goal", "size", "usual_impressions")
GOALS: Final = ("clicks", "conversions")

_VERSION: Final = 1
_COUNTS: Final = 2.0  # by which a platform's return is drawn to that of all
_NO_SPEND: Final = 10e6  # micros a day, where nobody ever spent anything
_LEAST_RETURN: Final = 1e-9  # goal per micro: one for a thousand currency units
_LARGEST: Final = 20.0  # times the usual; further out is the same to the network
_STEP: Final = 997.3
_SHIFT: Final = 0.37

Floats = "NDArray[np.float64]"


class WindowError(ValueError):
    """There is no such window or goal; the message says what was asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Encoded windows (..., P) of platforms, and what their numbers are shares of.

    history (..., P, W, F) in the order of FEATURES, oldest day first; mask (..., P, W) of known
    days; spend (..., P) micros a day; value (..., P) of the goal a day at that spend.
    """

    history: NDArray[np.float32]
    mask: NDArray[np.float32]
    spend: NDArray[np.float64]
    value: NDArray[np.float64]

    @property
    def tensors(self) -> Tensors:
        """What the graph is fed."""
        return {"history": self.history, "mask": self.mask}


class _Columns(NamedTuple):
    spend: NDArray[np.float64]
    impressions: NDArray[np.float64]
    goal: NDArray[np.float64]
    other: NDArray[np.float64]


def encode(days: PlatformDays, goal: str) -> Windows:
    """Encode the newest days of a history.

    Raises: WindowError.
    """
    return encode_newest(days.totals, days.known, goal)


def encode_newest(totals: NDArray[Any], known: NDArray[np.bool_], goal: str) -> Windows:
    """Encode the newest WINDOW of D days; days before the first are not known.

    totals (P, D, 4), known (P, D).

    Raises: WindowError.
    """
    before = max(0, WINDOW - known.shape[1])
    totals = np.pad(totals, ((0, 0), (before, 0), (0, 0)))[:, -WINDOW:]
    known = np.pad(known, ((0, 0), (before, 0)))[:, -WINDOW:]
    return encode_windows(totals, known, goal)


def encode_windows(totals: NDArray[Any], known: NDArray[np.bool_], goal: str) -> Windows:
    """Encode windows: totals (..., P, W, 4), known (..., P, W).

    Raises: WindowError for a goal that is none of GOALS.
    """
    if goal not in GOALS:
        message = f"no goal {goal!r}; expected one of {GOALS}"
        raise WindowError(message)
    columns = _columns(np.where(known[..., None], totals, 0.0), goal)
    spend, value = _usual(columns.spend, columns.goal)
    shown = _usual(columns.spend, columns.impressions)[1]
    other = _usual(columns.spend, columns.other)[1]
    shares = (
        _share(columns.spend, spend),
        _share(columns.goal, value),
        _share(columns.impressions, shown),
        _share(columns.other, other),
        np.broadcast_to(np.log1p(value)[..., None], known.shape),
        np.broadcast_to(np.log1p(shown)[..., None], known.shape),
    )
    history = np.stack(shares, axis=-1).astype(np.float32)
    return Windows(history, known.astype(np.float32), spend, value)


def _columns(totals: NDArray[np.float64], goal: str) -> _Columns:
    named = {name: totals[..., number] for number, name in enumerate(METRICS)}
    (other,) = (name for name in GOALS if name != goal)
    return _Columns(named["spend"], named["impressions"], named[goal], named[other])


def _usual(
    spend: NDArray[np.float64], brought: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return s and v (..., P) of spend and what it brought (..., P, W)."""
    on = spend > 0
    paid, got = spend.sum(axis=-1), np.where(on, brought, 0.0).sum(axis=-1)
    all_paid, all_got = paid.sum(axis=-1, keepdims=True), got.sum(axis=-1, keepdims=True)
    count = on.sum(axis=-1)
    usual = _ratio(all_paid, count.sum(axis=-1, keepdims=True), _NO_SPEND)
    daily = np.where(count > 0, paid / np.maximum(count, 1), usual)
    pooled = np.maximum(_ratio(all_got, all_paid, 0.0), _LEAST_RETURN)
    return daily, daily * (got + _COUNTS) / (paid + _COUNTS / pooled)


def _ratio(above: NDArray[Any], below: NDArray[Any], otherwise: float) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.where(below > 0, above / np.maximum(below, 1), otherwise)
    return found


def _share(values: NDArray[np.float64], usual: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.minimum(values / usual[..., None], _LARGEST)


def window_fingerprint() -> str:
    """Return a SHA-256 over the names, the sizes, and a built-in history as it is encoded here."""
    names = json.dumps([_VERSION, WINDOW, FEATURES, GOALS, METRICS])
    state = hashlib.sha256(names.encode())
    totals, known = _probe()
    for goal in GOALS:
        found = encode_windows(totals, known, goal)
        for numbers in (found.history, found.mask, np.log(found.spend), np.log(found.value)):
            state.update(
                np.floor(numbers.astype(np.float64) * _STEP + _SHIFT).astype("<i8").tobytes()
            )
    return state.hexdigest()


def _probe() -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return totals (4, W, 4) and known days: one usual, one rare, one silent, one unknown."""
    day = np.arange(WINDOW, dtype=np.float64)
    spend = np.stack([1e6 * (50 + day), 1e6 * (day % 3), 0 * day, 0 * day])
    clicks = np.stack([40 + day % 7, day % 2, day % 5, 0 * day])
    totals = np.stack([spend, 30 * clicks, clicks, clicks // 9], axis=-1)
    known = np.stack([day >= 0, day % 4 > 0, day > WINDOW // 2, day < 0])
    return totals, known
