"""The default arm as four graphs. The first layer splits exactly over its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from service.contract.groups import GROUP_WIDTH, GROUPS
from service.contract.matching import PHRASE_MATCH
from training.arms.salient import LINKED_PARTS, PULL, USER_PARTS, WEIGHTS
from training.export.blocks import (
    Words,
    dense,
    feature_groups,
    joined,
    parted,
    place,
    probability,
    standardize,
    weights,
)
from training.export.graph import FLOAT, INT32, INT64, GraphBuilder

if TYPE_CHECKING:
    import onnx

    from service.contract.encoding import Encoding
    from training.arms.salient import Salient


def salient_graphs(model: Salient, encoding: Encoding) -> dict[str, onnx.ModelProto]:
    """Return the graphs context, phrase, head and placed."""
    return {
        "context": context_graph(model, encoding),
        "phrase": phrase_graph(model, encoding),
        "head": head_graph(model, placed=False),
        "placed": head_graph(model, placed=True),
    }


def context_graph(model: Salient, encoding: Encoding) -> onnx.ModelProto:
    """Return c = [W1_u e_u + b1 ; e_words ; e_titles ; e_query], (B, H + 3 D)."""
    graph = GraphBuilder("selling-points-context")
    words, pools = Words.of(graph, model.table), model.shopper
    query = graph.input("query_words", INT32, ["B", encoding.query_words])
    head = graph.input("query_head", INT32, ["B", 1])
    clicked = graph.input("clicked_words", INT32, ["B", "W", encoding.phrase_content])
    titles = graph.input("clicked_titles", INT32, ["B", "T", encoding.title_content])
    past = graph.input("past_queries", INT32, ["B", "Q", encoding.query_words])
    groups = graph.input("groups", INT32, ["B", len(GROUPS), GROUP_WIDTH])
    days = {
        name: graph.input(f"{name}_days", FLOAT, ["B", size])
        for name, size in (("clicked_word", "W"), ("clicked_title", "T"), ("past_query", "Q"))
    }
    pooled = {
        "words": words.taste(clicked, days["clicked_word"], pools.words),
        "titles": words.taste(titles, days["clicked_title"], pools.titles),
        "past": words.taste(past, days["past_query"], pools.past),
        "query": words.mean(query),
        "head": words.mean(head),
        "groups": feature_groups(graph, groups, pools.groups),
    }
    user = dense(graph, joined(graph, [pooled[name] for name in USER_PARTS]), model.from_user)
    context = joined(graph, [user, *(pooled[name] for name in LINKED_PARTS)])
    graph.output(context, "context", ["B", model.config.hidden + 3 * model.config.dim])
    return graph.build()


def phrase_graph(model: Salient, encoding: Encoding) -> onnx.ModelProto:
    """Return [W1_v [e_v ; idf] ; e_v], (N, H + D)."""
    graph = GraphBuilder("selling-points-phrase")
    ids = graph.input("phrase_words", INT32, ["N", encoding.phrase_content])
    vector = Words.of(graph, model.table).mean(ids)
    idf = graph.op("Gather", weights(model.idf), ids)
    rare = graph.op("ReduceMax", idf, np.array([-1]), keepdims=1)
    own = dense(graph, joined(graph, [vector, rare]), model.from_phrase)
    size = model.config.hidden + model.config.dim
    graph.output(joined(graph, [own, vector]), "phrase", ["N", size])
    return graph.build()


def head_graph(model: Salient, *, placed: bool) -> onnx.ModelProto:
    """Return p_click (N,): of contexts (1 or N) and phrases (N); `placed` adds the position."""
    hidden, dim = model.config.hidden, model.config.dim
    graph = GraphBuilder("selling-points-placed" if placed else "selling-points-head")
    context = graph.input("context", FLOAT, ["C", hidden + 3 * dim])
    phrase = graph.input("phrase", FLOAT, ["N", hidden + dim])
    match = graph.input("match", FLOAT, ["N", len(PHRASE_MATCH)])
    user, linked = parted(graph, context, [hidden, 3 * dim])
    own, vector = parted(graph, phrase, [hidden, dim])
    links = graph.op("Mul", linked, joined(graph, [vector] * 3))
    match = standardize(graph, match, model.standardize)
    first = graph.op("Add", graph.op("Add", user, own), dense(graph, links, model.from_links))
    of_match, from_match = read_match(graph, match, model)
    h1 = graph.op("Relu", graph.op("Add", first, of_match))
    h2 = graph.op("Relu", dense(graph, h1, model.second))
    logits = graph.op(
        "Add", dense(graph, h2, model.main.dense), dense(graph, links, model.main.dot)
    )
    logits = graph.op("Add", logits, from_match)
    if placed:
        position = graph.input("position", INT64, ["N"])
        logits = graph.op("Add", logits, place(graph, position, model.main.place))
    graph.output(probability(graph, logits, model.calibration), "p_click", ["N"])
    return graph.build()


def read_match(graph: GraphBuilder, match: str, model: Salient) -> tuple[str, str]:
    """Return what the match adds to the first layer (N, H) and to the logits (N, 1).

    One product of matrices gives W_m m, what lies beyond each threshold, the straight part of the
    logit, and the two factors of pull times weights: (w . weights) and the pull.
    """
    width, hidden = len(PHRASE_MATCH), model.config.hidden
    thresholds = weights(model.hinges.thresholds)
    bends = thresholds.size
    straight, of_hinges, of_products = np.split(
        weights(model.match_out.kernel), [width, width + bends]
    )
    slope, pull = np.zeros((2, width, 1), np.float32)
    slope[WEIGHTS] = of_products
    pull[PULL] = 1.0
    each = np.repeat(np.eye(width, dtype=np.float32), thresholds.shape[1], axis=1)
    kernel = np.hstack([weights(model.from_match.kernel), each, straight, slope, pull])
    sizes = [hidden, bends, 1, 1, 1]
    bias = np.zeros(sum(sizes), np.float32)
    bias[hidden : hidden + bends] = -thresholds.ravel()
    whole = graph.op("Add", graph.op("MatMul", match, kernel), bias)
    first, beyond, line, slopes, pulls = parted(graph, whole, sizes)
    bent = graph.op("MatMul", graph.op("Relu", beyond), of_hinges)
    logit = graph.op("Add", graph.op("Add", line, bent), graph.op("Mul", slopes, pulls))
    return first, logit
