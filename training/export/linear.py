"""The linear arms as four graphs: the context holds the slope of the phrase, and the level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.arms.inputs import GROUPS
from training.arms.linear import PARTS
from training.export.blocks import Words, joined, parted, place, probability, weights
from training.export.graph import FLOAT, INT64, GraphBuilder
from training.export.plain_words import common, group_means, phrase_mean

if TYPE_CHECKING:
    import onnx

    from service.contract.encoding import Encoding
    from training.arms.linear import LinearArm


def linear_graphs(model: LinearArm, encoding: Encoding) -> dict[str, onnx.ModelProto]:
    """Return the graphs context, phrase, head and placed."""
    return {
        "context": context_graph(model, encoding),
        "phrase": phrase_graph(model, encoding),
        "head": head_graph(model, placed=False),
        "placed": head_graph(model, placed=True),
    }


def context_graph(model: LinearArm, encoding: Encoding) -> onnx.ModelProto:
    """Return [sum_p w_p * e_p + w_v ; sum_p c_p . e_p + b], (B, D + 1)."""
    graph, dim, groups = GraphBuilder("linear-context"), model.config.dim, len(PARTS)
    names = [GROUPS[name] for name in PARTS]
    means = group_means(graph, Words.of(graph, model.table), names, encoding)
    of_task = weights(model.tasks.matrix())[:, 0].reshape(2 * groups + 1, dim)
    slopes = [graph.op("Mul", mean, w) for mean, w in zip(means, of_task, strict=False)]
    slope = graph.op("Add", graph.op("Sum", *slopes), of_task[groups])
    level = graph.op("MatMul", joined(graph, means), of_task[groups + 1 :].reshape(-1, 1))
    level = graph.op("Add", level, weights(model.bias)[:1])
    graph.output(joined(graph, [slope, level]), "context", ["B", dim + 1])
    return graph.build()


def phrase_graph(model: LinearArm, encoding: Encoding) -> onnx.ModelProto:
    """Return e_v, (N, D)."""
    graph = GraphBuilder("linear-phrase")
    vector = phrase_mean(graph, Words.of(graph, model.table), encoding)
    graph.output(vector, "phrase", ["N", model.config.dim])
    return graph.build()


def head_graph(model: LinearArm, *, placed: bool) -> onnx.ModelProto:
    """Return p_click (N,) of contexts (1 or N) and phrases (N); `placed` adds the position."""
    dim = model.config.dim
    graph = GraphBuilder("linear-placed" if placed else "linear-head")
    context = graph.input("context", FLOAT, ["C", dim + 1])
    phrase = graph.input("phrase", FLOAT, ["N", dim])
    slope, level = parted(graph, context, [dim, 1])
    product = graph.op("Mul", slope, phrase)
    product = graph.op("ReduceSum", product, np.array([-1]), keepdims=1)
    logits = graph.op("Sum", product, level, common(graph, model.common))
    if placed:
        position = graph.input("position", INT64, ["N"])
        logits = graph.op("Add", logits, place(graph, position, model.main_place))
    graph.output(probability(graph, logits, model.calibration), "p_click", ["N"])
    return graph.build()
