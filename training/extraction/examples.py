"""Products with the values of their attributes, and the labels of their texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.contract.spans import tokens, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.contract.spans import Token


@dataclass(frozen=True, slots=True)
class Example:
    """A product. An attribute without values is said nowhere; of one not named nobody knows."""

    category: str
    title: str
    description: str = ""
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def texts(self) -> dict[str, str]:
        """The texts that there are, by field, the title first."""
        every = {"title": self.title, "description": self.description}
        return {name: text for name, text in every.items() if text}


def labels_of(line: Sequence[Token], example: Example, attributes: Sequence[str]) -> list[int]:
    """The label of each token of one text: where a value of `attributes` stands, longest first."""
    labels = [0] * len(line)
    words = tuple([token.word for token in line])
    said = [
        (words_of(value), place)
        for place, attribute in enumerate(attributes)
        for value in example.attributes.get(attribute, ())
    ]
    for value, place in sorted(said, key=lambda one: len(one[0]), reverse=True):
        size = len(value)
        for start in range(len(words) - size + 1 if size else 0):
            if words[start : start + size] == value and not any(labels[start : start + size]):
                labels[start] = 2 * place + 1
                labels[start + 1 : start + size] = [2 * place + 2] * (size - 1)
    return labels


def told_attributes(examples: Sequence[Example]) -> tuple[str, ...]:
    """The attributes of which any example has a value, sorted."""
    return tuple(
        sorted({name for one in examples for name, said in one.attributes.items() if said})
    )


def lines_of(example: Example) -> list[list[Token]]:
    """Each text of `example`, cut."""
    return [tokens(text) for text in example.texts.values()]
