"""Finds the values of attributes in titles and descriptions: a tagger as plain data.

A linear chain for each category (Collins 2002). Of all rows of labels y it takes the one with most

    sum_t [ sum over the clues c of word t of weights[c, y_t]  +  steps[y_{t-1}, y_t] ]

where a word's label is none, begins attribute a, or goes on with a. Values that are known well
are looked up besides. It says nothing of categories that it has not learnt.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from service.contract.spans import clues, matches, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from service.contract.arrays import FloatArray
    from service.contract.spans import Match, Token, Words

SURE_SHARE = 0.5
_NEVER = -1e6


class Known(NamedTuple):
    """What the learnt products say of a value of an attribute."""

    products: int  # that have it
    share: float  # of the products that hold its words


class Extracted(NamedTuple):
    """A value as it is spelled, and which of the texts says it where."""

    field: str
    value: str
    start: int


@dataclass(frozen=True, slots=True, eq=False)
class CategoryTagger:
    """What was learnt of one category, with L = 1 + 2 x attributes labels.

    Label 0 is none, 2a + 1 begins attribute a, 2a + 2 goes on with it.
    """

    attributes: tuple[str, ...]
    rows: Mapping[str, int]  # clue -> row of weights
    weights: FloatArray  # (F, L)
    steps: FloatArray  # (L + 1, L); the last row is the step into the first word
    values: Mapping[Words, Mapping[str, Known]]
    allowed: FloatArray = field(init=False, repr=False)  # steps, with none that cannot be

    def __post_init__(self) -> None:
        object.__setattr__(self, "allowed", self.steps + impossible(len(self.attributes)))

    def extract(self, texts: Mapping[str, str]) -> dict[str, Extracted]:
        """One value of each attribute that `texts`, by field, tell: the first that was tagged.

        Where none was, the surest of those known well, the longest of equals.
        """
        tagged: dict[str, Extracted] = {}
        sure: dict[str, tuple[float, int, Extracted]] = {}
        for name, text in texts.items():
            line = tokens(text)
            found = list(matches(line, self.values))
            for attribute, start, end in spans(self._labels(line, found)):
                value = _spelled(name, text, line[start:end])
                tagged.setdefault(self.attributes[attribute], value)
            for match in found:
                value = _spelled(name, text, line[match.start : match.end])
                for title, known in self.values[match.words].items():
                    candidate = (known.share, len(match.words), value)
                    if known.share >= SURE_SHARE and candidate[:2] > sure.get(title, (0, 0))[:2]:
                        sure[title] = candidate
        return {title: value for title, (_, _, value) in sure.items()} | tagged

    def _labels(self, line: Sequence[Token], found: Sequence[Match]) -> list[int]:
        if not line:
            return []
        known = [(match, tuple(self.values[match.words])) for match in found]
        find = self.rows.get
        rows = [
            [row for clue in each if (row := find(clue)) is not None]
            for each in clues(line, known)
        ]
        scores = np.array([self.weights[each].sum(0) for each in rows], np.float32)
        return best_labels(scores, self.allowed)


@dataclass(frozen=True, slots=True, eq=False)
class Tagger:
    """A tagger for each category that was learnt, by the category's name in lower case."""

    categories: Mapping[str, CategoryTagger] = field(default_factory=dict)

    def attributes(self, category: str) -> tuple[str, ...]:
        """What it may find of products of `category`."""
        known = self.categories.get(category.casefold())
        return () if known is None else known.attributes

    def extract(self, category: str, texts: Mapping[str, str]) -> dict[str, Extracted]:
        """The values that `texts`, by field, tell of a product of `category`, by attribute."""
        known = self.categories.get(category.casefold())
        return {} if known is None else known.extract(texts)


def impossible(attributes: int) -> FloatArray:
    """What each step costs (L + 1, L): to go on with what did not begin is out of reach."""
    labels = 1 + 2 * attributes
    costs = np.zeros((labels + 1, labels), np.float32)
    costs[:, 2::2] = _NEVER
    for begun in range(1, labels, 2):
        costs[begun : begun + 2, begun + 1] = 0.0
    return costs


def best_labels(scores: FloatArray, steps: FloatArray) -> list[int]:
    """The best row of labels for `scores` (T, L) and `steps` (L + 1, L), by Viterbi; T > 0."""
    best, inner = scores[0] + steps[-1], steps[:-1]
    came_from: list[list[int]] = []
    for score in scores[1:]:
        reached = best[:, None] + inner
        came_from.append(reached.argmax(0).tolist())
        best = reached.max(0) + score
    labels = [int(best.argmax())]
    for before in reversed(came_from):
        labels.append(before[labels[-1]])
    return labels[::-1]


def spans(labels: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Attribute, first token and the one past the last of each value in `labels`."""
    for start, label in enumerate(labels):
        if label % 2:
            end = start + 1
            while end < len(labels) and labels[end] == label + 1:
                end += 1
            yield label // 2, start, end


def _spelled(name: str, text: str, value: Sequence[Token]) -> Extracted:
    return Extracted(name, text[value[0].start : value[-1].end], value[0].start)
