"""The allocator as one graph: a window of days of each platform -> the curve of the day after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from service.contract.platform_windows import FEATURES, WINDOW
from training.allocator.config import AllocatorArm
from training.allocator.network import (
    BENT,
    FURTHEST,
    LEAST_DISPERSION,
    LEAST_SD,
    LEAST_SPEND,
    MOST_SD,
    RATES,
    SHARES,
    SOFT,
    SURE,
    TINY,
)
from training.export.blocks import LAST, dense, joined, softplus, weights
from training.export.graph import DOUBLE, FLOAT, GraphBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnx
    from numpy.typing import NDArray

Layer = Any

_ON_WIDTH = np.array([2])


def allocator_graphs(model: Layer, arm: AllocatorArm) -> dict[str, onnx.ModelProto]:
    """Return the graph response: history (P, W, F), mask (P, W) -> each output (P,)."""
    graph = GraphBuilder(f"allocator-{arm}")
    history = graph.input("history", FLOAT, ["P", WINDOW, len(FEATURES)])
    mask = graph.input("mask", FLOAT, ["P", WINDOW])
    window = _Window(graph, history, mask)
    network = _response if arm is AllocatorArm.CNN else _engagement
    all_said = [network(window, member) for member in model.members]
    columns = {name: joined(graph, [said[name] for said in all_said]) for name in all_said[0]}
    for name, value in _as_one(graph, columns).items():
        graph.output(value, name, ["P"])
    return {"response": graph.build()}


def _as_one(graph: GraphBuilder, columns: Mapping[str, str]) -> dict[str, str]:
    """Add an Ensemble of the members' outputs (P, M): (P,)."""

    def mean(value: str) -> str:
        return graph.op("ReduceMean", value, LAST, keepdims=0)

    def square(value: str) -> str:
        return graph.op("Mul", value, value)

    means = {name: mean(value) for name, value in columns.items()}
    level = graph.op("Unsqueeze", means["level"], LAST)
    apart = mean(square(graph.op("Sub", columns["level"], level)))
    unsure = graph.op("Add", mean(square(columns["sd"])), apart)
    return means | {"sd": graph.op("Sqrt", unsure)}


