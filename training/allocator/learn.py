"""Fit the allocator: steps over windows drawn anew each round, the best weights kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np
import tensorflow as tf

from training.allocator.config import AllocatorArm
from training.allocator.likelihood import surprise
from training.allocator.network import Ensemble, new_network, with_weights
from training.allocator.windows import Series, rows_of
from training.fit import Best, start_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.contract.arrays import LongArray, Tensors
    from training.allocator.config import AllocatorConfig
    from training.fit import Report

_ROUND: Final = 8_192  # windows that are cut and encoded together
_CHECKS: Final = 10
_MOST_CHECKED: Final = 8_192
_TOLD: Final = 25
_MANY: Final = 80_000  # rows from which on the decay is as configured
_MOST_DECAY: Final = 0.1
_AGEINGS: Final = (0.03, 0.1, 0.3, 0.9)  # by which a day counts less, a day
_MIDDLES: Final = (-1.0, 0.5, 2.0)  # of ln(rate)
_STEEPEST: Final = 1.0  # norm of a gradient


@dataclass(frozen=True, slots=True)
class AllocatorData:
    """The days of platforms, and on which of them windows end: learnt from and held out."""

    series: Series
    learnt: LongArray
    held_out: LongArray

    @classmethod
    def of(cls, series: Series, config: AllocatorConfig) -> AllocatorData:
        """Hold out the newest of the days with one before them; nothing learnt looks there."""
        days = np.arange(1, series.days)
        first = len(days) - round(config.held_out * len(days))
        ahead = config.horizon - 1 if first < len(days) else 0
        return cls(series, days[: max(first - ahead, 1)], days[first:])

    @property
    def checked(self) -> LongArray:
        """The days to check on: held out, or all where nothing could be."""
        return self.held_out if len(self.held_out) else self.learnt


@dataclass(frozen=True, slots=True)
class Fitted:
    """A network, after how many steps it was best, and how it was built."""

    model: keras.Model
    steps: int
    config: AllocatorConfig


def fit_once(data: AllocatorData, config: AllocatorConfig, report: Report) -> Fitted:
    """Fit one network to the learnt days and keep the weights that were best on those held out."""
    start_from(config.seed)
    rng = np.random.default_rng(config.seed)
    config = started(data, replace(config, decay=decay_of(data, config)), rng)
    model = new_network(config)
    steps = steps_of(data, config)
    step = Stepping(model, config, steps)
    held_out = rows_of(data.series, _some(data, data.checked, rng), config, None)
    best, best_steps, every = Best(model), steps, max(1, steps // _CHECKS)
    for done, batch in enumerate(islice(_batches(data, config, rng), steps), start=1):
        step(batch)
        if done % every == 0 or done == steps:
            loss = step.check(held_out)
            best_steps = done if loss < best.loss else best_steps
            best.offer(loss)
            report(done, steps, f"held-out surprise {loss:.4f}")
    best.restore()
    return Fitted(model, best_steps, config)


def fit_all(data: AllocatorData, found: Fitted, report: Report) -> keras.Model:
    """Fit the members anew, to all days, for as many steps as were best; return them as one."""
    everything = AllocatorData(data.series, np.arange(1, data.series.days), data.held_out[:0])
    whole = found.config.members * found.steps
    members = []
    for number in range(found.config.members):
        config = replace(found.config, seed=found.config.seed + number + 1)
        start_from(config.seed)
        rng = np.random.default_rng(config.seed)
        model = new_network(config)
        step = Stepping(model, config, steps_of(data, config))
        for done, batch in enumerate(islice(_batches(everything, config, rng), found.steps)):
            step(batch)
            if done % _TOLD == 0:
                report(number * found.steps + done, whole, f"network {number + 1}")
        members.append(model)
    return with_weights(Ensemble(members))


def decay_of(data: AllocatorData, config: AllocatorConfig) -> float:
    """Return the decay of squared kernels: it is a prior, and weighs more where rows are few."""
    return min(config.decay * max(1.0, _MANY / _rows(data)), max(config.decay, _MOST_DECAY))


def _rows(data: AllocatorData) -> int:
    return 2 * len(data.learnt) * data.series.platforms


def steps_of(data: AllocatorData, config: AllocatorConfig) -> int:
    """Return how many steps learning takes."""
    wanted = round(config.passes * _rows(data) / config.batch)
    return min(max(wanted, config.least_steps), config.most_steps)


def started(
    data: AllocatorData, config: AllocatorConfig, rng: np.random.Generator
) -> AllocatorConfig:
    """Return `config` with the memory and the bend that suit the learnt days best, unfitted."""
    rows = rows_of(data.series, _some(data, data.learnt, rng), config, None)
    starts = [
        replace(config, ageing=ageing, middle=middle)
        for ageing in _AGEINGS
        for middle in (_MIDDLES if config.arm is AllocatorArm.CNN else _MIDDLES[:1])
    ]
    batch = _tensors(rows)
    return min(starts, key=lambda one: float(_mean(new_network(one), batch, one.power)))


def _mean(model: keras.Model, batch: Any, power: float) -> Any:
    """Return the surprise of rows, weighed by the counts of their platforms."""
    weights = tf.cast(tf.pow(1.0 + batch["value"], power), tf.float64)
    losses = surprise(model(batch), batch) * weights
    return tf.cast(tf.reduce_sum(losses) / tf.reduce_sum(weights), tf.float32)


def _some(data: AllocatorData, days: LongArray, rng: np.random.Generator) -> LongArray:
    most = max(1, _MOST_CHECKED // max(1, data.series.platforms))
    return np.sort(rng.permutation(days)[:most])


def _batches(
    data: AllocatorData, config: AllocatorConfig, rng: np.random.Generator
) -> Iterator[Tensors]:
    """Yield batches without end; each round thins and cuts anew."""
    days = max(1, _ROUND // max(1, data.series.platforms))
    while True:
        order = rng.permutation(data.learnt)
        for start in range(0, len(order), days):
            series = data.series.thinned(config.thinned, rng)
            rows = rows_of(series, order[start : start + days], config, rng)
            count = len(rows["value"])
            if not count:
                continue
            size = min(config.batch, count)
            mixed = rng.permutation(count)
            for first in range(0, count - size + 1, size):
                yield {name: one[mixed[first : first + size]] for name, one in rows.items()}


class Stepping:
    """Training steps of one network, and its loss where it does not learn."""

    def __init__(self, model: keras.Model, config: AllocatorConfig, steps: int) -> None:
        rate = keras.optimizers.schedules.PolynomialDecay(config.rate, steps, config.rate / 10)
        self._optimizer = keras.optimizers.Adam(rate, global_clipnorm=_STEEPEST)
        self._model, self._decay, self._power = model, config.decay, config.power
        self._variables = model.trainable_variables
        self._kernels = [v for v in self._variables if len(v.shape) > 1]
        self._optimizer.build(self._variables)
        self._step = tf.function(self._take, autograph=False, reduce_retracing=True)

    def _take(self, batch: Any) -> Any:
        with tf.GradientTape() as tape:
            large = tf.add_n([tf.reduce_sum(tf.square(v.value)) for v in self._kernels])
            loss = _mean(self._model, batch, self._power) + self._decay * large
        gradients = tape.gradient(loss, [v.value for v in self._variables])
        self._optimizer.apply(gradients, self._variables)
        return loss

    def __call__(self, batch: Tensors) -> float:
        """Take a step; returns the loss before it."""
        return float(self._step(_tensors(batch)))

    def check(self, rows: Tensors) -> float:
        """Return the mean surprise of rows."""
        return float(_mean(self._model, _tensors(rows), self._power))


def _tensors(batch: Tensors) -> dict[str, Any]:
    return {name: tf.constant(value) for name, value in batch.items()}
