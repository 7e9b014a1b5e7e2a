"""Fit the selling-point model: two tasks in turn, then calibrate on the newest rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.arms.model import Start, TaskRows
from training.arms.registry import ARMS
from training.calibration import fit_calibration
from training.config import ScheduleName
from training.cooccurrence import catalogue_vectors
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
from training.schedules import AUXILIARY, BOTH, MAIN, Plan, order_of
from training.shown import Shown, shown_ads, shown_phrases
from training.taste_vectors import taste_vectors
from training.word_vectors import WordVectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from service.contract.arrays import LongArray, Tensors
    from service.contract.encoder import Encoder
    from training.arms.model import SellingPointModel
    from training.config import SellingPointConfig
    from training.examples import Examples

HELD_OUT: Final = 0.1
_CHECKS: Final = 8  # how often the held-out rows are looked at
_LOOKED_AT: Final = 20_000  # requests of a task that a model may start from
_OF_ADS: Final = "ads/"


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

    def shown(self, size: int) -> tuple[Shown, Shown]:
        """Return what both logs showed, of what is learnt from, in words of that many ids."""
        return (
            shown_phrases(self.main, self.main_requests, size, seed=0),
            shown_ads(self.auxiliary, self.auxiliary_requests, size, seed=0),
        )

    @property
    def checked(self) -> LongArray:
        """Return the requests to check on: held out, or all where nothing could be held out."""
        return self.held_out if len(self.held_out) else self.main_requests


def new_model(
    data: SellingPointData, encoder: Encoder, titles: Any, config: SellingPointConfig
) -> SellingPointModel:
    """Build the arm; both tasks have run once, and words have their start; titles (n, T)."""
    vocabulary = encoder.vocabulary
    arm = ARMS[config.arm]
    model = arm.build(vocabulary.size, config)
    model(data.main.take(data.main_requests[:1]))
    if arm.two_tasks:
        model.ad_clicks(data.auxiliary.take(data.auxiliary_requests[:1]))
    vectors = catalogue_vectors(titles, vocabulary.size, config.dim, seed=config.seed)
    words = WordVectors.without_clicks(vectors)
    if arm.words_from_clicks:
        words = taste_vectors(data.shown(vocabulary.size), vectors, seed=config.seed)
    main = _rows(data.main, data.main_requests, words.edge)
    auxiliary = _rows(data.auxiliary, data.auxiliary_requests, words.edge)
    model.start(Start(words, vocabulary.idf, main, auxiliary))
    return model


def _rows(examples: Examples, requests: LongArray, edge: float) -> TaskRows:
    """Return the newest of the rows learnt from."""
    newest = requests[-_LOOKED_AT:]
    clicks = column(examples, "click", newest)
    sizes = examples.requests.real[newest].sum(axis=1)
    matched = "match" in examples.columns
    return TaskRows(
        match=column(examples, "match", newest)
        if matched
        else np.empty((len(clicks), 0), np.float32),
        places=column(examples, "place", newest),
        clicks=clicks,
        odds=log_odds(clicks),
        fresh=np.repeat(examples.ts[newest] >= edge, sizes),
        over=lambda forward: predict(compiled(lambda b: [forward(b)]), examples, newest)[0],
    )


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
    plan = Plan.of(data, config, both=ARMS[config.arm].two_tasks)
    steps = _steps(model, config, plan)
    batches = _batches(data, plan, rng)
    best = Best(model)
    order = order_of(config.schedule, plan.main_steps, plan.auxiliary_steps, rng)
    every = max(1, len(order) // _CHECKS)
    for done, task in enumerate(order.tolist(), start=1):
        steps[task](next(batches[task]))
        if done % every == 0 or done == len(order):
            loss = check(run, data)
            best.offer(loss)
            report(done, len(order), f"held-out log loss {loss:.4f}")
    best.restore()


def _steps(model: Any, config: SellingPointConfig, plan: Plan) -> dict[int, Step]:
    """Return a step for each task; a task nobody asks for is never compiled."""

    def main(batch: Mapping[str, Any]) -> Any:
        return click_loss(model(batch, training=True), batch["click"], batch["real"])

    def auxiliary(batch: Mapping[str, Any]) -> Any:
        logits = model.ad_clicks(batch, training=True)
        return click_loss(logits, batch["click"], batch["real"])

    def both(batch: Mapping[str, Any]) -> Any:
        ads = {
            name.removeprefix(_OF_ADS): value for name, value in batch.items() if _OF_ADS in name
        }
        return main(batch) + auxiliary(ads)

    if config.schedule == ScheduleName.JOINT and plan.auxiliary_steps:
        rates = Rates(config.rate, config.word_rate, config.decay, plan.main_steps)
        return {BOTH: Step(model, both, rates)}
    found = {
        MAIN: Step(
            model,
            main,
            Rates(config.rate, config.main_word_rate, config.decay, plan.main_steps),
        )
    }
    if plan.auxiliary_steps:
        rates = Rates(config.auxiliary_rate, config.word_rate, config.decay, plan.auxiliary_steps)
        found[AUXILIARY] = Step(model, auxiliary, rates)
    return found


def _batches(
    data: SellingPointData, plan: Plan, rng: np.random.Generator
) -> dict[int, Iterator[Tensors]]:
    """Yield batches of each task without end."""
    main = map(data.main.take, endless(data.main_requests, plan.main_size, rng))
    ads = map(data.auxiliary.take, endless(data.auxiliary_requests, plan.auxiliary_size, rng))
    return {MAIN: main, AUXILIARY: ads, BOTH: map(_side_by_side, main, ads)}


def _side_by_side(main: Tensors, ads: Tensors) -> Tensors:
    return {**main, **{_OF_ADS + name: value for name, value in ads.items()}}


def check(run: Forward, data: SellingPointData) -> float:
    """Return the log loss of the main task on the rows held out."""
    logits = predict(run, data.main, data.checked)[0]
    clicks = column(data.main, "click", data.checked)
    return float(np.mean(np.logaddexp(0.0, logits) - clicks * logits))
