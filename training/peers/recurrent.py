"""Our reading of LSTM-PSO: an LSTM over a shopper's last clicks, tuned by particle swarm."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sklearn.preprocessing import StandardScaler

from training.fit import start_from
from training.metrics import log_loss
from training.peers.peer import as_scores
from training.peers.sequences import Sequences, Views
from training.peers.tabular import EVERY
from training.peers.tuning import Knob, Search, earlier_and_newest, search

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, LongArray
    from training.peers.peer import Evidence

_BATCH: Final = 128  # page views
_PASSES: Final = 3
_SMALLEST: Final = 1e-6


@dataclass
class Recurrent:
    """An LSTM reads the last clicks; a small network joins it to the columns and the word.

        h = LSTM(steps)        logit = w . tanh(W [h ; axes of the word ; columns] + b)

    Al-Janabi et al. let a swarm choose the network's structure and parameters: here the width of
    either layer, the learning rate and the decay of weights.
    """

    name: str
    evidence: Evidence
    seed: int
    settings: dict[str, float] = field(default_factory=dict)
    knobs: tuple[Knob, ...] = (
        Knob("units", 4, 24, log=True, whole=True),
        Knob("hidden", 8, 48, log=True, whole=True),
        Knob("rate", 1e-3, 1e-2, log=True),
        Knob("decay", 1e-5, 1e-1, log=True),
    )
    _model: keras.Model | None = None
    _scale: StandardScaler = field(default_factory=StandardScaler)

    def fit(self, rows: LongArray) -> None:
        """Let the swarm look on the newest of `rows`, then fit to all of them."""
        self._scale.fit(self.evidence.columns(EVERY, rows))
        earlier, newest = earlier_and_newest(rows)
        clicks = self.evidence.clicks(newest)

        def loss(settings: dict[str, float]) -> float:
            return log_loss(clicks, self._predict(self._fitted(earlier, settings), newest))

        self.settings = search(loss, self.knobs, Search.SWARM, seed=self.seed)
        self._model = self._fitted(rows, self.settings)

    def score(self, rows: LongArray) -> NDArray[np.float64]:
        """Return P(click) of `rows`.

        Raises: RuntimeError before `fit`.
        """
        if self._model is None:
            raise RuntimeError(f"{self.name} scores rows only after fit()")
        return as_scores(self._predict(self._model, rows))

    @cached_property
    def _sequences(self) -> Sequences:
        return Sequences.of(self.evidence.pasts, self.evidence.axes)

    def _fitted(self, rows: LongArray, settings: dict[str, float]) -> keras.Model:
        start_from(self.seed)
        views = Views.of(self.evidence.shop.facets.pages[rows])
        clicks = views.spread(self.evidence.clicks(rows))
        inputs = self._inputs(rows, views)
        model = network(inputs, settings, float(clicks.sum() / max(views.real.sum(), 1)))
        model.fit(
            inputs,
            clicks[..., None],
            sample_weight=views.real,
            batch_size=_BATCH,
            epochs=_PASSES,
            verbose=0,
        )
        return model

    def _predict(self, model: keras.Model, rows: LongArray) -> NDArray[Any]:
        views = Views.of(self.evidence.shop.facets.pages[rows])
        p = model.predict(self._inputs(rows, views), batch_size=_BATCH, verbose=0)
        return views.gathered(p[..., 0])

    def _inputs(self, rows: LongArray, views: Views) -> list[FloatArray]:
        """Return steps (s, 20, D + 3) of the page views, and what stood on them (s, w, c + D)."""
        sequences, axes = self._sequences, self.evidence.axes.axes
        columns = self._scale.transform(self.evidence.columns(EVERY, rows))
        shown = np.hstack([columns, axes[self.evidence.shop.facets.words[rows]]])
        first = rows[views.firsts]
        return [sequences.steps(sequences.at[first]), views.spread(shown.astype(np.float32))]


def network(
    inputs: list[FloatArray], settings: dict[str, float], click_rate: float
) -> keras.Model:
    """Build the network for inputs of these shapes; it starts from the click rate."""
    import keras

    units, hidden = int(settings["units"]), int(settings["hidden"])
    steps, shown = (keras.Input(array.shape[1:]) for array in inputs)
    state = keras.layers.LSTM(units)(steps)
    beside = keras.layers.RepeatVector(inputs[1].shape[1])(state)
    joined = keras.layers.Concatenate()([beside, shown])
    inside = keras.layers.Dense(hidden, activation="tanh")(joined)
    rate = min(max(click_rate, _SMALLEST), 1 - _SMALLEST)
    start = keras.initializers.Constant(float(np.log(rate / (1 - rate))))
    p = keras.layers.Dense(1, activation="sigmoid", bias_initializer=start)(inside)
    model = keras.Model([steps, shown], p)
    adam = keras.optimizers.AdamW(settings["rate"], weight_decay=settings["decay"])
    model.compile(adam, keras.losses.BinaryCrossentropy())
    return model
