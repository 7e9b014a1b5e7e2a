"""What the paper's arms read: word groups pooled by plain means, and what is not personal."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np
from keras import ops

from service.contract.matching import PHRASE_MATCH
from service.contract.taste import PHRASE_TASTE
from training.layers import Standardize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.contract.arrays import FloatArray
    from training.layers import WordTable

Tensor = Any

GROUPS: Final = {
    "words": "clicked_words",
    "titles": "clicked_titles",
    "past": "past_queries",
    "query": "query_words",
    "head": "query_head",
}
"""Groups of words, and the tensor of a batch that holds each."""

PLACES: Final = 16
"""How many places are told apart; further ones count as the last."""

COMMON: Final = tuple(float(name not in PHRASE_TASTE) for name in PHRASE_MATCH)
"""1 for columns of the match that are the same for every shopper, 0 for taste."""


def group_mean(table: WordTable, ids: Tensor) -> Tensor:
    """Return e = (1/s) sum_i Em(w_i) over the real words of a group: ids (B, ...) -> (B, D)."""
    return table.mean(ops.reshape(ids, (-1, prod(ids.shape[1:]))))


def pooled(table: WordTable, batch: Mapping[str, Tensor], names: Sequence[str]) -> Tensor:
    """Return the means of several groups side by side (B, G D)."""
    means = {name: group_mean(table, batch[GROUPS[name]]) for name in names}
    if "titles" in means:  # a hundred titles: words learn from the one shown, at half the cost
        means["titles"] = ops.stop_gradient(means["titles"])
    return ops.concatenate(list(means.values()), axis=-1)


@keras.saving.register_keras_serializable("training")
class CommonColumns(keras.layers.Layer):
    """Add what is not personal: w . m over the standardized columns of COMMON.

    match (B, N, M) -> (B, N). The weights of a shopper's own columns stay zero.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.standardize = Standardize(len(COMMON), name="standardize")
        self.kernel = self.add_weight(shape=(len(COMMON),), initializer="zeros", name="kernel")

    def call(self, match: Tensor) -> Tensor:
        """Return the term of the logit."""
        return ops.einsum("bnm,m->bn", self.standardize(match), self.weights_used())

    def adapt(self, match: FloatArray) -> FloatArray:
        """Standardize by match (n, M); returns what the weights are for, zeros for taste."""
        self.standardize.adapt(match)
        features: FloatArray = np.asarray(self.standardize(match)) * np.array(COMMON)
        return features

    def weights_used(self) -> Tensor:
        """Return w (M,), zeros where a column is the shopper's."""
        return self.kernel * ops.convert_to_tensor(COMMON)
