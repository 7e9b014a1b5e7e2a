"""The networks: from a window of days to the curve of the day after, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import keras
import numpy as np
from keras import ops

from service.contract.platform_windows import FEATURES, WINDOW
from training.allocator.config import AllocatorArm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.allocator.config import AllocatorConfig

Tensor = Any

RATES: Final = np.geomspace(0.05, 50.0, 9)
"""The bends that are weighed against each other: from all but straight to all but full."""

SHARES: Final = 4  # of FEATURES: spend, goal, impressions and the other goal
SOFT: Final = 0.5  # of a count: keeps logarithms of small counts calm
LEAST_SPEND: Final = 1e-3  # of the usual
FURTHEST: Final = 3.0  # logarithms of how far a day lies from its level stay within this
TINY: Final = 1e-4
SURE: Final = 8.0  # logarithms of weights stay within this
_SLOW: Final = 0.02  # a day: curves are remembered longer than levels
LEAST_SD: Final = 0.01
MOST_SD: Final = 1.0  # platforms of one advertiser differ by less
LEAST_DISPERSION: Final = 1e-4
_SPREAD: Final = 1.2  # of ln(rate), in the prior where learning starts
BENT: Final = 1.5  # how far the last layer may move ln(rate)


class Answer(NamedTuple):
    """What a network says of platforms (N,), all as shares of the usual day (`Windows`).

    The goal on a day that costs x times the usual spend is expected to be

        value * exp(level) * ln(1 + e^bend x) / ln(1 + e^bend)

    level (N, H) of the days ahead; sd (N,) of what is not known of the level; dispersion (N,) of
    the counts of a day: variance = m + dispersion m^2. Without a bend, spend does not matter.
    """

    level: Tensor
    sd: Tensor
    dispersion: Tensor
    bend: Tensor | None = None


class Trunk(keras.layers.Layer):
    """Two convolutions over time, a Conv2D(1, k) each: days that are not known stay zero.

    history (N, W, F), mask (N, W), by_spend (N, W), ln of goal by spend -> (N, W, C). The other
    inputs are logarithms of the shares.
    """

    def __init__(self, channels: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        kind: dict[str, Any] = {"padding": "same", "activation": "relu"}
        self.first = keras.layers.Conv2D(channels, (1, width), **kind)
        self.second = keras.layers.Conv2D(channels, (1, width), **kind)

    def call(self, history: Tensor, mask: Tensor, by_spend: Tensor) -> Tensor:
        """Return what each day and its neighbours say."""
        known = mask[..., None]
        logs = ops.log(1.0 + history[..., :SHARES]) * known
        rest = history[..., SHARES:] * known
        days = ops.concatenate([logs, by_spend[..., None], known, rest], axis=-1)
        found = self.first(days[:, None]) * known[:, None]
        return (self.second(found) * known[:, None])[:, 0]


class DayWeights(keras.layers.Layer):
    """How much each day counts: by its age, and by what the trunk found there.

        w_t = exp(clip(a_t + u . h_t)) on the days that count, else 0

    days (N, W, C), counts (N, W) of 0 and 1 -> (N, W).
    """

    def __init__(self, ageing: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.score = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
        ages = keras.initializers.Constant(-ageing * np.arange(WINDOW)[::-1])
        self.age = self.add_weight(shape=(WINDOW,), initializer=ages, name="age")

    def call(self, days: Tensor, counts: Tensor) -> Tensor:
        """Return the weights."""
        logs = ops.clip(self.age + self.score(days)[..., 0], -SURE, SURE)
        return ops.exp(logs) * counts


class Bend(keras.layers.Layer):
    """How bent the answer is, weighed over a grid of curves with a prior learnt over platforms.

        g_k(x) = ln(1 + b_k x) / ln(1 + b_k)
        fit_k = sum_t w_t y_t ln (g_k(x_t) / m_k)      m_k = sum_t w_t g_k(x_t) / sum_t w_t
        pi = softmax(prior + v / (1 + phi v) fit)          ln b = sum_k pi_k ln b_k

    fit is the log likelihood of Poisson counts whatever their level; v, the counts of a usual day,
    and phi, more than Poisson noise, say what it is worth; w_t is known by a day's age alone.
    Where spend never varied all fits are alike, and the prior is left. In float64: a logit is a
    small difference of large sums. spend, goal, counts (N, W) of 0 and 1, size (N, 1) -> (N, K).
    """

    def __init__(self, middle: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        around = -0.5 * np.square((np.log(RATES) - middle) / _SPREAD)
        prior = keras.initializers.Constant(around)
        self.prior = self.add_weight(shape=(len(RATES),), initializer=prior, name="prior")
        ages = keras.initializers.Constant(-_SLOW * np.arange(WINDOW)[::-1])
        self.age = self.add_weight(shape=(WINDOW,), initializer=ages, name="age")
        start = keras.initializers.Constant(-2.0)
        self.noise = self.add_weight(shape=(), initializer=start, name="noise")

    def call(self, spend: Tensor, goal: Tensor, counts: Tensor, size: Tensor) -> Tensor:
        """Return the probabilities of the grid's curves."""
        spend, goal, counts, size = (
            ops.cast(one, "float64") for one in (spend, goal, counts, size)
        )
        weights = ops.exp(ops.cast(self.age, "float64")) * counts
        days = weights[..., None]
        curves = ops.log(1.0 + spend[..., None] * RATES) / np.log1p(RATES)  # (N, W, K)
        usual = (ops.sum(days * curves, axis=1, keepdims=True) + TINY) / (
            ops.sum(days, axis=1, keepdims=True) + TINY
        )  # (N, 1, K)
        off = ops.log(ops.maximum(curves, TINY) / usual)
        fit = ops.sum((weights * goal)[..., None] * off, axis=1)
        size = ops.exp(size) - 1.0
        noise = ops.cast(ops.softplus(self.noise), "float64")
        prior = ops.cast(self.prior, "float64")
        odds = ops.softmax(prior + size / (1.0 + noise * size) * fit)
        return ops.cast(odds, "float32")


