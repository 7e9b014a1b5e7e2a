"""Word vectors from clicks: words that the same shoppers click lie close together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from training.shown import joined
from training.taste_factors import Factors
from training.word_vectors import WordVectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.arrays import FloatArray
    from training.shown import Shown

_HOLDS: Final = (3.0, 30.0, 300.0)  # how firmly words stay at their start, tried in turn
_ROUNDS: Final = 8
_NOISE: Final = 0.02  # words of equal starts may part
_LEAST_CLICKS: Final = 1_000  # of fewer nothing is learnt
_MOST_SHOPPERS: Final = 2_000  # those with most clicks; more of them teach hardly more
_LEAST_GAIN: Final = 5.0  # of log likelihood; the best of some trials gains a little by chance
_CHECKED: Final = 0.2  # of the rows, the newest


def taste_vectors(logs: Sequence[Shown], start: FloatArray, *, seed: int) -> WordVectors:
    """Return word vectors that say what the shoppers of both logs have in common.

    They are the axes F (size, K) of a factor model, `Factors`, as long as those of `start`
    (size, K), from the catalogue. How firmly words stay there, and how many rounds it takes, is
    what makes the newest rows likeliest. Of too few clicks, or where they have nothing in
    common, nothing is learnt.
    """
    shown = _most_active(joined(logs))
    if shown.clicks.sum() < _LEAST_CLICKS:
        return WordVectors.without_clicks(start)
    noise = np.random.default_rng(seed).standard_normal(start.shape, np.float32)
    noisy = (start + _NOISE * noise) * (np.arange(len(start)) > 0)[:, None]
    edge = float(np.quantile(shown.ts, 1 - _CHECKED))
    earlier = shown.where(shown.ts < edge)
    if not earlier.clicks.any():
        return WordVectors.without_clicks(start)
    newest = [log.where(log.ts >= edge) for log in logs]
    trials = [_tried(earlier, newest, noisy, hold) for hold in _HOLDS]
    chosen = max(trials, key=lambda trial: trial.gain)
    if chosen.gain < _LEAST_GAIN:
        return WordVectors.without_clicks(start)
    older, every = (_fitted(rows, noisy, chosen) for rows in (earlier, shown))
    return WordVectors(every, older, edge)


def _fitted(shown: Shown, start: FloatArray, chosen: _Trial) -> FloatArray:
    """Return vectors as long as those of the start."""
    factors = Factors(shown, start, chosen.hold)
    for _ in range(chosen.rounds):
        factors.improve()
    vectors = factors.vectors()
    return vectors * (_length(start) / _length(vectors))


def _length(vectors: FloatArray) -> float:
    """Return the root mean square length of the vectors that are not zero."""
    squares = (vectors**2).sum(axis=1)
    return float(np.sqrt(squares[squares > 0].mean()))


@dataclass(frozen=True, slots=True)
class _Trial:
    """How much likelier the newest rows became, at best after so many rounds."""

    gain: float
    hold: float
    rounds: int


def _tried(earlier: Shown, newest: Sequence[Shown], start: FloatArray, hold: float) -> _Trial:
    factors = Factors(earlier, start, hold)
    gains = []
    for _ in range(_ROUNDS):
        factors.improve()
        gains.append(sum(map(factors.gain, newest)))
        if gains[-1] < max(gains):
            break
    return _Trial(max(gains), hold, int(np.argmax(gains)) + 1)


def _most_active(shown: Shown) -> Shown:
    shoppers, codes = np.unique(shown.shoppers, return_inverse=True)
    clicks = np.bincount(codes, shown.clicks, minlength=len(shoppers))
    most = np.argsort(-clicks, kind="stable")[:_MOST_SHOPPERS]
    return shown.where(np.isin(codes, most))
