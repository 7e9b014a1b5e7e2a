"""Fitting: whole batches gathered from arrays, compiled steps, the best weights kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from keras import ops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from service.contract.arrays import LongArray, Tensors
    from training.examples import Examples

Tensor = Any
Loss = "Callable[[Mapping[str, Tensor]], Tensor]"


class Report(Protocol):
    """Is told how far fitting is, to draw a bar."""

    def __call__(self, done: int, total: int, note: str) -> None:
        """Take the steps done, of how many, and what to show beside."""


def start_from(seed: int) -> None:
    """Make TensorFlow and numpy repeat themselves, on two threads at most."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    try:
        tf.config.threading.set_intra_op_parallelism_threads(2)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        return  # it runs already: whoever started it has chosen


def click_loss(logits: Tensor, clicks: Tensor, real: Tensor) -> Tensor:
    """Return -(1 / n) sum [y log p + (1 - y) log(1 - p)] over the real rows."""
    losses = ops.softplus(logits) - clicks * logits
    return ops.sum(losses * real) / ops.maximum(ops.sum(real), 1.0)


@dataclass(frozen=True, slots=True)
class Rates:
    """Learning rates, falling linearly to a tenth over the steps."""

    rest: float
    words: float
    decay: float
    steps: int

    def falling(self, rate: float) -> keras.optimizers.schedules.LearningRateSchedule:
        """Return the schedule that starts at `rate`."""
        return keras.optimizers.schedules.PolynomialDecay(rate, max(self.steps, 1), rate / 10)


class Step:
    """One compiled training step of one loss, plus decay of squared kernels and own penalties.

    Word vectors move at a rate of their own and do not decay.
    """

    def __init__(
        self, model: keras.Model, loss: Callable[[Mapping[str, Tensor]], Tensor], rates: Rates
    ) -> None:
        words = {id(v) for v in model.table.trainable_variables}
        every = model.trainable_variables
        rest = [v for v in every if id(v) not in words]
        self._parts: list[tuple[Any, list[Any]]] = [
            (keras.optimizers.Adam(rates.falling(rates.words)), model.table.trainable_variables),
            (keras.optimizers.Adam(rates.falling(rates.rest)), rest),
        ]
        self._decay = rates.decay
        self._kernels = [v for v in rest if len(v.shape) > 1]
        wanted = (rates.words > 0, True)  # words that stay need no gradient, which costs most
        self._parts = [
            part for part, moves in zip(self._parts, wanted, strict=True) if part[1] and moves
        ]
        for optimizer, variables in self._parts:
            optimizer.build(variables)
        self._model = model
        self._loss = loss
        self._run = tf.function(self._one, jit_compile=True, autograph=False)

    def _one(self, batch: Mapping[str, Tensor]) -> Tensor:
        with tf.GradientTape() as tape:
            loss = self._loss(batch)
            large = ops.sum(ops.stack([ops.sum(ops.square(v)) for v in self._kernels]))
            whole = loss + self._decay * large + sum(self._model.losses)
        wanted = [[v.value for v in variables] for _, variables in self._parts]
        gradients = tape.gradient(whole, wanted, unconnected_gradients="zero")
        for (optimizer, variables), parts in zip(self._parts, gradients, strict=True):
            optimizer.apply(parts, variables)
        return loss

    def __call__(self, batch: Tensors) -> float:
        """Take the step; returns the loss before it."""
        return float(self._run({name: tf.constant(value) for name, value in batch.items()}))


def endless(requests: LongArray, size: int, rng: np.random.Generator) -> Iterator[LongArray]:
    """Yield batches of exactly `size` requests, each pass in a new order."""
    left = np.empty(0, dtype=np.int64)
    while True:
        while len(left) < size:
            left = np.concatenate([left, rng.permutation(requests)])
        yield left[:size]
        left = left[size:]


Forward = Any
"""A compiled network: batch -> outputs, each (B, N)."""


def compiled(forward: Callable[[Mapping[str, Tensor]], Sequence[Tensor]]) -> Forward:
    """Compile a network once, for `predict` to run many times."""
    return tf.function(forward, jit_compile=True, autograph=False)


def predict(
    run: Forward, examples: Examples, requests: LongArray, size: int = 512
) -> list[NDArray[np.float32]]:
    """Return the outputs of a compiled network for the real rows of `requests`, in order."""
    found: list[list[NDArray[np.float32]]] = []
    for start in range(0, len(requests), size):
        chosen = requests[start : start + size]
        batch = examples.take(np.resize(chosen, size))
        real = batch["real"][: len(chosen)] > 0
        outputs = run({name: tf.constant(value) for name, value in batch.items()})
        found.append([np.asarray(one)[: len(chosen)][real] for one in outputs])
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def column(examples: Examples, name: str, requests: LongArray) -> NDArray[Any]:
    """Return a column of the real rows of `requests`, in the order of `predict`."""
    rows = examples.requests.rows[requests][examples.requests.real[requests]]
    return examples.columns[name][rows]


def log_odds(clicks: NDArray[Any]) -> float:
    """Return the log odds of the mean, where a bias starts from; kept within 6 of zero."""
    mean = float(np.clip(clicks.mean(), 2.5e-3, 1 - 2.5e-3)) if len(clicks) else 0.5
    return float(np.log(mean / (1 - mean)))


@dataclass(slots=True)
class Best:
    """The weights with the least loss on held-out rows so far."""

    model: keras.Model
    loss: float = float("inf")
    weights: list[NDArray[Any]] = field(default_factory=list)

    def offer(self, loss: float) -> None:
        """Keep the present weights if they are better, or the first."""
        if loss < self.loss or not self.weights:
            self.loss, self.weights = loss, self.model.get_weights()

    def restore(self) -> None:
        """Put the best weights back."""
        self.model.set_weights(self.weights)