class ResponseNetwork(keras.Model):
    """CNN over a platform's days -> the concave answer to spend of the day after.

    The level is the weighted mean of what came over what the curve expects, drawn to the usual;
    a small network over the trunk and over each day's deviation corrects it (weekdays, trends,
    what is reported late). It starts with no correction.
    """

    def __init__(self, config: AllocatorConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.trunk = Trunk(config.channels, config.width)
        self.for_level = DayWeights(config.ageing)
        self.grid = Bend(config.middle)
        self.drawn = self.add_weight(shape=(), initializer="zeros", name="drawn")
        self.lags = keras.layers.Dense(config.hidden, activation="relu")
        self.inner = keras.layers.Dense(config.hidden, activation="relu")
        self.heads = Heads(config.horizon, bends=True)

    def call(self, batch: Any, training: bool = False) -> Answer:
        """Return the answers to history (N, W, F) and mask (N, W)."""
        del training
        history, mask = batch["history"], batch["mask"]
        spend, goal, size = history[..., 0], history[..., 1], history[:, -1, SHARES : SHARES + 1]
        on = mask * ops.cast(spend > 0, "float32")
        soft = SOFT * ops.exp(-size)
        by_spend = ops.log((goal + soft) / (spend + LEAST_SPEND)) * on
        days = self.trunk(history, mask, by_spend)
        odds = self.grid(spend, goal, on, size)
        bend = ops.sum(odds * np.log(RATES), axis=-1, keepdims=True)  # (N, 1)
        curve = ops.log(1.0 + ops.exp(bend) * spend) / ops.log(1.0 + ops.exp(bend))
        weights = self.for_level(days, on)
        usual = ops.softplus(self.drawn) * ops.exp(-size)  # of a count, at the usual level
        level = came_over(weights * goal, weights * curve, usual)
        off = deviation(goal, ops.exp(level) * curve, soft) * on
        lags = self.lags(ops.concatenate([off, ops.log(1.0 + spend) * mask, mask], axis=-1))
        said = [lags, pooled(weights, days), size, level, bend, odds, spread(spend, on)]
        moved = self.heads(self.inner(ops.concatenate(said, axis=-1)), off)
        bend = bend[:, 0] + BENT * ops.tanh(moved.bend)
        return Answer(level + moved.level, moved.sd, moved.dispersion, bend)


class EngagementNetwork(keras.Model):
    """The paper's: CNN over a platform's days -> engagement on the day after, at any spend.

    It knows no answer to spend, and so cannot say where more of it would help: budgets can only
    be shared in proportion to what it foretells.
    """

    def __init__(self, config: AllocatorConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.trunk = Trunk(config.channels, config.width)
        self.for_level = DayWeights(config.ageing)
        self.drawn = self.add_weight(shape=(), initializer="zeros", name="drawn")
        self.lags = keras.layers.Dense(config.hidden, activation="relu")
        self.inner = keras.layers.Dense(config.hidden, activation="relu")
        self.heads = Heads(config.horizon, bends=False)

    def call(self, batch: Any, training: bool = False) -> Answer:
        """Return the answers to history (N, W, F) and mask (N, W)."""
        del training
        history, mask = batch["history"], batch["mask"]
        goal, size = history[..., 1], history[:, -1, SHARES : SHARES + 1]
        spend, soft = history[..., 0], SOFT * ops.exp(-size)
        by_spend = ops.log((goal + soft) / (spend + LEAST_SPEND)) * mask
        days = self.trunk(history, mask, by_spend * ops.cast(spend > 0, "float32"))
        weights = self.for_level(days, mask)
        usual = ops.softplus(self.drawn) * ops.exp(-size)
        level = came_over(weights * goal, weights, usual)
        off = deviation(goal, ops.exp(level), soft) * mask
        lags = self.lags(ops.concatenate([off, mask], axis=-1))
        said = ops.concatenate([lags, pooled(weights, days), size, level], axis=-1)
        moved = self.heads(self.inner(said), off)
        return Answer(level + moved.level, moved.sd, moved.dispersion)


class Heads(keras.layers.Layer):
    """The last layer: corrections of level and bend that start at zero, and two spreads.

    hidden (N, H'), off (N, W), each day's deviation -> Answer of corrections, level (N, H).
    """

    def __init__(self, horizon: int, *, bends: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        zeros: dict[str, Any] = {"kernel_initializer": "zeros"}
        self.level = keras.layers.Dense(horizon, **zeros)
        self.by_day = keras.layers.Dense(horizon, use_bias=False, **zeros)
        self.bend = keras.layers.Dense(1, **zeros) if bends else None
        low = keras.initializers.Constant(-2.0)
        self.sd = keras.layers.Dense(1, bias_initializer=low, **zeros)
        self.dispersion = keras.layers.Dense(1, bias_initializer=low, **zeros)

    def call(self, hidden: Tensor, off: Tensor) -> Answer:
        """Return what is added to the level and to ln(rate), and the spreads themselves."""
        sd = ops.minimum(ops.softplus(self.sd(hidden))[:, 0] + LEAST_SD, MOST_SD)
        dispersion = ops.softplus(self.dispersion(hidden))[:, 0] + LEAST_DISPERSION
        level = self.level(hidden) + self.by_day(off)
        bend = None if self.bend is None else self.bend(hidden)[:, 0]
        return Answer(level, sd, dispersion, bend)


def came_over(came: Tensor, due: Tensor, usual: Tensor) -> Tensor:
    """Return ln of what came over what was due (N, W), drawn to 1 by `usual`: (N, 1)."""
    above, below = (ops.sum(one, axis=-1, keepdims=True) + usual for one in (came, due))
    return ops.log(above / below)


def deviation(goal: Tensor, due: Tensor, soft: Tensor) -> Tensor:
    """Return ln of each day's goal over what was due (N, W)."""
    return ops.clip(ops.log((goal + soft) / (due + soft)), -FURTHEST, FURTHEST)


def pooled(weights: Tensor, days: Tensor) -> Tensor:
    """Return the weighted mean (N, C) of days (N, W, C), and how many days it is of (N, 1)."""
    whole = ops.sum(weights, axis=-1, keepdims=True)
    total = ops.sum(weights[..., None] * days, axis=1)
    return ops.concatenate([total / (whole + TINY), ops.log(1.0 + whole)], axis=-1)


def spread(spend: Tensor, on: Tensor) -> Tensor:
    """Return the standard deviation (N, 1) of ln(1 + spend) over the days that count."""
    logs, count = ops.log(1.0 + spend), ops.sum(on, axis=-1, keepdims=True) + TINY
    mean = ops.sum(logs * on, axis=-1, keepdims=True) / count
    return ops.sqrt(ops.sum(ops.square(logs - mean) * on, axis=-1, keepdims=True) / count + TINY)


def new_network(config: AllocatorConfig) -> keras.Model:
    """Build the network of an arm with all its weights."""
    kind = ResponseNetwork if config.arm is AllocatorArm.CNN else EngagementNetwork
    return with_weights(kind(config))


class Ensemble(keras.Model):
    """Networks of one kind, learnt from different starts; where they differ, less is known.

    level, bend, dispersion: means        sd^2 = mean of sd^2 + variance of the level
    """

    def __init__(self, members: Sequence[keras.Model], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.members = list(members)

    def call(self, batch: Any, training: bool = False) -> Answer:
        """Return the answers of all, as one."""
        del training
        all_said = [member(batch) for member in self.members]
        level, sd, dispersion = (
            ops.stack([getattr(said, name) for said in all_said])
            for name in ("level", "sd", "dispersion")
        )
        unsure = ops.mean(ops.square(sd), axis=0) + ops.var(level[..., 0], axis=0)
        bends = [said.bend for said in all_said if said.bend is not None]
        bend = ops.mean(ops.stack(bends), axis=0) if bends else None
        level, dispersion = ops.mean(level, axis=0), ops.mean(dispersion, axis=0)
        return Answer(level, ops.sqrt(unsure), dispersion, bend)


def with_weights(model: keras.Model) -> keras.Model:
    """Run once, so that every weight exists."""
    nothing = np.zeros((2, WINDOW, len(FEATURES)), np.float32)
    model({"history": nothing, "mask": nothing[..., 0]})
    return model