class _Window:
    """The parts of the window by name, and the nodes that both networks are made of."""

    def __init__(self, graph: GraphBuilder, history: str, mask: str) -> None:
        self.graph, self.history, self.mask = graph, history, mask
        self.spend, self.goal = self._feature(0), self._feature(1)
        self.spent = graph.op("Cast", graph.op("Greater", self.spend, 0.0), to=FLOAT)
        self.on = graph.op("Mul", mask, self.spent)
        sizes = self._feature(SHARES)  # the same on every day
        self.size = graph.op("Gather", sizes, np.array([WINDOW - 1]), axis=1)  # (P, 1)
        self.one = graph.op("Exp", graph.op("Neg", self.size))  # a count, as a share
        self.soft = graph.op("Mul", self.one, SOFT)

    def _feature(self, number: int) -> str:
        return self.graph.op("Gather", self.history, np.array(number), axis=2)  # (P, W)

    def log1p(self, value: str) -> str:
        """Add ln(1 + x)."""
        return self.graph.op("Log", self.graph.op("Add", value, 1.0))

    def whole(self, value: str, axis: int = -1, *, keep: int = 1) -> str:
        """Add a sum over one axis."""
        return self.graph.op("ReduceSum", value, np.array([axis]), keepdims=keep)

    def soft_ratio(self, above: str, below: str, soft: str) -> str:
        """Add ln((a + c) / (b + c))."""
        sums = [self.graph.op("Add", one, soft) for one in (above, below)]
        return self.graph.op("Log", self.graph.op("Div", *sums))

    def trunk(self, layer: Layer) -> str:
        """Add a Trunk: (P, W, C)."""
        graph = self.graph
        known = graph.op("Unsqueeze", self.mask, _ON_WIDTH)
        shares, rest = graph.ops(
            "Split", 2, self.history, np.array([SHARES, len(FEATURES) - SHARES]), axis=2
        )
        logs, rest = (graph.op("Mul", one, known) for one in (self.log1p(shares), rest))
        days = joined(graph, [logs, self._by_spend(), known, rest])
        for convolution in (layer.first, layer.second):
            days = graph.op("Mul", self._convolved(days, convolution), known)
        return days

    def _by_spend(self) -> str:
        graph = self.graph
        came, cost = (
            graph.op("Add", one, little)
            for one, little in ((self.goal, self.soft), (self.spend, LEAST_SPEND))
        )
        logs = graph.op("Mul", graph.op("Log", graph.op("Div", came, cost)), self.on)
        return graph.op("Unsqueeze", logs, _ON_WIDTH)

    def _convolved(self, days: str, layer: Layer) -> str:
        """Add a Conv2D(1, k) of days (P, W, C) with its rectifier."""
        graph, kernel = self.graph, weights(layer.kernel)  # (1, k, C, C')
        image = graph.op("Unsqueeze", graph.op("Transpose", days, perm=[0, 2, 1]), _ON_WIDTH)
        before, after = (kernel.shape[1] - 1) // 2, kernel.shape[1] // 2
        found = graph.op(
            "Conv",
            image,
            kernel.transpose(3, 2, 0, 1),
            weights(layer.bias),
            pads=[0, before, 0, after],
        )
        found = graph.op("Relu", graph.op("Squeeze", found, _ON_WIDTH))
        return graph.op("Transpose", found, perm=[0, 2, 1])

    def day_weights(self, days: str, counts: str, layer: Layer) -> str:
        """Add DayWeights: (P, W)."""
        graph = self.graph
        score = graph.op("Squeeze", dense(graph, days, layer.score), LAST)
        logs = graph.op("Clip", graph.op("Add", score, weights(layer.age)), -SURE, SURE)
        return graph.op("Mul", graph.op("Exp", logs), counts)

    def level(self, day_weights: str, expected: str, drawn: Layer) -> str:
        """Add the logarithm of what came over what was expected, drawn to the usual: (P, 1)."""
        came = self.whole(self.graph.op("Mul", day_weights, self.goal))
        usual = self.graph.op("Mul", self.one, softplus(drawn))
        return self.soft_ratio(came, self.whole(expected), usual)

    def deviation(self, due: str, counts: str) -> str:
        """Add how far each day that counts lies from what was due: (P, W)."""
        off = self.soft_ratio(self.goal, due, self.soft)
        off = self.graph.op("Clip", off, -FURTHEST, FURTHEST)
        return self.graph.op("Mul", off, counts)

    def pooled(self, day_weights: str, days: str) -> list[str]:
        """Add the weighted mean of days, and ln(1 + the sum of weights)."""
        graph = self.graph
        whole = self.whole(day_weights)
        spread = graph.op("Unsqueeze", day_weights, _ON_WIDTH)
        total = self.whole(graph.op("Mul", spread, days), 1, keep=0)
        return [graph.op("Div", total, graph.op("Add", whole, TINY)), self.log1p(whole)]

    def hidden(self, said: Sequence[str], layer: Layer) -> str:
        """Add a dense layer with its rectifier over vectors side by side."""
        return self.graph.op("Relu", dense(self.graph, joined(self.graph, said), layer))

    def spreads(self, hidden: str, heads: Layer) -> dict[str, str]:
        """Add what is not known of the level, and the dispersion of counts: (P, 1)."""
        graph = self.graph
        found = [
            graph.op("Softplus", dense(graph, hidden, one)) for one in (heads.sd, heads.dispersion)
        ]
        sd = graph.op("Min", graph.op("Add", found[0], LEAST_SD), MOST_SD)
        return {"sd": sd, "dispersion": graph.op("Add", found[1], LEAST_DISPERSION)}

    def tomorrow(self, hidden: str, off: str, heads: Layer) -> str:
        """Add the correction of the level of the first day ahead: (P, 1)."""
        graph = self.graph
        moved = graph.op("MatMul", hidden, weights(heads.level.kernel)[:, :1])
        moved = graph.op("Add", moved, weights(heads.level.bias)[:1])
        return graph.op("Add", moved, graph.op("MatMul", off, weights(heads.by_day.kernel)[:, :1]))


