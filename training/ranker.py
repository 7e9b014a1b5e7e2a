"""The ranker: will this shopper click this ad for this query, and buy after the click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import keras
from keras import ops

from service.contract.matching import QUERY_FEATURES, TITLE_MATCH
from training.examples import OF_SHOPPER
from training.layers import Calibration, HistoryAttention, PlaceTower, Standardize, WordTable
from training.shopper import Events, FeatureGroups

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training.config import RankerConfig

Tensor = Any

PLACES: Final = 16
_START: Final = 0.03


class Ranker(keras.Model):
    """A residual tower over shopper, query and item that meet late; two outputs.

        c = [W_c [e_h ; g] + b ; e_h ; e_q]                     the context, once a request
        i = [W_i [e_i ; price] ; e_i]                           the item, once an ad
        h0 = W_c(..) + W_i(..) + W_t t + P [e_h * e_i ; e_q * e_i]
        h_k = h_(k-1) + f(V_k f(U_k h_(k-1)))                      residual blocks
        click = w . h + w_t . t + w_r . r + d . [e_h * e_i ; e_q * e_i] + b       w_r >= 0
        conversion = w' . (h + f(U' h)) + ... + b'                 the same, given a click

    e_h is what was clicked, weighed by the query and by age; feature words count as short titles,
    so a model that saw ad clicks alone still uses them. m = [r ; t]: the title matched with the
    query, and with the shopper's taste. The query has no term of its own and r stays out of the
    tower: so scores compare across queries, and relevance means the same whatever the history.
    The place and the selling points shown enter in training and when a log is scored.
    """

    def __init__(self, size: int, config: RankerConfig) -> None:
        super().__init__()
        self.config, hidden = config, config.hidden
        self.table = WordTable(size, config.dim, name="table")
        self.attention = HistoryAttention(config.attention, name="attention")
        self.groups = FeatureGroups(name="groups")
        self.from_context = keras.layers.Dense(hidden, name="from_context")
        self.from_item = keras.layers.Dense(hidden, use_bias=False, name="from_item")
        self.from_taste = keras.layers.Dense(hidden, use_bias=False, name="from_taste")
        self.from_links = keras.layers.Dense(hidden, use_bias=False, name="from_links")
        self.standardize = Standardize(len(TITLE_MATCH), name="standardize")
        self.blocks = [ResidualBlock(hidden, name=f"block_{k}") for k in range(config.blocks)]
        self.dropout = keras.layers.Dropout(config.dropout, seed=config.seed)
        self.click = LinkedOutput(name="click")
        self.buying = keras.layers.Dense(hidden, activation="relu", name="buying")
        self.conversion = LinkedOutput(name="conversion")
        self.calibrate_click = Calibration(name="calibrate_click")
        self.calibrate_conversion = Calibration(name="calibrate_conversion")
        self.place = PlaceTower(PLACES, name="place")
        self.shown = ShownPhrases(name="shown")

    def build(self, batch_shape: Tensor) -> None:
        """Leave it to the layers, which build themselves when they are first called."""
        del batch_shape
        self.built = True

    def call(self, batch: Mapping[str, Tensor], training: bool = False) -> tuple[Tensor, Tensor]:
        """Return logits (B, N) of a click, and of a conversion given a click."""
        history, query, side = self.context(batch)
        item = self.table.mean(batch["title_words"])  # (B, N, D)
        match = self.standardize(batch["match"])
        links = ops.concatenate([history[:, None] * item, query[:, None] * item], axis=-1)
        taste = match[..., len(QUERY_FEATURES) :]
        own = self.from_item(ops.concatenate([item, batch["price_z"][..., None]], axis=-1))
        h = side[:, None, :] + own + self.from_taste(taste) + self.from_links(links)
        h = self.tower(ops.relu(h), training)
        click = self.click(h, match, links)
        phrases = self.table.mean(batch["shown_words"])  # (B, N, K, D)
        click = click + self.shown(history, *shown_sum(phrases, batch["shown_words"]))
        click = self.calibrate_click(click + self.place(batch["place"]))
        conversion = self.conversion(h + self.buying(h), match, links)
        return click, self.calibrate_conversion(conversion)

    def context(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Return e_h (B, D), e_q (B, D) and W_c [..] + b (B, H)."""
        words = Events.of(self.table, batch["clicked_words"], batch["clicked_word_days"])
        titles = Events.of(self.table, batch["clicked_titles"], batch["clicked_title_days"])
        events = words.followed_by(titles)
        query = self.table.mean(batch["query_words"])
        history = self.attention(query, events.means, events.days, events.real)
        parts = [history, self.groups(batch["groups"][:, :OF_SHOPPER])]
        return history, query, self.from_context(ops.concatenate(parts, axis=-1))

    def tower(self, h: Tensor, training: bool) -> Tensor:
        """Return h after all residual blocks (B, N, H)."""
        for block in self.blocks:
            h = block(self.dropout(h, training=training))
        return h


