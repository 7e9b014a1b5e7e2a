"""From products with attributes to a tagger for each category."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.contract.spans import clues, matches
from service.contract.tagging import CategoryTagger, Tagger
from training.extraction.examples import labels_of, lines_of, told_attributes
from training.extraction.known_values import known_values, values_of
from training.extraction.perceptron import Labelled, Perceptron

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from service.contract.spans import Words
    from service.contract.tagging import Known
    from training.extraction.examples import Example
    from training.extraction.known_values import Values

EPOCHS = 6
_LEAST_WEIGHT = 0.05  # smaller ones decide nothing


@dataclass(frozen=True, slots=True)
class _Line:
    """One text: the clues of each token, and its labels."""

    clues: list[list[str]]
    labels: list[int]


def learn_tagger(examples: Iterable[Example], *, epochs: int = EPOCHS, seed: int = 0) -> Tagger:
    """Learn each category for itself; one without any attribute is left out.

    A product without attributes teaches nothing: nobody says that its texts have none.
    """
    by_category: defaultdict[str, list[Example]] = defaultdict(list)
    for example in examples:
        if example.attributes:
            by_category[example.category.casefold()].append(example)
    return Tagger(
        {
            category: _learn_category(of_it, epochs, seed)
            for category, of_it in sorted(by_category.items())
            if told_attributes(of_it)
        }
    )


def _learn_category(examples: Sequence[Example], epochs: int, seed: int) -> CategoryTagger:
    attributes, values = told_attributes(examples), known_values(examples)
    lines = [line for example in examples for line in _lines(example, attributes, values)]
    rows: dict[str, int] = {}
    for one in lines:
        for each in one.clues:
            for clue in each:
                rows.setdefault(clue, len(rows))
    texts = [
        Labelled([[rows[clue] for clue in each] for each in one.clues], one.labels)
        for one in lines
        if one.labels
    ]
    perceptron = Perceptron(len(rows), len(attributes))
    perceptron.fit(texts, epochs, seed)
    weights, steps = perceptron.averages
    kept = np.flatnonzero(np.abs(weights).max(1) >= _LEAST_WEIGHT)
    names = list(rows)
    return CategoryTagger(
        attributes=attributes,
        rows={names[row]: place for place, row in enumerate(kept.tolist())},
        weights=weights[kept],
        steps=steps,
        values=values,
    )


def _lines(
    example: Example,
    attributes: Sequence[str],
    values: Mapping[Words, Mapping[str, Known]],
) -> Iterator[_Line]:
    """Each text with its clues, as if the product's own values were seen in the others alone."""
    own = values_of(example)
    for line in lines_of(example):
        known = [(match, _of_others(match.words, own, values)) for match in matches(line, values)]
        yield _Line(clues(line, known), labels_of(line, example, attributes))


def _of_others(
    words: Words, own: Values, values: Mapping[Words, Mapping[str, Known]]
) -> list[str]:
    """The attributes that other products have `words` as a value of."""
    return [
        attribute
        for attribute, known in values[words].items()
        if known.products > (words in own.get(attribute, ()))
    ]
