"""Text to words, the same for queries, titles and selling points, at training and at serving."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING, Final

import snowballstemmer

from service.contract.characters import classes
from service.contract.stopwords import STOP_WORDS
from service.contract.units import join_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ALGORITHMS: Final = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali",
    "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
_LONGEST_STEMMED: Final = 32
_LONGEST_REMEMBERED: Final = 512
_SHORTEST_STEMMED: Final = 3

_FRACTION_AFTER_DIGIT: Final = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞])")
_MARKS_OF_TRADE: Final = str.maketrans(dict.fromkeys("™®©℠", " "))
_PUNCTUATION: Final = str.maketrans({"’": "'", "′": "'", "\u2044": "/", "–": "-", "‑": "-"})
_TOKEN: Final = re.compile(
    r"(?P<keycap>dv?k)"
    r"|(?P<emoji>e[vmt]*(?:ze[vmt]*)*|rr?)"
    r"|(?P<unspaced>(?:c[mz]*)+)"
    r"|(?P<number>(?:d+-d+/d+|d+/d+|d+(?:\.d+)+)(?!v?k)[dw]*)"
    r"|(?P<word>(?:w|d(?!v?k))(?:z*(?:[wm]|d(?!v?k)))*(?:'w+)?)"
)
_CLUSTER: Final = re.compile(r"c[mz]*")


def is_number(word: str) -> bool:
    """Return whether `word` is a number or a measure, such as "12" or "1/2in"."""
    return "0" <= word[0] <= "9"


def normal_form(text: str) -> str:
    """Return `text` in NFKC and case folded, entities decoded, punctuation in one spelling."""
    if "&" in text:
        text = html.unescape(text)
    if text.isascii():
        return text.lower()
    text = _FRACTION_AFTER_DIGIT.sub(" ", text.translate(_MARKS_OF_TRADE))
    text = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", text).translate(_PUNCTUATION)


def _stemmer(language: str) -> Callable[[str], str] | None:
    """Return a remembered stemmer; snowball's own objects hold state, so one at a time."""
    algorithm = _ALGORITHMS.get(language)
    if algorithm is None:
        return None
    stem_word = snowballstemmer.stemmer(algorithm).stemWord
    lock = Lock()

    @lru_cache(maxsize=65_536)
    def stem(word: str) -> str:
        with lock:
            return str(stem_word(word)) or word

    return stem


class Tokenizer:
    """Cut text into words; it accepts any string and takes time linear in its length.

    NFKC, case folding, numbers joined with their units ("5 mm" -> "5mm"), stemming by the
    locale's language. Scripts without spaces (Chinese, Japanese, Thai) give overlapping pairs of
    whole characters; an emoji sequence or a flag is one word.
    """

    def __init__(self, locale: str = "en", *, stem: bool = True) -> None:
        language = locale.replace("_", "-").split("-")[0].lower()
        self._stem = _stemmer(language) if stem else None
        self._joins_apostrophes = language == "en"
        self._stops: frozenset[str] = frozenset(self._cut(STOP_WORDS.get(language, "")))
        self._remembered = lru_cache(maxsize=16_384)(self._cut)

    def words(self, text: str) -> tuple[str, ...]:
        """Return the words of `text` in order, repeats included."""
        return self._remembered(text) if len(text) <= _LONGEST_REMEMBERED else self._cut(text)

    def content(self, text: str) -> tuple[str, ...]:
        """Return the words that say what `text` is about: no numbers, stop words, lone letters."""
        return tuple(word for word in self.words(text) if self._says_something(word))

    def pairs(self, text: str) -> list[tuple[str, str]]:
        """Return the neighbouring content words of `text`, in order."""
        return list(pairwise(self.content(text)))

    def _says_something(self, word: str) -> bool:
        lone_letter = len(word) == 1 and word.isascii()
        return not (lone_letter or is_number(word) or word in self._stops)

    def _cut(self, text: str) -> tuple[str, ...]:
        return tuple(self._tokens(join_units(normal_form(text))))

    def _tokens(self, text: str) -> Iterator[str]:
        pattern = classes(text)
        for found in _TOKEN.finditer(pattern):
            token = text[found.start() : found.end()]
            if found.lastgroup == "unspaced":
                yield from _pairs(token, found[0])
            elif found.lastgroup == "word":
                yield from self._word(token)
            else:
                yield token

    def _word(self, token: str) -> Iterator[str]:
        if "'" in token:
            if not self._joins_apostrophes:
                yield from (self._stemmed(part) for part in token.split("'"))
                return
            token = token.removesuffix("'s")
        yield self._stemmed(token)

    def _stemmed(self, word: str) -> str:
        if self._stem is None or not _SHORTEST_STEMMED <= len(word) <= _LONGEST_STEMMED:
            return word
        return self._stem(word) if word.isalpha() else word


def _pairs(run: str, pattern: str) -> list[str]:
    """Return overlapping pairs of whole clusters (letter and its marks); a lone one stands."""
    starts = [found.start() for found in _CLUSTER.finditer(pattern)]
    if len(starts) == 1:
        return [run]
    ends = [*starts[2:], len(run)]
    return [run[start:end] for start, end in zip(starts[:-1], ends, strict=True)]
