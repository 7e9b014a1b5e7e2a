"""Which values the learnt products have, and how far their words can be trusted."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from service.contract.spans import LONGEST_VALUE, matches, words_of
from service.contract.tagging import Known
from training.extraction.examples import lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.spans import Words
    from training.extraction.examples import Example

UNKNOWN_WEIGHT = 0.3  # of a product that holds the words and does not name the attribute
CAUTION = 0.5  # products that would speak against each value: one seen once is not sure

Values = dict[str, tuple["Words", ...]]
"""The values of one product, by attribute."""


def values_of(example: Example) -> Values:
    """The values of `example` as they are looked up, by attribute; none that are too long."""
    cut = {
        name: tuple([words_of(value) for value in said])
        for name, said in example.attributes.items()
    }
    return {
        name: tuple([words for words in said if 0 < len(words) <= LONGEST_VALUE])
        for name, said in cut.items()
    }


def known_values(examples: Sequence[Example]) -> dict[Words, dict[str, Known]]:
    """Every value of `examples`, which are of one category, by its words and its attribute.

        share = right / (right + wrong + 0.3 unnamed + 0.5)

    over the products whose texts hold the words: right have the value, wrong have another one or
    none, unnamed do not name the attribute.
    """
    counts: defaultdict[Words, Counter[str]] = defaultdict(Counter)
    said = [values_of(one) for one in examples]
    for values in said:
        for attribute, several in values.items():
            for words in several:
                counts[words][attribute] += 1
    right: Counter[tuple[Words, str]] = Counter()
    weight: defaultdict[tuple[Words, str], float] = defaultdict(float)
    for example, values in zip(examples, said, strict=True):
        held = {match.words for line in lines_of(example) for match in matches(line, counts)}
        for words in held:
            for attribute in counts[words]:
                named = values.get(attribute)
                right[words, attribute] += named is not None and words in named
                weight[words, attribute] += UNKNOWN_WEIGHT if named is None else 1.0
    return {
        words: {
            attribute: Known(count, right[words, attribute] / (weight[words, attribute] + CAUTION))
            for attribute, count in each.items()
        }
        for words, each in counts.items()
    }
