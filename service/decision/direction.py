"""Which way text runs, and phrases kept from turning what stands beside them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_RIGHT_TO_LEFT: Final = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_ISOLATE: Final = {"L": "\u2066", "R": "\u2067", "AL": "\u2067"}

END_OF_ISOLATE: Final = "\u2069"


def run_both_ways(title: str, phrases: Sequence[str]) -> bool:
    """Whether some letters of `title` and `phrases` run to the right and some to the left."""
    said = "".join(phrases)
    if title.isascii() and said.isascii():
        return False
    text = title + said
    return bool(_RIGHT_TO_LEFT.search(text)) and any(
        unicodedata.bidirectional(sign) == "L" for sign in text
    )


def isolate(phrase: str, title: str) -> str:
    """What stands before `phrase`, and `END_OF_ISOLATE` after it, beside `title`.

    No letter, digit or sign in an isolate moves what is beside it, and a page that asks which way
    the text begins is told by the title (UAX 9, X5a to X6a and P2).
    """
    return _ISOLATE[_first_strong(phrase) or _first_strong(title) or "L"]


def _first_strong(text: str) -> str:
    """The bidirectional class of the first letter that has a direction; empty if none has."""
    return next(filter(_ISOLATE.__contains__, map(unicodedata.bidirectional, text)), "")
