"""The layers that both models are made of."""

from __future__ import annotations

from typing import Any, Final

import keras
import numpy as np
from keras import ops

_FAR: Final = -1e9
_LEAST_WEIGHT: Final = 1e-6
_LEAST_SPREAD: Final = 1e-4
_QUANTILES: Final = (0.2, 0.4, 0.6, 0.8, 0.9, 0.97)

Tensor = Any


@keras.saving.register_keras_serializable("training")
class WordTable(keras.layers.Layer):
    """One vector for each id, and how much it counts when words are pooled.

        pool(w_1..w_n) = (sum_i s_i Em(w_i), sum_i s_i)      s_i = exp(salience_i), 0 for padding

    With equal saliences the first divided by the second is the mean of the real words. ids
    (..., T) -> (..., D), (...).
    """

    def __init__(self, size: int, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.dim = size, dim
        small = keras.initializers.RandomNormal(stddev=0.05)
        self.vectors = self.add_weight(shape=(size, dim), initializer=small, name="vectors")
        self.salience = self.add_weight(shape=(size,), initializer="zeros", name="salience")

    def words(self, ids: Tensor) -> Tensor:
        """Return the vectors (..., T, D) of ids (..., T)."""
        return ops.take(self.vectors, ids, axis=0)

    def importance(self, ids: Tensor) -> Tensor:
        """Return how much each word counts (..., T); 0 for padding."""
        return ops.exp(ops.take(self.salience, ids)) * ops.cast(ids > 0, self.compute_dtype)

    def call(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return the weighted sum of the words and the sum of their weights."""
        weights = self.importance(ids)
        return ops.sum(self.words(ids) * weights[..., None], axis=-2), ops.sum(weights, axis=-1)

    def mean(self, ids: Tensor) -> Tensor:
        """Return the weighted mean (..., D) of ids (..., T); zeros where all is padding."""
        total, weight = self(ids)
        return total / ops.maximum(weight, _LEAST_WEIGHT)[..., None]

    def get_config(self) -> dict[str, Any]:
        """Return what builds an equal layer."""
        return {**super().get_config(), "size": self.size, "dim": self.dim}


@keras.saving.register_keras_serializable("training")
class TastePool(keras.layers.Layer):
    """How far a shopper's clicks lie from the usual ones, drawn to zero while they are few.

        h_l = sum_t s_lt Em(w_lt) / sum_t s_lt              f_l = (1 + days_l) ** -softplus(r)
        g = sum_l f_l (h_l - m) / (c + sum_l f_l)           c = `prior` clicks, m the usual h

    A ridge regression of clicks on the axes of the word vectors shrinks like this. sums (B, L, D),
    weights (B, L), days (B, L) -> (B, D).
    """

    def __init__(self, dim: int, prior: float = 50.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dim, self.prior = dim, prior
        slow = keras.initializers.Constant(-4.0)
        self.rate = self.add_weight(shape=(), initializer=slow, name="rate")
        self.usual = self.add_weight(shape=(dim,), initializer="zeros", name="usual")

    def call(self, sums: Tensor, weights: Tensor, days: Tensor) -> Tensor:
        """Return the shopper's place among the axes."""
        means = sums / ops.maximum(weights, _LEAST_WEIGHT)[..., None]
        fading = ops.exp(-ops.softplus(self.rate) * ops.log(days + 1.0))
        fading = fading * ops.sign(weights)  # (B, L)
        whole = ops.sum(fading, axis=-1)[:, None]
        total = ops.einsum("bl,bld->bd", fading, means) - whole * self.usual
        return total / (self.prior + whole)

    def get_config(self) -> dict[str, Any]:
        """Return what builds an equal layer."""
        return {**super().get_config(), "dim": self.dim, "prior": self.prior}


@keras.saving.register_keras_serializable("training")
class HistoryAttention(keras.layers.Layer):
    """Weigh what a shopper clicked by this query and by its age.

        b_l = z . tanh(W_q e_q + W_h h_l) - softplus(r) ln(1 + days_l)
        alpha = softmax(b) over the real clicks and one empty click with b = 0
        e_h = sum_l alpha_l h_l

    The empty click lets a short history count little. query (B, D), events (B, L, D),
    days (B, L), mask (B, L) -> (B, D).
    """

    def __init__(self, hidden: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden = hidden
        self.from_query = keras.layers.Dense(hidden, use_bias=False)
        self.from_event = keras.layers.Dense(hidden, use_bias=False)
        self.score = keras.layers.Dense(1, use_bias=False)
        self.rate = self.add_weight(shape=(), initializer="zeros", name="rate")

    def build(self, query_shape: Tensor, events_shape: Tensor, days_shape: Tensor) -> None:
        """Make the weights."""
        del days_shape
        self.from_query.build(query_shape)
        self.from_event.build(events_shape)
        self.score.build((*events_shape[:-1], self.hidden))

    def call(self, query: Tensor, events: Tensor, days: Tensor, mask: Tensor) -> Tensor:
        """Return the weighted sum of the events."""
        hidden = ops.tanh(self.from_query(query)[:, None, :] + self.from_event(events))
        b = ops.squeeze(self.score(hidden), -1) - ops.softplus(self.rate) * ops.log(days + 1.0)
        odds = ops.exp(ops.clip(b, -20.0, 20.0)) * ops.cast(mask, self.compute_dtype)
        alpha = odds / (1.0 + ops.sum(odds, axis=-1, keepdims=True))
        return ops.einsum("bl,bld->bd", alpha, events)

    def get_config(self) -> dict[str, Any]:
        """Return what builds an equal layer."""
        return {**super().get_config(), "hidden": self.hidden}


@keras.saving.register_keras_serializable("training")
class TitleAttention(keras.layers.Layer):
    """Weigh the words of a title by what this shopper and this query care about.

        b_j = z . tanh(W_u e_u + W_q e_q + W_a d_j)        (Zhao et al. 2019; Hou et al. 2025)
        alpha = softmax(b) over the real words             (eq. 12 of Hou et al.)
        e_a = sum_j alpha_j d_j                            (eq. 13)

    user (B, D), query (B, D), title (B, N, T, D) of N titles, mask (B, N, T) bool -> (B, N, D).
    A title of padding gives zeros.
    """

    def __init__(self, hidden: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden = hidden
        self.from_user = keras.layers.Dense(hidden, use_bias=False)
        self.from_query = keras.layers.Dense(hidden, use_bias=False)
        self.from_word = keras.layers.Dense(hidden, use_bias=False)
        self.score = keras.layers.Dense(1, use_bias=False)

    def build(self, user_shape: Tensor, query_shape: Tensor, title_shape: Tensor) -> None:
        """Make the weights."""
        self.from_user.build(user_shape)
        self.from_query.build(query_shape)
        self.from_word.build(title_shape)
        self.score.build((*title_shape[:-1], self.hidden))

    def call(self, user: Tensor, query: Tensor, title: Tensor, mask: Tensor) -> Tensor:
        """Return the attended title."""
        context = self.from_user(user) + self.from_query(query)  # (B, H)
        hidden = ops.tanh(context[:, None, None, :] + self.from_word(title))  # (B, N, T, H)
        b = ops.squeeze(self.score(hidden), -1)  # (B, N, T)
        alpha = ops.softmax(ops.where(mask, b, _FAR), axis=-1)
        return ops.einsum("bnt,bntd->bnd", alpha * ops.cast(mask, alpha.dtype), title)

    def get_config(self) -> dict[str, Any]:
        """Return what builds an equal layer."""
        return {**super().get_config(), "hidden": self.hidden}


@keras.saving.register_keras_serializable("training")
class PlaceTower(keras.layers.Layer):
    """What a place adds to the logit of a click, against the first place, which adds nothing.

    Used in training and when a log is scored; serving scores the first place. places (...)
    counted from 1, further ones count as the last known -> (...).
    """

    def __init__(self, places: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.places = places
        self.bias = self.add_weight(shape=(places,), initializer="zeros", name="bias")

    def call(self, places: Tensor) -> Tensor:
        """Return the difference to the first place."""
        known = ops.clip(places, 1, self.places) - 1
        return ops.take(self.bias, known) - self.bias[0]

    def get_config(self) -> dict[str, Any]:
        """Return what builds an equal layer."""
        return {**super().get_config(), "places": self.places}


@keras.saving.register_keras_serializable("training")
class Standardize(keras.layers.Layer):
    """Bring features to mean 0 and spread 1, cut at `limit`; a feature that never varied gives 0.

    features (..., M) -> (..., M). Mean and scale are set from the training rows, not learnt.
    """

    def __init__(self, width: int, limit: float = 5.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width, self.limit = width, limit
        fixed: dict[str, Any] = {"shape": (width,), "trainable": False}
        self.mean = self.add_weight(initializer="zeros", name="mean", **fixed)
        self.scale = self.add_weight(initializer="zeros", name="scale", **fixed)

    def adapt(self, features: Tensor) -> None:
        """Take mean and spread from features (N, M)."""
        spread = features.std(axis=0)
        self.mean.assign(features.mean(axis=0))
        self.scale.assign((spread > _LEAST_SPREAD) / (spread + _LEAST_WEIGHT))

    def call(self, features: Tensor) -> Tensor:
        """Return the standardized features."""
        return ops.clip((features - self.mean) * self.scale, -self.limit, self.limit)

    def get_config(self) -> dict[str, Any]:
        """Return what builds an equal layer."""
        return {**super().get_config(), "width": self.width, "limit": self.limit}


@keras.saving.register_keras_serializable("training")
class Hinges(keras.layers.Layer):
    """Let a linear output bend: max(x - t, 0) at six thresholds t of each feature, and x itself.

    features (..., M) -> (..., 7 M). Thresholds are quantiles of the training rows, not learnt.
    """

    def __init__(self, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        shape = (width, len(_QUANTILES))
        self.thresholds = self.add_weight(
            shape=shape, initializer="zeros", trainable=False, name="thresholds"
        )

    def adapt(self, features: Tensor) -> None:
        """Take the quantiles of features (N, M)."""
        self.thresholds.assign(np.quantile(features, _QUANTILES, axis=0).T)

    def call(self, features: Tensor) -> Tensor:
        """Return features, then their hinges, those of one feature side by side."""
        beyond = ops.relu(features[..., None] - self.thresholds)
        flat = ops.reshape(beyond, (*ops.shape(features)[:-1], self.width * len(_QUANTILES)))
        return ops.concatenate([features, flat], axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return what builds an equal layer."""
        return {**super().get_config(), "width": self.width}


@keras.saving.register_keras_serializable("training")
class Calibration(keras.layers.Layer):
    """a x + b on logits, with a > 0: keeps the order, makes the mean right. Set, not learnt."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        fixed: dict[str, Any] = {"shape": (), "trainable": False}
        self.slope = self.add_weight(initializer="ones", name="slope", **fixed)
        self.shift = self.add_weight(initializer="zeros", name="shift", **fixed)

    def call(self, logits: Tensor) -> Tensor:
        """Return calibrated logits."""
        return self.slope * logits + self.shift
