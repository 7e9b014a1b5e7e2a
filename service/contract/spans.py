"""Words of product texts with their places, and the clues that tell values from the rest."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LONGEST_VALUE: Final = 6  # words
LONGEST_TEXT: Final = 150  # words that are read of one text

_WORD: Final = re.compile(r"[^\W_]+?(?<=[a-z])(?=[A-Z][a-z])|[^\W_]+|[^\w\s]|_")
_MEASURE: Final = re.compile(r"\d+([^\W\d_]+)")
_FIRST_PLACES: Final = 3

Words = tuple[str, ...]
"""A value as it is looked up: its words, lower case."""


class Token(NamedTuple):
    """A word, lower case, or a sign, with its place in the text and what it looks like."""

    start: int
    end: int
    word: str
    shape: str  # "A0" is a capital and a digit; what repeats stands twice


class Match(NamedTuple):
    """A known value in a text: which tokens say it."""

    start: int
    end: int  # past the last
    words: Words


def tokens(text: str) -> list[Token]:
    """Cut the beginning of `text` into words and signs; "DriveIn" is two words."""
    found: list[Token] = []
    for one in _WORD.finditer(text):
        if len(found) == LONGEST_TEXT:
            break
        word = one[0]
        found.append(Token(*one.span(), word.lower(), _shape(word)))
    return found


def words_of(value: str) -> Words:
    """`value` as it is looked up."""
    return tuple([token.word for token in tokens(value)])


def matches(line: Sequence[Token], known: Mapping[Words, object]) -> Iterator[Match]:
    """The values of `known` that stand in `line`, also within each other."""
    words = tuple([token.word for token in line])
    for start in range(len(words)):
        for end in range(start + 1, min(start + LONGEST_VALUE, len(words)) + 1):
            if words[start:end] in known:
                yield Match(start, end, words[start:end])


def clues(line: Sequence[Token], known: Sequence[tuple[Match, Sequence[str]]]) -> list[list[str]]:
    """What speaks for the label of each token: itself, its neighbours, and known values.

    `known` are values in `line`, each with the attributes that it is known of.
    """
    words = ["^", "^", *[token.word for token in line], "$", "$"]
    shapes = ["^", *[token.shape for token in line], "$"]
    found = [
        _own(line[at], at) + _around(words[at : at + 5], shapes[at : at + 3])
        for at in range(len(line))
    ]
    for (start, end, _), attributes in known:
        for attribute in attributes:
            found[start].append(f"begins {min(end - start, 3)} {attribute}")
            for at in range(start + 1, end):
                found[at].append(f"within {attribute}")
    return found


def _own(token: Token, at: int) -> list[str]:
    word = token.word
    own = ["any", f"w {word}", f"s {token.shape}", f"b {word[:3]}", f"e {word[-3:]}"]
    measure = _MEASURE.fullmatch(word)
    if measure:
        own.append(f"u {measure[1]}")
    if at < _FIRST_PLACES:
        own.append(f"at {at}")
    return own


def _around(words: Sequence[str], shapes: Sequence[str]) -> list[str]:
    """The clues of the two words before and after the third, and of its neighbours' shapes."""
    far, before, word, after, further = words
    return [
        f"-2 {far}",
        f"-1 {before}",
        f"+1 {after}",
        f"+2 {further}",
        f"-s {shapes[0]}",
        f"+s {shapes[2]}",
        f"-- {before} {word}",
        f"++ {word} {after}",
    ]


@lru_cache(maxsize=65_536)
def _shape(word: str) -> str:
    letters = re.sub(r"[^\W\d_A-Z]", "a", re.sub(r"[A-Z]", "A", re.sub(r"\d", "0", word)))
    return re.sub(r"(.)\1+", r"\1\1", letters)
