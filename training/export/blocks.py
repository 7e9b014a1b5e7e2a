"""The layers of `training.layers` as ONNX nodes, from their named weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.export.graph import GraphBuilder

Layer = Any

LEAST_WEIGHT: Final = 1e-6
LAST: Final = np.array([-1])


def weights(variable: Any) -> NDArray[np.float32]:
    """Return a Keras variable as an array."""
    return np.asarray(variable, dtype=np.float32)


def softplus(variable: Any) -> float:
    """Return ln(1 + e^x) of a Keras scalar."""
    return float(np.logaddexp(0.0, weights(variable)))


def dense(graph: GraphBuilder, x: str, layer: Layer) -> str:
    """Add x W + b for vectors of any rank; the activation is the caller's."""
    product = graph.op("MatMul", x, weights(layer.kernel))
    return graph.op("Add", product, weights(layer.bias)) if layer.use_bias else product


def joined(graph: GraphBuilder, parts: Sequence[str]) -> str:
    """Put vectors side by side."""
    return graph.op("Concat", *parts, axis=-1)


def parted(graph: GraphBuilder, x: str, sizes: Sequence[int]) -> list[str]:
    """Take vectors apart again."""
    return graph.ops("Split", len(sizes), x, np.array(sizes), axis=-1)


@dataclass(frozen=True, slots=True)
class Words:
    """The word table in a graph: rows [s Em(w) ; s], zeros for padding."""

    graph: GraphBuilder
    name: str
    dim: int

    @classmethod
    def of(cls, graph: GraphBuilder, table: Layer) -> Words:
        """Put the table of a trained model into the graph as one constant."""
        salience = np.exp(weights(table.salience))[:, None]
        rows = np.concatenate([weights(table.vectors) * salience, salience], axis=1)
        rows[0] = 0.0
        return cls(graph, graph.constant(rows), rows.shape[1] - 1)

    def sums(self, ids: str) -> str:
        """Return weighted sums and the sums of weights: ids (..., T) -> (..., D + 1)."""
        rows = self.graph.op("Gather", self.name, ids, axis=0)
        return self.graph.op("ReduceSum", rows, np.array([-2]), keepdims=0)

    def mean(self, ids: str) -> str:
        """Return weighted means: ids (..., T) -> (..., D)."""
        total, weight = self.apart(self.sums(ids))
        return self.graph.op("Div", total, self.graph.op("Max", weight, LEAST_WEIGHT))

    def apart(self, sums: str) -> tuple[str, str]:
        """Return sums (..., D) and weights (..., 1)."""
        total, weight = parted(self.graph, sums, [self.dim, 1])
        return total, weight

    def taste(self, ids: str, days: str, pool: Layer) -> str:
        """Add a TastePool: ids (B, L, T), days (B, L) -> (B, D)."""
        graph = self.graph
        total, weight = self.apart(self.sums(ids))
        means = graph.op("Div", total, graph.op("Max", weight, LEAST_WEIGHT))
        aged = graph.op("Log", graph.op("Add", days, 1.0))
        fading = graph.op("Exp", graph.op("Mul", aged, -softplus(pool.rate)))
        real = graph.op("Squeeze", graph.op("Sign", weight), LAST)
        row = graph.op("Unsqueeze", graph.op("Mul", fading, real), np.array([1]))
        whole = graph.op("ReduceSum", row, LAST, keepdims=0)  # (B, 1)
        pooled = graph.op("Squeeze", graph.op("MatMul", row, means), np.array([1]))
        centred = graph.op("Sub", pooled, graph.op("Mul", whole, weights(pool.usual)[None]))
        return graph.op("Div", centred, graph.op("Add", whole, float(pool.prior)))


def history_attention(words: Words, query: str, sums: str, days: str, layer: Layer) -> str:
    """Add a HistoryAttention: query (B, D), sums (B, L, D + 1), days (B, L) -> (B, D)."""
    graph = words.graph
    total, weight = words.apart(sums)
    events = graph.op("Div", total, graph.op("Max", weight, LEAST_WEIGHT))
    asked = graph.op("Unsqueeze", dense(graph, query, layer.from_query), np.array([1]))
    hidden = graph.op("Tanh", graph.op("Add", asked, dense(graph, events, layer.from_event)))
    b = graph.op("Squeeze", dense(graph, hidden, layer.score), LAST)
    aged = graph.op("Log", graph.op("Add", days, 1.0))
    b = graph.op("Sub", b, graph.op("Mul", aged, softplus(layer.rate)))
    real = graph.op("Squeeze", graph.op("Sign", weight), LAST)
    odds = graph.op("Mul", graph.op("Exp", graph.op("Clip", b, -20.0, 20.0)), real)
    whole = graph.op("Add", graph.op("ReduceSum", odds, LAST, keepdims=1), 1.0)
    alpha = graph.op("Unsqueeze", graph.op("Div", odds, whole), np.array([1]))
    return graph.op("Squeeze", graph.op("MatMul", alpha, events), np.array([1]))


def feature_groups(graph: GraphBuilder, ids: str, layer: Layer) -> str:
    """Add FeatureGroups: ids (B, G, K) -> (B, G * 4)."""
    vectors = weights(layer.vectors)
    mean = graph.op("ReduceMean", graph.op("Gather", vectors, ids), np.array([-2]), keepdims=0)
    return graph.op("Flatten", mean, axis=1)


def standardize(graph: GraphBuilder, features: str, layer: Layer) -> str:
    """Add a Standardize."""
    centred = graph.op("Sub", features, weights(layer.mean))
    scaled = graph.op("Mul", centred, weights(layer.scale))
    return graph.op("Clip", scaled, -float(layer.limit), float(layer.limit))


def place(graph: GraphBuilder, places: str, layer: Layer) -> str:
    """Add a PlaceTower as a column: places (N,) int64 -> (N, 1)."""
    bias = weights(layer.bias)
    known = graph.op("Clip", places, np.array(1), np.array(len(bias)))
    found = graph.op("Gather", bias - bias[0], graph.op("Sub", known, np.array(1)))
    return graph.op("Unsqueeze", found, LAST)


def probability(graph: GraphBuilder, logits: str, calibration: Layer) -> str:
    """Add a Calibration and the sigmoid, and drop the last axis: (N, 1) -> (N,)."""
    scaled = graph.op("Mul", logits, float(weights(calibration.slope)))
    shifted = graph.op("Add", scaled, float(weights(calibration.shift)))
    return graph.op("Squeeze", graph.op("Sigmoid", shifted), LAST)
