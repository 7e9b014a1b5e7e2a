"""Takes the ending off a word that only says how many, or agrees: "batteries" is "battery"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SHORTEST: Final = 4  # letters of a word that can lose its ending
_ENGLISH_ES: Final = re.compile(r"(?:ss|x|ch|sh)es$")


def english(word: str) -> str:
    """`word`, lower case, in the singular: "boxes" is "box", "glass" stays."""
    if len(word) < _SHORTEST or not word.endswith("s") or word.endswith("ss"):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if _ENGLISH_ES.search(word) else word[:-1]


def _without(endings: str) -> Callable[[str], str]:
    pattern = re.compile(f"(?:{endings})$")

    def bare(word: str) -> str:
        return word if len(word) < _SHORTEST else pattern.sub("", word)

    return bare


SINGULAR: Final[Mapping[str, Callable[[str], str]]] = {
    "de": _without("e(?:rn|[mnrs])?|[ns]"),  # Batterien, rostfreier
    "en": english,
    "es": _without("ones|ón|[aeo]s?|s"),  # tapones, incluidas
    "fr": _without("e?s|e|x"),  # piles, incluse
    "it": _without("h?[aeio]"),  # barche, incluse
    "nl": _without("en|[es]"),  # lampen, roestvrije
    "pt": _without("ões|ão|[aeo]s?|s"),  # botões, incluídas
}
"""By language: words that differ in such an ending only become one; what is left is no word."""
