"""The default arm: which phrase about a product does this shopper care about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np
from keras import ops

from service.contract.matching import PHRASE_MATCH
from training.arms.inputs import PLACES
from training.arms.logistic import Logistic
from training.arms.saved import SavedBySettings
from training.layers import Calibration, Hinges, PlaceTower, Standardize, TitleAttention, WordTable
from training.shopper import ShopperGroups

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.contract.arrays import FloatArray
    from training.arms.model import Start, TaskRows
    from training.config import SellingPointConfig

Tensor = Any

USER_PARTS: Final = ("words", "titles", "past", "query", "head", "groups")
LINKED_PARTS: Final = ("words", "titles", "query")
PULL: Final = PHRASE_MATCH.index("pull")
WEIGHTS: Final = slice(PHRASE_MATCH.index("clicked_words_weight"), len(PHRASE_MATCH))
_BEND_RIDGE: Final = 30.0  # bends take more evidence than slopes
_LEAST_WEIGHT: Final = 0.1
_LEAST_SPREAD: Final = 1e-6


class Salient(SavedBySettings):
    """Two tasks over shared embeddings and layers: clicks on feature words, clicks on ads.

        x = [e_u ; e_q ; e_v]   h1 = f(W1 x + W_m m + sum_p P_p (e_p * e_v) + b1)
        h2 = f(W2 h1 + b2)      y' = sigmoid(w_y . h2 + w_m . b(m) + sum_p d_p . (e_p * e_v) + b_y)

    e_u are the shopper's groups, m how the phrase fits the query and the shopper's clicks, b(m)
    that with its bends; p runs over clicked words, clicked titles and the query: the products
    are our links beyond the paper. Clicks are pooled against the usual ones and drawn to zero
    while they are few. The auxiliary task reads an attended title e_a in place of e_v and has no
    match. Its own outputs stand beside the shared W1, W2.
    Source: Hou et al. 2025, after Zhao et al. 2019.
    """

    def __init__(self, size: int, config: SellingPointConfig) -> None:
        super().__init__()
        self.size, self.config, hidden = size, config, config.hidden
        self.table = WordTable(size, config.dim, name="table")
        self.idf = self.add_weight(shape=(size,), trainable=False, name="idf")
        self.shopper = ShopperGroups(self.table, name="shopper")
        self.from_user = keras.layers.Dense(hidden, name="from_user")
        self.from_phrase = keras.layers.Dense(hidden, use_bias=False, name="from_phrase")
        self.from_match = keras.layers.Dense(hidden, use_bias=False, name="from_match")
        self.from_links = keras.layers.Dense(hidden, use_bias=False, name="from_links")
        self.standardize = Standardize(len(PHRASE_MATCH), name="standardize")
        self.hinges = Hinges(len(PHRASE_MATCH), name="hinges")
        self.second = keras.layers.Dense(hidden, activation="relu", name="second")
        self.dropout = keras.layers.Dropout(config.dropout, seed=config.seed)
        self.main = Output("main")
        self.match_out = keras.layers.Dense(1, use_bias=False, name="match_out")
        self.calibration = Calibration(name="calibration")
        self.attention = TitleAttention(config.attention, name="attention")
        self.auxiliary = Output("auxiliary")

    def start(self, start: Start) -> None:
        """Start from words that lie where clicks put them, and from outputs solved outright.

        Rare words count most in a text. What a logistic on match and links cannot say is left to
        h2, whose weights start at zero.
        """
        self.idf.assign(start.idf)
        self.table.salience.assign(np.log(np.maximum(start.idf, _LEAST_WEIGHT)))
        self.standardize.adapt(start.main.match)
        self.place_words(start.words.older, start)
        links, ad_links = start.main.over(self.main_links), start.auxiliary.over(self.ad_links)
        self.place_words(start.words.vectors, start)
        standard = np.asarray(self.standardize(start.main.match))
        self.hinges.adapt(standard)
        match = np.asarray(self.bent(standard))
        self.match_out.kernel.assign(self.main.start(start.main, match, links)[:, None])
        nothing = np.zeros((len(ad_links), 0), np.float32)
        self.auxiliary.start(start.auxiliary, nothing, ad_links)

    def place_words(self, vectors: FloatArray, start: Start) -> None:
        """Put words at vectors (size, D), and what is usual of clicks where it then lies."""
        self.table.vectors.assign(vectors * self.config.dim**0.5)
        titles = start.auxiliary.over(lambda batch: self.table.mean(batch["title_words"]))
        self.shopper.titles.usual.assign(titles.mean(axis=0))
        phrases = start.main.over(lambda batch: self.table.mean(batch["phrase_words"]))
        self.shopper.words.usual.assign(phrases.mean(axis=0))

    def call(self, batch: Mapping[str, Tensor], training: bool = False) -> Tensor:
        """Return logits (B, N) of clicks on the shown feature words."""
        groups = self.shopper(batch)
        match = self.standardize(batch["match"])  # (B, N, M)
        phrase = self.table.mean(batch["phrase_words"])  # (B, N, D)
        links = self.links(groups, phrase)
        rare = ops.max(ops.take(self.idf, batch["phrase_words"]), axis=-1, keepdims=True)
        first = self.first(groups, ops.concatenate([phrase, rare], axis=-1), links)
        h1 = ops.relu(first + self.from_match(match))
        logits = self.main(self.deep(h1, training), links, batch["place"])
        return self.calibration(logits + self.match_out(self.bent(match))[..., 0])

    def ad_clicks(self, batch: Mapping[str, Tensor], training: bool = False) -> Tensor:
        """Return logits (B, N) of clicks on the shown ads: the auxiliary task."""
        groups = self.shopper(batch)
        user = ops.concatenate([groups["words"], groups["titles"]], axis=-1)
        words = batch["title_words"]  # (B, N, T)
        title = self.attention(user, groups["query"], self.table.words(words), words > 0)
        links = self.links(groups, title)
        first = self.first(groups, ops.pad(title, [[0, 0], [0, 0], [0, 1]]), links)
        return self.auxiliary(self.deep(ops.relu(first), training), links, batch["place"])

    def main_links(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the links of the shown feature words (B, N, 3 D)."""
        return self.links(self.shopper(batch), self.table.mean(batch["phrase_words"]))

    def ad_links(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the links of the shown ads with plain means of their titles (B, N, 3 D)."""
        return self.links(self.shopper(batch), self.table.mean(batch["title_words"]))

    def links(self, groups: Mapping[str, Tensor], thing: Tensor) -> Tensor:
        """Return the products e_p * e_v side by side (B, N, 3 D)."""
        pairs = [groups[name][:, None, :] * thing for name in LINKED_PARTS]
        return ops.concatenate(pairs, axis=-1)

    def bent(self, match: Tensor) -> Tensor:
        """Return match (..., M), its hinges, and its pull times the weights of clicks (..., K).

        How far a pull is to be believed depends on how many clicks there are.
        """
        pull = match[..., PULL : PULL + 1]
        return ops.concatenate([self.hinges(match), pull * match[..., WEIGHTS]], axis=-1)

    def first(self, groups: Mapping[str, Tensor], thing: Tensor, links: Tensor) -> Tensor:
        """Return W1 x + b1 with the links, before the activation (B, N, H)."""
        user = self.from_user(ops.concatenate([groups[name] for name in USER_PARTS], axis=-1))
        return user[:, None, :] + self.from_phrase(thing) + self.from_links(links)

    def deep(self, h1: Tensor, training: bool) -> Tensor:
        """Return h2 (B, N, H)."""
        return self.second(self.dropout(h1, training=training))


class Output(keras.layers.Layer):
    """One task's output: w_y . h2 + sum_p d_p . (e_p * e_v) + b_y, and what the place adds."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.dense = keras.layers.Dense(1, kernel_initializer="zeros", name="dense")
        self.dot = keras.layers.Dense(1, use_bias=False, name="dot")
        self.place = PlaceTower(PLACES, name="place")

    def start(self, rows: TaskRows, match: FloatArray, links: FloatArray) -> FloatArray:
        """Start from a logistic on match (n, M) and sums of links (n, P D); returns that of match.

        One weight serves all axes of a part: p may be no larger where it says nothing, never
        turned against the taste.
        """
        parts = len(LINKED_PARTS)
        sums = links.reshape(len(links), parts, -1).sum(axis=-1)
        spread = sums.std(axis=0) + _LEAST_SPREAD
        width = len(PHRASE_MATCH)
        firmness = np.where(np.arange(match.shape[1]) < width, 1.0, _BEND_RIDGE)
        found = Logistic.with_links(match, sums / spread, rows, PLACES, firmness=firmness)
        weights = np.maximum(found.kernel[match.shape[1] :] / spread, 0.0)
        self.dot.kernel.assign(np.repeat(weights, links.shape[1] // parts)[:, None])
        self.dense.bias.assign([found.bias])
        self.place.bias.assign(found.places)
        return found.kernel[: match.shape[1]]

    def call(self, h2: Tensor, links: Tensor, places: Tensor) -> Tensor:
        """Return logits (B, N)."""
        return (self.dense(h2) + self.dot(links))[..., 0] + self.place(places)
