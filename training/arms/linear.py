"""Linear multi-task baselines: one weight vector a task, W (d, tasks), put together in three ways.

The paper names them without saying what they read. Our reading: the same words as AMTDL, with
fixed word vectors of the catalogue, met with the thing shown by products:

    x = [e_p * e_v for each group p ; e_v ; e_p for each group p]      logit_l = W_l . x + b_l

where e_v is a feature word in the main task and the mean of a title in the auxiliary one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import keras
from keras import ops

from training.arms.inputs import GROUPS, PLACES, CommonColumns, group_mean
from training.arms.logistic import Logistic
from training.arms.saved import SavedBySettings
from training.arms.task_weights import AddedWeights, LowRankWeights, SummedWeights
from training.layers import Calibration, PlaceTower, WordTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training.arms.model import Start
    from training.config import SellingPointConfig

Tensor = Any

PARTS: Final = tuple(GROUPS)
_MAIN: Final = 0
_AUXILIARY: Final = 1


class LinearArm(SavedBySettings):
    """A linear model of both tasks; subclasses say how their weights hang together."""

    weights_layer: Any

    def __init__(self, size: int, config: SellingPointConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.config = size, config
        self.table = WordTable(size, config.dim, name="table")
        self.table.trainable = False
        self.tasks = self.weights_layer((2 * len(PARTS) + 1) * config.dim, 2, name="tasks")
        self.bias = self.add_weight(shape=(2,), initializer="zeros", name="bias")
        self.main_place = PlaceTower(PLACES, name="main_place")
        self.auxiliary_place = PlaceTower(PLACES, name="auxiliary_place")
        self.common = CommonColumns(name="common")
        self.calibration = Calibration(name="calibration")

    def start(self, start: Start) -> None:
        """Take the catalogue's word vectors, at a scale where products are of order one."""
        self.table.vectors.assign(start.words.vectors * (2.0 * self.config.dim**0.5))
        main = start.main
        found = Logistic.fit(self.common.adapt(main.match), main, PLACES)
        self.common.kernel.assign(found.kernel)
        self.bias.assign([found.bias, start.auxiliary.odds])
        self.main_place.bias.assign(found.places)

    def call(self, batch: Mapping[str, Tensor], training: bool = False) -> Tensor:
        """Return logits (B, N) of clicks on the shown feature words."""
        del training
        logits = self.logits(batch, self.table.mean(batch["phrase_words"]), _MAIN)
        logits = logits + self.main_place(batch["place"]) + self.common(batch["match"])
        return self.calibration(logits)

    def ad_clicks(self, batch: Mapping[str, Tensor], training: bool = False) -> Tensor:
        """Return logits (B, N) of clicks on the shown ads."""
        del training
        logits = self.logits(batch, self.table.mean(batch["title_words"]), _AUXILIARY)
        return logits + self.auxiliary_place(batch["place"])

    def logits(self, batch: Mapping[str, Tensor], thing: Tensor, task: int) -> Tensor:
        """Return W_l . x + b_l (B, N), with the weights split over the parts of x."""
        dim, groups = self.config.dim, len(PARTS)
        weights = ops.reshape(self.tasks.matrix()[:, task], (2 * groups + 1, dim))
        pools = ops.stack([group_mean(self.table, batch[GROUPS[name]]) for name in PARTS], axis=1)
        slope = ops.einsum("bgd,gd->bd", pools, weights[:groups]) + weights[groups]
        level = ops.einsum("bgd,gd->b", pools, weights[groups + 1 :]) + self.bias[task]
        return ops.einsum("bd,bnd->bn", slope, thing) + level[:, None]


@keras.saving.register_keras_serializable("training")
class LowRank(LinearArm):
    """w_l = u_l + Theta^T v_l (eq. 1)."""

    weights_layer = LowRankWeights


@keras.saving.register_keras_serializable("training")
class Additive(LinearArm):
    """W = U + V (eq. 2)."""

    weights_layer = AddedWeights


@keras.saving.register_keras_serializable("training")
class Summed(LinearArm):
    """W = sum_i W_i (eq. 3)."""

    weights_layer = SummedWeights