def _response(window: _Window, model: Layer) -> dict[str, str]:
    graph = window.graph
    on, days = window.on, window.trunk(model.trunk)
    odds = _odds(window, model.grid)
    bend = window.whole(graph.op("Mul", odds, np.log(RATES)))
    rate = graph.op("Exp", bend)
    curve = graph.op("Div", window.log1p(graph.op("Mul", rate, window.spend)), window.log1p(rate))
    counted = window.day_weights(days, on, model.for_level)
    level = window.level(counted, graph.op("Mul", counted, curve), model.drawn)
    off = window.deviation(graph.op("Mul", graph.op("Exp", level), curve), on)
    spends = graph.op("Mul", window.log1p(window.spend), window.mask)
    lags = window.hidden([off, spends, window.mask], model.lags)
    said = [lags, *window.pooled(counted, days), window.size, level, bend, odds]
    hidden = window.hidden([*said, _spread(window, on)], model.inner)
    moved = graph.op("Tanh", dense(graph, hidden, model.heads.bend))
    return {
        "level": graph.op("Add", level, window.tomorrow(hidden, off, model.heads)),
        **window.spreads(hidden, model.heads),
        "bend": graph.op("Add", bend, graph.op("Mul", moved, BENT)),
    }


def _engagement(window: _Window, model: Layer) -> dict[str, str]:
    graph = window.graph
    days = window.trunk(model.trunk)
    counted = window.day_weights(days, window.mask, model.for_level)
    level = window.level(counted, counted, model.drawn)
    off = window.deviation(graph.op("Exp", level), window.mask)
    lags = window.hidden([off, window.mask], model.lags)
    said = [lags, *window.pooled(counted, days), window.size, level]
    hidden = window.hidden(said, model.inner)
    moved = window.tomorrow(hidden, off, model.heads)
    return {
        "level": graph.op("Add", level, moved),
        **window.spreads(hidden, model.heads),
    }


def _odds(window: _Window, layer: Layer) -> str:
    """Add a Bend: (P, K)."""
    graph = window.graph

    def double(value: str | NDArray[Any] | float) -> str:
        return graph.op("Cast", value, to=DOUBLE)

    def log1p(value: str) -> str:
        return graph.op("Log", graph.op("Add", value, one))

    one, tiny = double(1.0), double(TINY)
    spend, goal, size = (double(part) for part in (window.spend, window.goal, window.size))
    counted = graph.op("Mul", double(np.exp(weights(layer.age).astype(float))), double(window.on))
    days = graph.op("Unsqueeze", counted, _ON_WIDTH)
    rates = double(RATES)
    curves = log1p(graph.op("Mul", graph.op("Unsqueeze", spend, _ON_WIDTH), rates))
    curves = graph.op("Div", curves, log1p(rates))  # (P, W, K)
    sums = [window.whole(part, 1) for part in (graph.op("Mul", days, curves), days)]
    usual = graph.op("Div", *(graph.op("Add", part, tiny) for part in sums))  # (P, 1, K)
    off = graph.op("Log", graph.op("Div", graph.op("Max", curves, tiny), usual))
    got = graph.op("Unsqueeze", graph.op("Mul", counted, goal), _ON_WIDTH)
    fit = window.whole(graph.op("Mul", got, off), 1, keep=0)
    counts = graph.op("Sub", graph.op("Exp", size), one)
    noise = graph.op("Add", graph.op("Mul", counts, double(softplus(layer.noise))), one)
    fit = graph.op("Mul", graph.op("Div", counts, noise), fit)
    odds = graph.op("Softmax", graph.op("Add", fit, double(weights(layer.prior))), axis=-1)
    return graph.op("Cast", odds, to=FLOAT)


def _spread(window: _Window, on: str) -> str:
    """Add the standard deviation of ln(1 + spend) over the days with spend: (P, 1)."""
    graph, logs = window.graph, window.log1p(window.spend)
    count = graph.op("Add", window.whole(on), TINY)
    mean = graph.op("Div", window.whole(graph.op("Mul", logs, on)), count)
    off = graph.op("Sub", logs, mean)
    square = window.whole(graph.op("Mul", graph.op("Mul", off, off), on))
    return graph.op("Sqrt", graph.op("Add", graph.op("Div", square, count), TINY))
