"""Fit the selling-point model: two tasks in turn, then calibrate on the newest rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.arms.model import Start
from training.arms.registry import ARMS
from training.calibration import fit_calibration
from training.cooccurrence import catalogue_vectors
from training.fit import (
    Best,
    Forward,
    Rates,
    Report,
    Step,
    alternate,
    click_loss,
    column,
    compiled,
    endless,
    log_odds,
    predict,
    start_from,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.contract.arrays import LongArray
    from service.contract.encoder import Encoder
    from training.arms.model import SellingPointModel
    from training.config import SellingPointConfig
    from training.examples import Examples

HELD_OUT: Final = 0.1
_CHECKS: Final = 8  # how often the held-out rows are looked at


@dataclass(frozen=True, slots=True)
class SellingPointData:
    """Both logs, encoded, and the requests of each that are learnt from and held out."""

    main: Examples
    auxiliary: Examples
    main_requests: LongArray
    auxiliary_requests: LongArray
    held_out: LongArray

    @classmethod
    def of(cls, main: Examples, auxiliary: Examples) -> SellingPointData:
        """Hold the newest rows of the main task out; the auxiliary one ends where they begin."""
        learnt, held_out = main.split(HELD_OUT)
        edge = main.ts[held_out[0]] if len(held_out) else np.inf
        earlier = np.flatnonzero(auxiliary.ts < edge)
        every = np.arange(len(auxiliary.ts))
        return cls(main, auxiliary, learnt, earlier if len(earlier) else every, held_out)

    @property
    def checked(self) -> LongArray:
        """Return the requests to check on: held out, or all where nothing could be held out."""
        return self.held_out if len(self.held_out) else self.main_requests


def new_model(
    data: SellingPointData, encoder: Encoder, titles: Any, config: SellingPointConfig
) -> SellingPointModel:
    """Build the arm; both tasks have run once, and words start from the titles (n, T)."""
    vocabulary = encoder.vocabulary
    model = ARMS[config.arm].build(vocabulary.size, config)
    model(data.main.take(data.main_requests[:1]))
    model.ad_clicks(data.auxiliary.take(data.auxiliary_requests[:1]))
    model.start(
        Start(
            vectors=catalogue_vectors(titles, vocabulary.size, config.dim, seed=config.seed),
            idf=vocabulary.idf,
            match=column(data.main, "match", data.main_requests),
            main_odds=log_odds(column(data.main, "click", data.main_requests)),
            auxiliary_odds=log_odds(column(data.auxiliary, "click", data.auxiliary_requests)),
        )
    )
    return model


def learn_selling_points(
    data: SellingPointData,
    encoder: Encoder,
    titles: Any,
    config: SellingPointConfig,
    report: Report,
) -> SellingPointModel:
    """Fit the model to `data` and return it, calibrated, with its best weights."""
    start_from(config.seed)
    model = new_model(data, encoder, titles, config)
    run = compiled(lambda batch: [model(batch)])
    _fit(model, run, data, config, report)
    logits = predict(run, data.main, data.checked)[0]
    slope, shift = fit_calibration(logits, column(data.main, "click", data.checked))
    model.calibration.slope.assign(slope)
    model.calibration.shift.assign(shift)
    return model


def _fit(
    model: SellingPointModel,
    run: Forward,
    data: SellingPointData,
    config: SellingPointConfig,
    report: Report,
) -> None:
    rng = np.random.default_rng(config.seed)
    main_size = min(config.main_requests, len(data.main_requests))
    auxiliary_size = min(config.auxiliary_requests, len(data.auxiliary_requests))
    auxiliary_passes = config.passes * config.auxiliary_share
    steps = [
        max(1, round(config.passes * len(data.main_requests) / main_size)),
        round(auxiliary_passes * len(data.auxiliary_requests) / auxiliary_size),
    ]
    draws = [
        endless(data.main_requests, main_size, rng),
        endless(data.auxiliary_requests, auxiliary_size, rng),
    ]
    # Clicks on feature words are few: word vectors learn from clicks on ads alone.
    rates = [
        Rates(config.rate, 0.0, config.decay, steps[0]),
        Rates(config.auxiliary_rate, config.word_rate, config.decay, steps[1]),
    ]
    tasks = [
        Step(model, lambda batch: _loss(model(batch, training=True), batch), rates[0]),
        Step(model, lambda batch: _loss(model.ad_clicks(batch, training=True), batch), rates[1]),
    ]
    sources = [data.main, data.auxiliary]
    best = Best(model)
    order = alternate(steps, rng)
    every = max(1, len(order) // _CHECKS)
    for done, task in enumerate(order.tolist(), start=1):
        tasks[task](sources[task].take(next(draws[task])))
        if done % every == 0 or done == len(order):
            loss = check(run, data)
            best.offer(loss)
            report(done, len(order), f"held-out log loss {loss:.4f}")
    best.restore()


def _loss(logits: Any, batch: Mapping[str, Any]) -> Any:
    return click_loss(logits, batch["click"], batch["real"])


def check(run: Forward, data: SellingPointData) -> float:
    """Return the log loss of the main task on the rows held out."""
    logits = predict(run, data.main, data.checked)[0]
    clicks = column(data.main, "click", data.checked)
    return float(np.mean(np.logaddexp(0.0, logits) - clicks * logits))
