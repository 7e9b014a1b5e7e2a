"""Finds a phrase in a title that says it in its own way."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from service.contract.characters import UNSPACED, character_class

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Cut = Callable[[str], tuple[str, ...]]
    Span = tuple[int, int]
    Piece = tuple[Span, str, tuple[str, ...]]  # where, text, its words

_REMEMBERED: Final = 4096
_PIECE = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_BREAK = re.compile(r"[()\[\],;:|]|\s[-–—]\s")
_FILLERS = frozenset({"a", "an", "and", "by", "for", "in", "of", "on", "the", "to", "with"})


def find_phrase(phrase: str, title: str, words: Cut) -> Span | None:
    """Where `phrase` stands in `title`: the same words up to case, punctuation and stem.

    "ClosetMaid" says "closet maid". A small word or a number may stand between two words ("Battery
    and Charger" says "battery charger"), but no comma, bracket or dash. `words` cuts text into
    stemmed words.
    """
    return _find_letters(phrase, title) or _find_words(phrase, title, words)


def _find_letters(phrase: str, title: str) -> Span | None:
    found = _letters(phrase).search(title)
    return found.span() if found else None


@lru_cache(maxsize=_REMEMBERED)
def _letters(phrase: str) -> re.Pattern[str]:
    pattern = r"[\s-]*".join(map(re.escape, phrase.split()))
    begin = r"(?:(?<!\w)|(?<=[a-z])(?=[A-Z]))" if _has_edges(phrase[0]) else ""
    end = r"(?:(?!\w)|(?<=[a-z])(?=[A-Z]))" if _has_edges(phrase[-1]) else ""
    return re.compile(f"{begin}(?i:{pattern}){end}")


def _has_edges(character: str) -> bool:
    """Words end where letters end or a hump begins, but not in scripts without spaces."""
    return character.isalnum() and character_class(ord(character)) != UNSPACED


def _find_words(phrase: str, title: str, words: Cut) -> Span | None:
    wanted = _wanted(phrase, words)
    pieces, beginnings = _pieces(title, words)
    if not wanted or wanted[0] not in beginnings:
        return None
    for first, ((start, _), _, cut) in enumerate(pieces):
        if not cut or wanted[: len(cut)] != cut:
            continue
        last = _last_piece(wanted, pieces[first:])
        if last is not None and not _BREAK.search(title, start, last[1]):
            return start, last[1]
    return None


@lru_cache(maxsize=_REMEMBERED)
def _wanted(phrase: str, words: Cut) -> tuple[str, ...]:
    return tuple([word for piece in _PIECE.findall(phrase) for word in words(piece)])


@lru_cache(maxsize=_REMEMBERED)
def _pieces(title: str, words: Cut) -> tuple[tuple[Piece, ...], frozenset[str]]:
    """The pieces of `title`, and the words that they begin with."""
    pieces = [(found.span(), found[0], words(found[0])) for found in _PIECE.finditer(title)]
    return tuple(pieces), frozenset([cut[0] for _, _, cut in pieces if cut])


def _last_piece(wanted: tuple[str, ...], pieces: Sequence[Piece]) -> Span | None:
    """The span of the piece that completes `wanted`, begun in the first of `pieces`."""
    matched, skipped = 0, True
    for span, text, cut in pieces:
        if cut and wanted[matched : matched + len(cut)] == cut:
            matched, skipped = matched + len(cut), False
            if matched == len(wanted):
                return span
        elif skipped or not _is_filler(text):
            return None
        else:
            skipped = True
    return None


def _is_filler(piece: str) -> bool:
    return piece.casefold() in _FILLERS or any(character.isdigit() for character in piece)
