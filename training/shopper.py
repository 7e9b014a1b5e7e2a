"""The shopper's side of both models: what was clicked and asked, group by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import keras
from keras import ops

from service.contract.groups import GROUP_FEATURES, GROUP_WIDTH
from training.layers import TastePool, WordTable

if TYPE_CHECKING:
    from collections.abc import Mapping

Tensor = Any

GROUP_DIM: Final = 4


@dataclass(frozen=True, slots=True)
class Events:
    """Clicked texts of a batch: pooled words, their weights, ages, and which are real."""

    sums: Tensor  # (B, L, D)
    weights: Tensor  # (B, L)
    days: Tensor  # (B, L)

    @classmethod
    def of(cls, table: WordTable, ids: Tensor, days: Tensor) -> Events:
        """Pool the words of each event."""
        sums, weights = table(ids)
        return cls(sums, weights, days)

    @property
    def means(self) -> Tensor:
        """Return one vector an event (B, L, D)."""
        return self.sums / ops.maximum(self.weights, 1e-6)[..., None]

    @property
    def real(self) -> Tensor:
        """Return which events are no padding (B, L)."""
        return self.weights > 0

    def followed_by(self, other: Events) -> Events:
        """Return the events of both."""
        pairs = zip(self._parts(), other._parts(), strict=True)
        return Events(*(ops.concatenate(pair, axis=1) for pair in pairs))

    def _parts(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.sums, self.weights, self.days


@keras.saving.register_keras_serializable("training")
class FeatureGroups(keras.layers.Layer):
    """Pool the multi-hot features of each group about shopper and query (AMTDL's `{}`).

        g = [mean Em_g(activity); mean Em_g(recency); mean Em_g(query form)]

    Values never seen in training stay at zero. ids (B, G, 3) -> (B, 4 G).
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        shape = (GROUP_FEATURES, GROUP_DIM)
        self.vectors = self.add_weight(shape=shape, initializer="zeros", name="vectors")

    def call(self, ids: Tensor) -> Tensor:
        """Return the pooled groups side by side."""
        pooled = ops.sum(ops.take(self.vectors, ids, axis=0), axis=-2) / GROUP_WIDTH
        return ops.reshape(pooled, (-1, ids.shape[1] * GROUP_DIM))


class ShopperGroups(keras.layers.Layer):
    """Clicked feature words, titles of clicked ads, recent queries, query and its head word.

    Each group is pooled by itself, e_words, e_titles, e_past, e_query, e_head (B, D); the groups
    of counts come as g (B, 12). One table of words serves all.
    """

    def __init__(self, table: WordTable, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = table
        self.words = TastePool(table.dim, name="words")
        self.titles = TastePool(table.dim, name="titles")
        self.past = TastePool(table.dim, name="past")
        self.groups = FeatureGroups()

    def call(self, context: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the pooled groups by name."""
        clicked = (("words", "word", self.words), ("titles", "title", self.titles))
        pooled = {
            name: pool(*self.table(context[f"clicked_{name}"]), context[f"clicked_{single}_days"])
            for name, single, pool in clicked
        }
        return pooled | {
            "past": self.past(*self.table(context["past_queries"]), context["past_query_days"]),
            "query": self.table.mean(context["query_words"]),
            "head": self.table.mean(context["query_head"]),
            "groups": self.groups(context["groups"]),
        }
