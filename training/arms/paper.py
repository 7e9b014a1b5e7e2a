"""The paper's three networks by its equations: BM, MTDL and AMTDL.

Source: Hou et al. 2025, after Zhao et al. 2019. The losses have their minus sign, the auxiliary
one its prediction, and the main task reads the feature-word log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from training.arms.comparing import UNITS_A_PAIR, compare
from training.arms.inputs import PLACES, CommonColumns, pooled
from training.arms.logistic import Logistic
from training.arms.saved import SavedBySettings
from training.layers import Calibration, PlaceTower, TitleAttention, WordTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.contract.arrays import FloatArray
    from training.arms.model import Start
    from training.config import SellingPointConfig

Tensor = Any


@keras.saving.register_keras_serializable("training")
class Bm(SavedBySettings):
    """The base model: one task, clicks on feature words.

        e_q = (1/s) sum_i Em(w_i)                           (eq. 4; no words give zeros)
        x = [e_u ; e_q ; e_v]                               (eq. 5)
        h1 = f(W1 x + b1)   h2 = f(W2 h1 + b2)              (eq. 6, 7; f = relu)
        y' = sigmoid(w_y . h2 + b_y + w_m . m + p_place)    (eq. 8)

    u are the words of the feature words clicked last. m is what is not personal and p_place the
    place, both beyond the paper and the same in every arm.
    """

    user: tuple[str, ...] = ("words",)
    asked: tuple[str, ...] = ("query",)
    compared: tuple[str, ...] = ("words", "query")

    def __init__(self, size: int, config: SellingPointConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.config, hidden = size, config, config.hidden
        self.table = WordTable(size, config.dim, name="table")
        self.table.salience.trainable = False  # a plain mean: every word counts alike
        self.width = hidden + UNITS_A_PAIR * config.dim * len(self.compared)
        self.from_context = keras.layers.Dense(self.width, name="from_context")  # W1 of u and q
        self.from_thing = keras.layers.Dense(self.width, use_bias=False, name="from_thing")
        self.second = keras.layers.Dense(hidden, activation="relu", name="second")
        self.dropout = keras.layers.Dropout(config.dropout, seed=config.seed)
        self.main = TaskOutput(PLACES, name="main")
        self.common = CommonColumns(name="common")
        self.calibration = Calibration(name="calibration")

    def start(self, start: Start) -> None:
        """Start from the catalogue's words, units that compare, and outputs solved outright."""
        self.table.vectors.assign(start.words.vectors * (2.0 * self.config.dim**0.5))
        groups = [*self.user, *self.asked]
        compare(self, [groups.index(name) for name in self.compared])
        common = self.common.adapt(start.main.match)
        hidden = start.main.over(self.main_hidden)
        found = Logistic.fit(np.hstack([common, hidden]), start.main, PLACES)
        self.common.kernel.assign(found.kernel[: common.shape[1]])
        self.main.start(found, found.kernel[common.shape[1] :])

    def call(self, batch: Mapping[str, Tensor], training: bool = False) -> Tensor:
        """Return logits (B, N) of clicks on the shown feature words."""
        logits = self.main(self.main_hidden(batch, training), batch["place"])
        return self.calibration(logits + self.common(batch["match"]))

    def main_hidden(self, batch: Mapping[str, Tensor], training: bool = False) -> Tensor:
        """Return h2 (B, N, H) of the shown feature words."""
        phrase = self.table.mean(batch["phrase_words"])
        return self.hidden(self.context(batch), phrase, training)

    def context(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return e_u and e_q, the groups of each side by side."""
        return pooled(self.table, batch, self.user), pooled(self.table, batch, self.asked)

    def hidden(self, context: tuple[Tensor, Tensor], thing: Tensor, training: bool) -> Tensor:
        """Return h2 (B, N, H) for things (B, N, D)."""
        of_context = self.from_context(ops.concatenate(context, axis=-1))[:, None, :]
        h1 = ops.relu(of_context + self.from_thing(thing))
        return self.second(self.dropout(h1, training=training))


@keras.saving.register_keras_serializable("training")
class Mtdl(Bm):
    """Two tasks that share words, W1 and W2, with an output each.

    The auxiliary task, clicks on ads, reads the title as attention weighs its words (eq. 11 to 13)
    where the main task reads the feature word:  x = [e_u ; e_q ; e_a]. Attention of no units is
    left out: the title is pooled as all else is.
    """

    def __init__(self, size: int, config: SellingPointConfig, **kwargs: Any) -> None:
        super().__init__(size, config, **kwargs)
        if config.attention:
            self.attention = TitleAttention(config.attention, name="attention")
        self.auxiliary = TaskOutput(PLACES, name="auxiliary")

    def start(self, start: Start) -> None:
        """Start as the base model does, and with the mean click rate of ads."""
        super().start(start)
        found = Logistic.fit(start.auxiliary.over(self.auxiliary_hidden), start.auxiliary, PLACES)
        self.auxiliary.start(found, found.kernel)

    def ad_clicks(self, batch: Mapping[str, Tensor], training: bool = False) -> Tensor:
        """Return logits (B, N) of clicks on the shown ads."""
        return self.auxiliary(self.auxiliary_hidden(batch, training), batch["place"])

    def auxiliary_hidden(self, batch: Mapping[str, Tensor], training: bool = False) -> Tensor:
        """Return h2 (B, N, H) of the shown ads."""
        words, context = batch["title_words"], self.context(batch)  # (B, N, T)
        if self.config.attention:
            title = self.attention(*context, self.table.words(words), words > 0)
        else:
            title = self.table.mean(words)
        return self.hidden(context, title, training)


@keras.saving.register_keras_serializable("training")
class Amtdl(Mtdl):
    """MTDL with more groups about shopper and query, each pooled by itself.

    {words of clicked ad titles}{recent queries}{head word of the query}
    """

    user = ("words", "titles", "past")
    asked = ("query", "head")
    compared = ("words", "titles", "query")


@keras.saving.register_keras_serializable("training")
class TaskOutput(keras.layers.Layer):
    """One task's output, w_y . h2 + b_y, and what the place adds: (B, N, H), (B, N) -> (B, N)."""

    def __init__(self, places: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(1, name="dense")
        self.place = PlaceTower(places, name="place")

    def start(self, found: Logistic, kernel: FloatArray) -> None:
        """Start from a logistic on h2."""
        self.dense.kernel.assign(kernel[:, None])
        self.dense.bias.assign([found.bias])
        self.place.bias.assign(found.places)

    def call(self, h2: Tensor, places: Tensor) -> Tensor:
        """Return the logits."""
        return self.dense(h2)[..., 0] + self.place(places)
