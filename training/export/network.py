"""The paper's networks as four graphs. The first layer splits exactly over its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.arms.inputs import GROUPS
from training.export.blocks import Words, dense, joined, place, probability
from training.export.graph import FLOAT, INT64, GraphBuilder
from training.export.plain_words import common, group_means, phrase_mean

if TYPE_CHECKING:
    import onnx

    from service.contract.encoding import Encoding
    from training.arms.paper import Bm


def network_graphs(model: Bm, encoding: Encoding) -> dict[str, onnx.ModelProto]:
    """Return the graphs context, phrase, head and placed."""
    return {
        "context": context_graph(model, encoding),
        "phrase": phrase_graph(model, encoding),
        "head": head_graph(model, placed=False),
        "placed": head_graph(model, placed=True),
    }


def context_graph(model: Bm, encoding: Encoding) -> onnx.ModelProto:
    """Return c = W1_uq [e_u ; e_q] + b1, (B, H)."""
    graph = GraphBuilder("network-context")
    names = [GROUPS[name] for name in (*model.user, *model.asked)]
    means = group_means(graph, Words.of(graph, model.table), names, encoding)
    context = dense(graph, joined(graph, means), model.from_context)
    graph.output(context, "context", ["B", model.width])
    return graph.build()


def phrase_graph(model: Bm, encoding: Encoding) -> onnx.ModelProto:
    """Return W1_v e_v, (N, H)."""
    graph = GraphBuilder("network-phrase")
    vector = phrase_mean(graph, Words.of(graph, model.table), encoding)
    graph.output(dense(graph, vector, model.from_thing), "phrase", ["N", model.width])
    return graph.build()


def head_graph(model: Bm, *, placed: bool) -> onnx.ModelProto:
    """Return p_click (N,) of contexts (1 or N) and phrases (N); `placed` adds the position."""
    graph = GraphBuilder("network-placed" if placed else "network-head")
    context = graph.input("context", FLOAT, ["C", model.width])
    phrase = graph.input("phrase", FLOAT, ["N", model.width])
    h1 = graph.op("Relu", graph.op("Add", context, phrase))
    h2 = graph.op("Relu", dense(graph, h1, model.second))
    logits = graph.op("Add", dense(graph, h2, model.main.dense), common(graph, model.common))
    if placed:
        position = graph.input("position", INT64, ["N"])
        logits = graph.op("Add", logits, place(graph, position, model.main.place))
    graph.output(probability(graph, logits, model.calibration), "p_click", ["N"])
    return graph.build()
