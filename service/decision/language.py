"""How the words of one locale are cut, stemmed and weighed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from service.contract.stopwords import STOP_WORDS
from service.contract.tokenizer import Tokenizer
from service.decision.singular import SINGULAR

if TYPE_CHECKING:
    from collections.abc import Sequence

_LETTERS = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """Words as they are compared, and as they are spelled."""

    code: str  # ISO 639: "de" of "de-AT"
    stemmed: Tokenizer
    spelled: Tokenizer
    stop_words: frozenset[str]  # stemmed

    def words(self, text: str) -> tuple[str, ...]:
        """The words of `text` in order, stemmed."""
        return self.stemmed.words(text)

    def spellings(self, text: str) -> tuple[str, ...]:
        """The words of `text` in order, not stemmed: as many as `words` gives."""
        return self.spelled.words(text)

    def singulars(self, text: str) -> tuple[str, ...]:
        """The words of `text` in order, each in the singular: as many as `words` gives.

        "washers" is "washer"; "decorators" is not "decorative", though they have one stem.
        Stemmed where the language's endings are not known.
        """
        singular = SINGULAR.get(self.code)
        if singular is None:
            return self.words(text)
        return tuple([singular(word) for word in self.spellings(text)])

    def telling(self, words: Sequence[str]) -> tuple[str, ...]:
        """`words`, stemmed, without the stop words, unless there are no others."""
        return tuple([word for word in words if word not in self.stop_words]) or tuple(words)


@lru_cache(maxsize=64)
def language_of(locale: str) -> Language:
    """The one `Language` of `locale`: it remembers what it cut, so snapshots share it."""
    stemmed = Tokenizer(locale)
    code = locale.replace("_", "-").split("-")[0].lower()
    stops = STOP_WORDS.get(code, "")
    return Language(code, stemmed, Tokenizer(locale, stem=False), frozenset(stemmed.words(stops)))


def correctable(text: str) -> set[str]:
    """The words of `text` that a slip may be mended to: three letters or more, lower case."""
    return set(_LETTERS.findall(text.casefold()))