def shown_sum(phrases: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
    """Sum what a title shows: vectors (..., K, D), ids (..., K, P) -> (..., D), count (...)."""
    real = ops.cast(ops.any(ids > 0, axis=-1), phrases.dtype)
    return ops.sum(phrases * real[..., None], axis=-2), ops.sum(real, axis=-1)


@keras.saving.register_keras_serializable("training")
class ResidualBlock(keras.layers.Layer):
    """h + f(V f(U h + a) + b), shapes (..., H) -> (..., H)."""

    def __init__(self, hidden: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden = hidden
        self.inner = keras.layers.Dense(hidden, activation="relu", name="inner")
        self.outer = keras.layers.Dense(hidden, activation="relu", name="outer")

    def build(self, h_shape: Tensor) -> None:
        """Make the weights."""
        self.inner.build(h_shape)
        self.outer.build((*h_shape[:-1], self.hidden))

    def call(self, h: Tensor) -> Tensor:
        """Return the input with what the block adds."""
        return h + self.outer(self.inner(h))

    def get_config(self) -> dict[str, Any]:
        """Return what builds an equal layer."""
        return {**super().get_config(), "hidden": self.hidden}


class LinkedOutput(keras.layers.Layer):
    """A logit from the tower, the match and the links: (B, N, ..) -> (B, N).

    Every feature of relevance says "more is better" and they say it together: their weights are
    held at zero or above, or noise would set one against the other.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.dense = keras.layers.Dense(1, name="dense")
        self.taste = keras.layers.Dense(1, use_bias=False, name="taste")
        self.relevance = keras.layers.Dense(
            1,
            use_bias=False,
            kernel_initializer=keras.initializers.Constant(_START),
            kernel_constraint=keras.constraints.NonNeg(),
            name="relevance",
        )
        self.dot = keras.layers.Dense(1, use_bias=False, name="dot")

    def call(self, h: Tensor, match: Tensor, links: Tensor) -> Tensor:
        """Return w . h + w_t . t + w_r . r + d . links + b."""
        split = len(QUERY_FEATURES)
        matched = self.relevance(match[..., :split]) + self.taste(match[..., split:])
        return (self.dense(h) + matched + self.dot(links))[..., 0]


class ShownPhrases(keras.layers.Layer):
    """What the selling points in a title add to a click: sum_k (d * e_h + w) . e_k + v K."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.personal = keras.layers.Dense(1, use_bias=False, name="personal")
        self.plain = keras.layers.Dense(1, use_bias=False, name="plain")
        self.count = self.add_weight(shape=(), initializer="zeros", name="count")

    def call(self, history: Tensor, shown: Tensor, count: Tensor) -> Tensor:
        """History (B, D), shown (B, N, D) summed, count (B, N) -> (B, N)."""
        linked = self.personal(history[:, None, :] * shown) + self.plain(shown)
        return linked[..., 0] + self.count * count
