"""What the demo's shoppers type, typing errors included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.demo.assortment import load_assortment

_QUALIFIED_PER_TYPE = 4
_TYPO_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Query:
    """A query text, the product type it asks for, and the phrase it names, if any."""

    text: str
    kind: int
    phrase: str | None
    weight: float  # how often it is typed, against others of its type


def make_queries(seed: int) -> tuple[Query, ...]:
    """Make the queries of all types: plain, naming a style or material, and mistyped."""
    assortment = load_assortment()
    rng = np.random.default_rng([seed, 2])
    found: dict[str, Query] = {}
    for kind, product_type in enumerate(assortment.types):
        category = assortment.categories[product_type.category]
        named = rng.choice(category.styles + category.materials, _QUALIFIED_PER_TYPE, False)
        plain = [(text, None) for text in product_type.queries]
        asked = plain + [
            (f"{phrase} {product_type.noun.lower()}", str(phrase)) for phrase in named
        ]
        for place, (text, phrase) in enumerate(asked):
            weight = (place + 1.0) ** -0.75
            found.setdefault(text, Query(text, kind, phrase, weight))
            wrong = mistype(rng, text)
            if rng.random() < _TYPO_SHARE and wrong not in found:
                found[wrong] = Query(wrong, kind, phrase, 0.2 * weight)
    return tuple(found.values())


def mistype(rng: np.random.Generator, text: str) -> str:
    """Swap, drop or double one letter in the longest word."""
    word = max(text.split(), key=len)
    at = int(rng.integers(1, max(2, len(word) - 2)))
    wrong = (
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
    )[int(rng.integers(3))]
    return text.replace(word, wrong, 1)
