"""The signs that a language sets between phrases, between phrases and title, around quotations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class Punctuation:
    """What stands between two phrases, between phrases and title, before and after a quotation."""

    between: str = ", "
    apart: str = " – "
    opening: str = "“"
    closing: str = "”"


_STANDARD: Final = Punctuation()
_LOW_HIGH: Final = Punctuation(opening="„", closing="“")
_LOW_BOTH: Final = Punctuation(opening="„", closing="”")
_GUILLEMETS: Final = Punctuation(opening="«", closing="»")
_ARABIC: Final = Punctuation(between="، ", opening="«", closing="»")
_OF_LANGUAGE: Final = {
    # a narrow space inside, and no line begins with the dash
    "fr": Punctuation(apart="\xa0– ", opening="«\u202f", closing="\u202f»"),
    "zh": Punctuation(between="，", apart="｜"),
    "ja": Punctuation(between="、", apart="｜", opening="「", closing="」"),
    "ar": _ARABIC, "fa": _ARABIC, "ur": _ARABIC, "ps": _ARABIC, "ckb": _ARABIC, "ug": _ARABIC,
    "de": _LOW_HIGH, "cs": _LOW_HIGH, "sk": _LOW_HIGH, "sl": _LOW_HIGH, "bg": _LOW_HIGH,
    "pl": _LOW_BOTH, "ro": _LOW_BOTH, "hu": _LOW_BOTH, "hr": _LOW_BOTH, "he": _LOW_BOTH,
    "es": _GUILLEMETS, "it": _GUILLEMETS, "pt": _GUILLEMETS, "ru": _GUILLEMETS,
    "uk": _GUILLEMETS, "el": _GUILLEMETS, "nb": _GUILLEMETS, "no": _GUILLEMETS,
    "sv": Punctuation(opening="”"), "fi": Punctuation(opening="”"),
}  # fmt: skip
# '24" x 36"' is inches: a quotation begins before a letter, where a word may begin
_QUOTATION: Final = re.compile(r'(?<![^\s(\[])"(?=[^\W\d])([^"]*[^\W\d][.!?]?)"(?!\w)')


@lru_cache(maxsize=64)
def punctuation_of(code: str) -> Punctuation:
    """The signs of the language `code`, ISO 639; English ones where they are not known."""
    return _OF_LANGUAGE.get(code, _STANDARD)


def quoted(phrase: str, signs: Punctuation) -> str:
    """`phrase` with the quotations in it between `signs`: straight quotes belong to inches."""
    return _QUOTATION.sub(lambda found: signs.opening + found[1] + signs.closing, phrase)
