"""What a title says that its product does not have or is not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from service.decision.denial_words import BORROWED, DENIALS
from service.decision.singular import SINGULAR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from service.decision.language import Language

_CLAUSES = re.compile(r"[()\[\]{},;:|]|\s[-–—]+\s")
_SENTENCES = re.compile(r"[.!?\n]+(?:\s|$)")
_WORD = re.compile(r"[^\W_]+")
_REACH_BACK = 6  # words, when a clause ends in "not included"


@dataclass(frozen=True, slots=True)
class Denials:
    """How one language denies, ready to be looked for."""

    any: re.Pattern[str]  # found in all that denies
    missing: re.Pattern[str]
    ahead: tuple[tuple[re.Pattern[str], int], ...]
    free: tuple[re.Pattern[str], ...]
    turns: frozenset[str]
    silent: frozenset[str]  # roots
    cut_short: frozenset[str]
    fragments: frozenset[str]
    yes: frozenset[str]
    no: frozenset[str]
    singular: Callable[[str], str]

    def root(self, word: str) -> str:
        """`word` as it is compared: lower case, in the singular."""
        return self.singular(word.casefold())


def denials_of(language: Language) -> Denials:
    """How `language` denies, in its own words and in borrowed English; or in English alone."""
    return _denials(language.code if language.code in DENIALS else "en")


def denied_words(text: str, language: Language) -> frozenset[str]:
    """The words of what `text` denies, each clause and parenthesis for itself.

    "Faucet Trim in Chrome (Valve Not Included)" denies valve; "Toilet without Seat" denies seat;
    "Non-Slip" denies slip; "BPA-free" denies bpa. "No. 8 Screw" denies nothing.
    """
    denials = denials_of(language)
    if not denials.any.search(text):
        return frozenset()
    denied: set[str] = set()
    before = ""
    for clause in _CLAUSES.split(text):
        denied |= _denied_behind(clause, before, denials) | _denied_ahead(clause, denials)
        for free in denials.free:
            denied |= {denials.root(word) for word in free.findall(clause)}
        before = clause if clause.strip() else before
    return frozenset(denied) - denials.silent


def missing_words(text: str, language: Language) -> frozenset[str]:
    """The words of what `text`, of many sentences, says is not in the box."""
    denials = denials_of(language)
    if not denials.missing.search(text):
        return frozenset()
    missing: set[str] = set()
    for sentence in _SENTENCES.split(text):
        before = ""
        for clause in _CLAUSES.split(sentence):
            missing |= _denied_behind(clause, before, denials)
            before = clause if clause.strip() else before
    return frozenset(missing) - denials.silent


def telling_words(text: str, language: Language) -> frozenset[str]:
    """The words of `text` that say something, lower case and in the singular."""
    denials = denials_of(language)
    return frozenset(map(denials.root, _WORD.findall(text))) - denials.silent


def says_it_lacks(phrase: str, language: Language) -> bool:
    """Whether `phrase` only says what does not come with the product, or is a shred of that."""
    denials = denials_of(language)
    words = [word.casefold() for word in _WORD.findall(phrase)]
    return (
        bool(denials.missing.search(phrase))
        or not any(character.isalpha() for character in phrase)
        or not denials.fragments.isdisjoint(words)
        or not denials.cut_short.isdisjoint(words[-1:])
    )


def _denied_behind(clause: str, before: str, denials: Denials) -> set[str]:
    found = denials.missing.search(clause)
    if not found:
        return set()
    words = _WORD.findall(clause[: found.start()])
    return set(map(denials.root, words[-_REACH_BACK:] or _WORD.findall(before)[-2:]))


def _denied_ahead(clause: str, denials: Denials) -> set[str]:
    denied: set[str] = set()
    for pattern, reach in denials.ahead:
        for found in pattern.finditer(clause):
            for word in _WORD.findall(clause[found.end() :])[:reach]:
                if word.casefold() in denials.turns:
                    break
                denied.add(denials.root(word))
    return denied


@lru_cache(maxsize=len(DENIALS))
def _denials(code: str) -> Denials:
    own = (DENIALS[code],) if code == "en" else (DENIALS[code], BORROWED)
    singular = SINGULAR[code]
    missing = "|".join(words.missing for words in own)
    ahead = [each for words in own for each in words.ahead]
    free = [words.free for words in own if words.free]
    return Denials(
        any=_pattern("|".join([missing, *free, *(opening for opening, _ in ahead)])),
        missing=_pattern(missing),
        ahead=tuple((_pattern(opening), reach) for opening, reach in ahead),
        free=tuple(map(_pattern, free)),
        turns=_set(words.turns for words in own),
        silent=frozenset(map(singular, _set(words.silent for words in own))),
        cut_short=_set(words.cut_short for words in own),
        fragments=_set(words.fragments for words in own),
        yes=_set(words.yes for words in own),
        no=_set(words.no for words in own),
        singular=singular,
    )


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _set(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.casefold() for each in words for word in each.split())
