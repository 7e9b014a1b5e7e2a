"""What the graphs of the paper's arms share: plain means of words, and what is not personal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from training.arms.inputs import COMMON
from training.export.blocks import Words, standardize, weights
from training.export.graph import FLOAT, INT32, GraphBuilder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.encoding import Encoding

Layer = Any


def group_means(
    graph: GraphBuilder, words: Words, names: Sequence[str], encoding: Encoding
) -> list[str]:
    """Add an input for each named tensor of a context, and the mean of its words (B, D)."""
    shapes: dict[str, list[str | int]] = {
        "clicked_words": ["B", "W", encoding.phrase_content],
        "clicked_titles": ["B", "T", encoding.title_content],
        "past_queries": ["B", "Q", encoding.query_words],
        "query_words": ["B", encoding.query_words],
        "query_head": ["B", 1],
    }
    inputs = (graph.input(name, INT32, shapes[name]) for name in names)
    return [words.mean(graph.op("Flatten", ids, axis=1)) for ids in inputs]


def phrase_mean(graph: GraphBuilder, words: Words, encoding: Encoding) -> str:
    """Add the input of phrases, and the mean of their words (N, D)."""
    return words.mean(graph.input("phrase_words", INT32, ["N", encoding.phrase_content]))


def common(graph: GraphBuilder, layer: Layer) -> str:
    """Add the input `match` and its CommonColumns as a column (N, 1)."""
    match = graph.input("match", FLOAT, ["N", len(COMMON)])
    kernel = weights(layer.kernel) * np.array(COMMON, np.float32)
    return graph.op("MatMul", standardize(graph, match, layer.standardize), kernel[:, None])
