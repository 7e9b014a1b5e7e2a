"""Weights of linear tasks, W (d, L): each way of tying them together with its own penalty."""

from __future__ import annotations

from typing import Any, Final

import keras
from keras import ops

Tensor = Any

RANK: Final = 8
LEVELS: Final = 3
_OWN: Final = 3e-3  # per squared weight a task has to itself
_SPARSE: Final = 3e-4  # per absolute weight
_BLOCK: Final = 3e-4  # per length of a feature's weights over all tasks
_APART: Final = 1e-2  # per length of a difference between two tasks, at the first level
_SMALL: Final = 1e-12


class ByFeature(keras.regularizers.Regularizer):
    """c sum_j |V_j|_2 over the rows of V (d, L): a feature counts for all tasks or for none."""

    def __call__(self, weights: Tensor) -> Tensor:
        """Return the penalty."""
        return _BLOCK * ops.sum(ops.sqrt(ops.sum(ops.square(weights), axis=1) + _SMALL))


class BetweenTasks(keras.regularizers.Regularizer):
    """c sum_i 3^-i sum_(k<l) |w_i,k - w_i,l|_2 over the levels of W (I, d, L)."""

    def __call__(self, levels: Tensor) -> Tensor:
        """Return the penalty."""
        apart = levels[:, :, :, None] - levels[:, :, None, :]  # (I, d, L, L)
        lengths = ops.sqrt(ops.sum(ops.square(apart), axis=1) + _SMALL)
        falling = 3.0 ** -ops.arange(levels.shape[0], dtype="float32")
        return _APART * ops.sum(lengths * falling[:, None, None]) / 2


@keras.saving.register_keras_serializable("training")
class LowRankWeights(keras.layers.Layer):
    """W = U + Theta^T V: tasks share `rank` directions and pay for what they have alone.

    Penalty 0.003 |U|^2 beside the decay of all squared weights. Source: Ando and Zhang 2005.
    """

    def __init__(self, features: int, tasks: int, rank: int = RANK, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        own, small = keras.regularizers.L2(_OWN), keras.initializers.RandomNormal(stddev=0.05)
        self.own = self.add_weight(
            shape=(features, tasks), initializer="zeros", regularizer=own, name="own"
        )
        self.shared = self.add_weight(shape=(rank, features), initializer=small, name="shared")
        self.of_task = self.add_weight(shape=(rank, tasks), initializer=small, name="of_task")

    def matrix(self) -> Tensor:
        """Return W."""
        return self.own + ops.transpose(self.shared) @ self.of_task


@keras.saving.register_keras_serializable("training")
class AddedWeights(keras.layers.Layer):
    """W = U + V: U sparse weight by weight, V by whole features, so that tasks share those.

    Penalty 0.0003 (|U|_1 + sum_j |V_j|_2) over the rows of V. Source: Jalali et al. 2010.
    """

    def __init__(self, features: int, tasks: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        sparse = keras.regularizers.L1(_SPARSE)
        kinds = (("own", sparse), ("shared", ByFeature()))
        self.own, self.shared = (
            self.add_weight(
                shape=(features, tasks), initializer="zeros", regularizer=one, name=name
            )
            for name, one in kinds
        )

    def matrix(self) -> Tensor:
        """Return W."""
        return self.own + self.shared


@keras.saving.register_keras_serializable("training")
class SummedWeights(keras.layers.Layer):
    """W = sum_i W_i: at each level tasks may differ more, from nearly one to each by itself.

    Penalty 0.01 / 3^i |w_i,k - w_i,l|_2 over the pairs of tasks at level i = 0, 1, 2. Source: Han
    and Zhang 2015.
    """

    def __init__(self, features: int, tasks: int, levels: int = LEVELS, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.levels = self.add_weight(
            shape=(levels, features, tasks),
            initializer="zeros",
            regularizer=BetweenTasks(),
            name="levels",
        )

    def matrix(self) -> Tensor:
        """Return W."""
        return ops.sum(self.levels, axis=0)
