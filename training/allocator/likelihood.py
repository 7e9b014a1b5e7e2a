"""How likely counts are, when the level of a platform is not quite known and days differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tensorflow as tf
from keras import ops

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training.allocator.network import Answer

Tensor = Any

_POINTS: Final = 5
_ROOTS, _WEIGHTS = np.polynomial.hermite_e.hermegauss(_POINTS)
_LOG_WEIGHTS: Final = np.log(_WEIGHTS / _WEIGHTS.sum())
_LEAST: Final = 1e-6  # of a count


def expected(answer: Answer, batch: Mapping[str, Tensor]) -> Tensor:
    """Return the expected counts (N, H) of the days ahead at the spend really spent."""
    level = batch["value"][:, None] * ops.exp(answer.level)
    if answer.bend is None:
        return level
    rate = ops.exp(answer.bend)[:, None]
    return level * ops.log(1.0 + rate * batch["spend"]) / ops.log(1.0 + rate)


def surprise(answer: Answer, batch: Mapping[str, Tensor]) -> Tensor:
    """Return -log of the likelihood (N,) of the counts ahead, by day.

        p(y) = E_z prod_h NB(y_h; m_h exp(sd z - sd^2 / 2), dispersion)     z standard normal

    The days share z, so that what moves all of them goes to sd, what moves one to dispersion. In
    float64, since ln Gamma of a million counts leaves a float32 no digits.
    """
    mean = tf.cast(ops.maximum(expected(answer, batch), _LEAST), tf.float64)
    sd = tf.cast(answer.sd, tf.float64)[:, None]
    moved = sd * _ROOTS - tf.square(sd) / 2.0  # (N, Q)
    log_mean = tf.math.log(mean)[:, None] + moved[..., None]  # (N, Q, H)
    real = tf.cast(batch["real"], tf.float64)
    counts = tf.cast(batch["counts"], tf.float64)[:, None]
    each = _negative_binomial(counts, log_mean, tf.cast(answer.dispersion, tf.float64))
    days = tf.reduce_sum(each * real[:, None], axis=-1)  # (N, Q)
    whole = tf.reduce_logsumexp(days + _LOG_WEIGHTS, axis=-1)
    return -whole / tf.maximum(tf.reduce_sum(real, axis=-1), 1.0)


def _negative_binomial(counts: Tensor, log_mean: Tensor, dispersion: Tensor) -> Tensor:
    r = 1.0 / dispersion[:, None, None]
    log_r = tf.math.log(r)
    both = tf.reduce_logsumexp(tf.stack([log_mean, log_r + tf.zeros_like(log_mean)]), axis=0)
    ways = tf.math.lgamma(counts + r) - tf.math.lgamma(r) - tf.math.lgamma(counts + 1.0)
    return ways + r * (log_r - both) + counts * (log_mean - both)
