"""The ranker as five graphs: shopper and query, item, phrase shown, head, head with the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from service.contract.groups import GROUP_WIDTH, GROUPS
from service.contract.matching import QUERY_FEATURES, TITLE_MATCH
from service.contract.taste import TITLE_TASTE
from training.examples import OF_SHOPPER
from training.export.blocks import (
    LAST,
    Words,
    dense,
    feature_groups,
    history_attention,
    joined,
    parted,
    place,
    probability,
    standardize,
)
from training.export.graph import FLOAT, INT32, INT64, GraphBuilder

if TYPE_CHECKING:
    import onnx

    from service.contract.encoding import Encoding
    from training.ranker import LinkedOutput, Ranker


def ranker_graphs(model: Ranker, encoding: Encoding) -> dict[str, onnx.ModelProto]:
    """Return the graphs context, item, phrase, head and placed."""
    return {
        "context": context_graph(model, encoding),
        "item": item_graph(model, encoding),
        "phrase": phrase_graph(model, encoding),
        "head": head_graph(model, placed=False),
        "placed": head_graph(model, placed=True),
    }


def context_graph(model: Ranker, encoding: Encoding) -> onnx.ModelProto:
    """Return c = [W_c [e_h ; g] + b ; e_h ; e_q], (B, H + 2 D)."""
    graph = GraphBuilder("ranker-context")
    words = Words.of(graph, model.table)
    query = words.mean(graph.input("query_words", INT32, ["B", encoding.query_words]))
    clicked = graph.input("clicked_words", INT32, ["B", "W", encoding.phrase_content])
    titles = graph.input("clicked_titles", INT32, ["B", "T", encoding.title_content])
    word_days = graph.input("clicked_word_days", FLOAT, ["B", "W"])
    title_days = graph.input("clicked_title_days", FLOAT, ["B", "T"])
    groups = graph.input("groups", INT32, ["B", len(GROUPS), GROUP_WIDTH])
    groups = graph.op("Slice", groups, np.array([0]), np.array([OF_SHOPPER]), np.array([1]))
    sums = graph.op("Concat", words.sums(clicked), words.sums(titles), axis=1)
    days = graph.op("Concat", word_days, title_days, axis=1)
    history = history_attention(words, query, sums, days, model.attention)
    parts = [history, feature_groups(graph, groups, model.groups)]
    side = dense(graph, joined(graph, parts), model.from_context)
    size = model.config.hidden + 2 * model.config.dim
    graph.output(joined(graph, [side, history, query]), "context", ["B", size])
    return graph.build()


def item_graph(model: Ranker, encoding: Encoding) -> onnx.ModelProto:
    """Return i = [W_i [e_i ; price] ; e_i], (N, H + D)."""
    graph = GraphBuilder("ranker-item")
    ids = graph.input("title_words", INT32, ["N", encoding.title_content])
    price = graph.op("Unsqueeze", graph.input("price_z", FLOAT, ["N"]), LAST)
    vector = Words.of(graph, model.table).mean(ids)
    own = dense(graph, joined(graph, [vector, price]), model.from_item)
    size = model.config.hidden + model.config.dim
    graph.output(joined(graph, [own, vector]), "item", ["N", size])
    return graph.build()


def phrase_graph(model: Ranker, encoding: Encoding) -> onnx.ModelProto:
    """Return [e_k ; 1], (N, D + 1), zeros for an empty phrase: sums of rows keep the count."""
    graph = GraphBuilder("ranker-phrase")
    ids = graph.input("phrase_words", INT32, ["N", encoding.phrase_content])
    words = Words.of(graph, model.table)
    total, weight = words.apart(words.sums(ids))
    mean = graph.op("Div", total, graph.op("Max", weight, 1e-6))
    phrase = joined(graph, [mean, graph.op("Sign", weight)])
    graph.output(phrase, "phrase", ["N", model.config.dim + 1])
    return graph.build()


def head_graph(model: Ranker, *, placed: bool) -> onnx.ModelProto:
    """Return p_click and p_conversion (N,) of contexts (1 or N) and items (N).

    `placed` adds the slot and the sum of the phrases shown.
    """
    hidden, dim = model.config.hidden, model.config.dim
    graph = GraphBuilder("ranker-placed" if placed else "ranker-head")
    context = graph.input("context", FLOAT, ["C", hidden + 2 * dim])
    item = graph.input("item", FLOAT, ["N", hidden + dim])
    match = graph.input("match", FLOAT, ["N", len(TITLE_MATCH)])
    side, history, query = parted(graph, context, [hidden, dim, dim])
    own, vector = parted(graph, item, [hidden, dim])
    pairs = [graph.op("Mul", one, vector) for one in (history, query)]
    links = joined(graph, pairs)
    match = standardize(graph, match, model.standardize)
    relevance, taste = parted(graph, match, [len(QUERY_FEATURES), len(TITLE_TASTE)])
    h = graph.op("Add", graph.op("Add", side, own), dense(graph, taste, model.from_taste))
    h = graph.op("Relu", graph.op("Add", h, dense(graph, links, model.from_links)))
    for block in model.blocks:
        inner = graph.op("Relu", dense(graph, h, block.inner))
        h = graph.op("Add", h, graph.op("Relu", dense(graph, inner, block.outer)))
    click = _output(graph, (h, relevance, taste, links), model.click)
    if placed:
        slot = graph.input("slot", INT64, ["N"])
        shown = graph.input("shown", FLOAT, ["N", dim + 1])
        click = graph.op("Add", click, _shown(graph, history, shown, model))
        click = graph.op("Add", click, place(graph, slot, model.place))
    graph.output(probability(graph, click, model.calibrate_click), "p_click", ["N"])
    bought = graph.op("Add", h, graph.op("Relu", dense(graph, h, model.buying)))
    conversion = _output(graph, (bought, relevance, taste, links), model.conversion)
    conversion = probability(graph, conversion, model.calibrate_conversion)
    graph.output(conversion, "p_conversion", ["N"])
    return graph.build()


def _output(graph: GraphBuilder, inputs: tuple[str, str, str, str], layer: LinkedOutput) -> str:
    layers = (layer.dense, layer.relevance, layer.taste, layer.dot)
    parts = [dense(graph, x, one) for x, one in zip(inputs, layers, strict=True)]
    return graph.op("Sum", *parts)


def _shown(graph: GraphBuilder, history: str, shown: str, model: Ranker) -> str:
    """Add ShownPhrases: sum_k (d * e_h + w) . e_k + v K."""
    layer = model.shown
    total, count = parted(graph, shown, [model.config.dim, 1])
    personal = dense(graph, graph.op("Mul", history, total), layer.personal)
    counted = graph.op("Mul", count, float(np.asarray(layer.count)))
    return graph.op("Sum", personal, dense(graph, total, layer.plain), counted)
