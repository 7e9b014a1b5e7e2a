"""What a title says that its product does not have or is not (English)."""

from __future__ import annotations

import re

_CLAUSES = re.compile(r"[()\[\]{},;:|]|\s[-–—]+\s")
_WORD = re.compile(r"[^\W_]+")
_NOT_IN_THE_BOX = re.compile(
    r"\b(?:not|isn't|aren't)\s+(?:incl(?:ude[ds]?)?|inc|provided|supplied|sold)\b"
    r"|\bsold\s+sep[ae]r\w*|\bexcluded\b|\bnot\s+in\s+(?:the\s+)?box\b",
    re.IGNORECASE,
)
_NOT_WHAT_FOR = (
    "(?:an?|be|by|for|from|in|on|to|with"
    "|compatible|designed|intended|made|recommended|suitable|use)"
)
# how a denial begins, and over how many of the next words it may reach
_AHEAD = tuple(
    (re.compile(pattern, re.IGNORECASE), reach)
    for pattern, reach in (
        (r"(?<!\w)(?:without|w/o|excluding|excludes|except|minus|lacks|lacking)\s+", 4),
        (r"(?<![\w-])less\s+(?!than\b)", 4),
        (r"(?<![\w-])no(?![.\w])[\s-]+(?!\d)", 3),
        (rf"(?<![\w-])not\s+(?:{_NOT_WHAT_FOR}\s+)*", 3),
        (r"(?<![\w-])non[\s-]*(?=\w)", 1),
    )
)
_FREE = re.compile(  # "lead-free", "frost free": but "with free gift" and "pedestal free standing"
    r"([^\W_]+)[\s-]+free\b(?![\s-]+(?:standing|shipping|delivery|returns?|gift|app)\b)",
    re.IGNORECASE,
)
_TURNS = frozenset({"with", "for", "in", "on", "by", "from", "when", "but"})
_REACH_BACK = 6  # words, when a clause ends in "not included"
_SILENT = frozenset(
    {"a", "an", "and", "any", "are", "at", "by", "for", "free", "from", "get", "has", "have", "in"}
    | {"incl", "include", "included", "includes", "including", "is", "it", "its", "of", "on"}
    | {"or", "other", "own", "plus", "separate", "separately", "sold", "the", "this", "to"}
    | {"was", "with", "without", "no", "non", "not", "less"}
)
_SHORTEST_PLURAL = 4  # letters


_ANY_DENIAL = re.compile(
    r"(?i)without|w/o|\bno|\bless\b|\bminus\b|\black|\bexcl|\bexcept|n't\b|\bsold\b|free"
)


def denied_words(text: str) -> frozenset[str]:
    """The words of what `text` denies, each clause and parenthesis for itself.

    "Faucet Trim in Chrome (Valve Not Included)" denies valve; "Toilet without Seat" denies seat;
    "Non-Slip" denies slip; "BPA-free" denies bpa. "No. 8 Screw" denies nothing.
    """
    if not _ANY_DENIAL.search(text):
        return frozenset()
    denied: set[str] = set()
    before = ""
    for clause in _CLAUSES.split(text):
        denied |= _denied_behind(clause, before) | _denied_ahead(clause)
        denied |= {_root(word) for word in _FREE.findall(clause)}
        before = clause if clause.strip() else before
    return frozenset(denied) - _SILENT


def telling_words(text: str) -> frozenset[str]:
    """The words of `text` that say something, lower case and in the singular."""
    return frozenset(map(_root, _WORD.findall(text))) - _SILENT


def says_it_lacks(phrase: str) -> bool:
    """Whether `phrase` only says what does not come with the product, or is a shred of that."""
    return bool(_NOT_IN_THE_BOX.search(phrase)) or _without_letters(phrase) or _shred(phrase)


def _denied_behind(clause: str, before: str) -> set[str]:
    found = _NOT_IN_THE_BOX.search(clause)
    if not found:
        return set()
    words = _WORD.findall(clause[: found.start()])
    return set(map(_root, words[-_REACH_BACK:] or _WORD.findall(before)[-2:]))


def _denied_ahead(clause: str) -> set[str]:
    denied: set[str] = set()
    for pattern, reach in _AHEAD:
        for found in pattern.finditer(clause):
            for word in _WORD.findall(clause[found.end() :])[:reach]:
                if word.casefold() in _TURNS:
                    break
                denied.add(_root(word))
    return denied


def _root(word: str) -> str:
    folded = word.casefold()
    if len(folded) < _SHORTEST_PLURAL or not folded.endswith("s") or folded.endswith("ss"):
        return folded
    return folded[:-3] + "y" if folded.endswith("ies") else folded[:-1]


def _without_letters(phrase: str) -> bool:
    return not any(character.isalpha() for character in phrase)


def _shred(phrase: str) -> bool:
    words = [word.casefold() for word in _WORD.findall(phrase)]
    return "sold" in words or words[-1:] in (["not"], ["no"], ["without"])
