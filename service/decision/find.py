"""Finds what of a title says a phrase."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from service.contract.characters import UNSPACED, character_class

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Cut = Callable[[str], tuple[str, ...]]
    Span = tuple[int, int]
    Place = tuple[Span, ...]  # what of a title says a phrase, in order
    Piece = tuple[Span, str, tuple[str, ...]]  # where, text, its words

_REMEMBERED: Final = 4096
_REMEMBERED_PLACES: Final = 16_384  # some 7 MB
_PIECE = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_BREAK = re.compile(r"[()\[\],;:|…，、；：｜（）【】「」،؛]|\s[-–—]\s")
_MODEL = re.compile(r"\w*[^\W\d_]\d\w*")
_FILLERS = frozenset({"a", "an", "and", "by", "for", "in", "of", "on", "the", "to", "with"})


@lru_cache(maxsize=_REMEMBERED_PLACES)
def find_phrase(phrase: str, title: str, words: Cut) -> Place:
    """The spans of `title` that say just the words of `phrase`, in order; none if it does not.

    The same words up to case, punctuation, plural and spacing: "ClosetMaid" says "closet maid".
    One small word or number may stand between two words, but no comma, bracket, dash or gap. It
    is no part of the phrase, so it ends a span: of "Battery and Charger" it is "Battery" and
    "Charger" that say "battery charger". `words` cuts text into words as they are compared.
    """
    return _find_letters(phrase, title) or _find_words(phrase, title, words)


def _find_letters(phrase: str, title: str) -> Place:
    found = _letters(phrase).search(title)
    return (found.span(),) if found else ()


@lru_cache(maxsize=_REMEMBERED)
def _letters(phrase: str) -> re.Pattern[str]:
    pattern = r"[\s-]*".join(map(re.escape, phrase.split()))
    begin = r"(?:(?<!\w)|(?<=[a-z])(?=[A-Z]))" if _has_edges(phrase[0]) else ""
    end = r"(?:(?!\w)|(?<=[a-z])(?=[A-Z]))" if _has_edges(phrase[-1]) else ""
    return re.compile(f"{begin}(?i:{pattern}){end}")


def _has_edges(character: str) -> bool:
    """Words end where letters end or a hump begins, but not in scripts without spaces."""
    return character.isalnum() and character_class(ord(character)) != UNSPACED


def _find_words(phrase: str, title: str, words: Cut) -> Place:
    wanted = _wanted(phrase, words)
    pieces, beginnings = _pieces(title, words)
    if not wanted or wanted[0] not in beginnings:
        return ()
    for first, ((start, _), _, cut) in enumerate(pieces):
        if not cut or wanted[: len(cut)] != cut:
            continue
        place = _place(wanted, pieces[first:])
        if place and not _BREAK.search(title, start, place[-1][1]):
            return place
    return ()


@lru_cache(maxsize=_REMEMBERED)
def _wanted(phrase: str, words: Cut) -> tuple[str, ...]:
    return tuple([word for piece in _PIECE.findall(phrase) for word in _cut(piece, words)])


@lru_cache(maxsize=_REMEMBERED)
def _pieces(title: str, words: Cut) -> tuple[tuple[Piece, ...], frozenset[str]]:
    """The pieces of `title`, and the words that they begin with."""
    pieces = [(found.span(), found[0], _cut(found[0], words)) for found in _PIECE.finditer(title)]
    return tuple(pieces), frozenset([cut[0] for _, _, cut in pieces if cut])


def _cut(piece: str, words: Cut) -> tuple[str, ...]:
    """The words of `piece`; the models "W830" and "W830s" are two."""
    return (piece.casefold(),) if _MODEL.fullmatch(piece) else words(piece)


def _place(wanted: tuple[str, ...], pieces: Sequence[Piece]) -> Place:
    """The spans that say `wanted`, begun in the first of `pieces`; a filler ends a span."""
    spans: list[Span] = []
    matched, apart = 0, True
    for (start, end), text, cut in pieces:
        if cut and wanted[matched : matched + len(cut)] == cut:
            matched += len(cut)
            spans.append((start if apart else spans.pop()[0], end))
            apart = False
            if matched == len(wanted):
                return tuple(spans)
        elif apart or not _is_filler(text):
            return ()
        else:
            apart = True
    return ()


def _is_filler(piece: str) -> bool:
    return piece.casefold() in _FILLERS or any(character.isdigit() for character in piece)
