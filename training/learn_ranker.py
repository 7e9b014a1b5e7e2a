"""Fit the ranker: clicks, and conversions among the clicked; then calibrate on the newest rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from keras import ops

from service.contract.taste import TITLE_TASTE
from training.calibration import fit_calibration
from training.cooccurrence import catalogue_vectors
from training.examples import without_history
from training.fit import (
    Best,
    Forward,
    Rates,
    Report,
    Step,
    click_loss,
    column,
    compiled,
    endless,
    log_odds,
    predict,
    start_from,
)
from training.ranker import Ranker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from service.contract.arrays import LongArray
    from service.contract.encoder import Encoder
    from training.config import RankerConfig
    from training.examples import Examples

HELD_OUT: Final = 0.1
_CHECKS: Final = 6
_LEAST_WEIGHT: Final = 0.1


@dataclass(frozen=True, slots=True)
class RankerData:
    """The log of ads, encoded, and the requests that are learnt from and held out."""

    ads: Examples
    requests: LongArray
    held_out: LongArray

    @classmethod
    def of(cls, ads: Examples) -> RankerData:
        """Hold the newest rows out."""
        return cls(ads, *ads.split(HELD_OUT))

    @property
    def checked(self) -> LongArray:
        """Return the requests to check on: held out, or all where nothing could be held out."""
        return self.held_out if len(self.held_out) else self.requests


def new_model(encoder: Encoder, titles: Any, config: RankerConfig, match: Any) -> Ranker:
    """Build the ranker; word vectors start from the titles (n, T) of the catalogue."""
    vocabulary = encoder.vocabulary
    model = Ranker(vocabulary.size, config)
    vectors = catalogue_vectors(titles, vocabulary.size, config.dim, seed=config.seed)
    model.table.vectors.assign(vectors)
    model.table.salience.assign(np.log(np.maximum(vocabulary.idf, _LEAST_WEIGHT)))
    model.standardize.adapt(match)
    return model


def learn_ranker(
    data: RankerData, encoder: Encoder, titles: Any, config: RankerConfig, report: Report
) -> Ranker:
    """Fit the ranker to `data` and return it, calibrated, with its best weights."""
    start_from(config.seed)
    model = new_model(encoder, titles, config, column(data.ads, "match", data.requests))
    run = compiled(model)
    _fit(model, run, data, config, report)
    _calibrate(model, predict(run, data.ads, data.checked), data)
    return model


def _fit(
    model: Ranker, run: Forward, data: RankerData, config: RankerConfig, report: Report
) -> None:
    rng = np.random.default_rng(config.seed)
    size = min(config.requests, len(data.requests))
    steps = max(1, round(config.passes * len(data.requests) / size))
    _built(model, data)

    def loss(batch: Mapping[str, Any]) -> Any:
        return _loss(model(batch, training=True), batch, config.conversion_weight)

    step = Step(model, loss, Rates(config.rate, config.word_rate, config.decay, steps))
    draws = endless(data.requests, size, rng)
    best = Best(model)
    every = max(1, steps // _CHECKS)
    for done in range(1, steps + 1):
        forgotten = rng.random(size) < config.forgotten
        step(without_history(data.ads.take(next(draws)), forgotten, len(TITLE_TASTE)))
        if done % every == 0 or done == steps:
            held_out = check(run, data)
            best.offer(held_out)
            report(done, steps, f"held-out log loss {held_out:.4f}")
    best.restore()


def _loss(logits: tuple[Any, Any], batch: Mapping[str, Any], weight: float) -> Any:
    """Return the loss of clicks plus that of conversions, which only clicked rows tell of."""
    clicked = batch["click"] * batch["real"]
    share = ops.sum(clicked) / ops.maximum(ops.sum(batch["real"]), 1.0)
    conversions = click_loss(logits[1], batch["conversion"], clicked)
    return click_loss(logits[0], batch["click"], batch["real"]) + weight * share * conversions


def _built(model: Ranker, data: RankerData) -> None:
    """Run once, so that every weight exists; outputs start at the mean rates."""
    model(data.ads.take(data.requests[:1]))
    clicks = column(data.ads, "click", data.requests)
    model.click.dense.bias.assign([log_odds(clicks)])
    conversions = column(data.ads, "conversion", data.requests)[clicks > 0]
    model.conversion.dense.bias.assign([log_odds(conversions)])


def check(run: Forward, data: RankerData) -> float:
    """Return the log loss of clicks on the rows held out."""
    clicks = column(data.ads, "click", data.checked)
    found = predict(run, data.ads, data.checked)[0]
    return float(np.mean(np.logaddexp(0.0, found) - clicks * found))


def _calibrate(model: Ranker, found: Sequence[NDArray[np.float32]], data: RankerData) -> None:
    clicks = column(data.ads, "click", data.checked)
    clicked = clicks > 0
    conversions = column(data.ads, "conversion", data.checked)[clicked]
    for layer, values, labels in (
        (model.calibrate_click, found[0], clicks),
        (model.calibrate_conversion, found[1][clicked], conversions),
    ):
        slope, shift = fit_calibration(values, labels)
        layer.slope.assign(slope)
        layer.shift.assign(shift)
