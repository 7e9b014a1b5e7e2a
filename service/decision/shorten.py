"""Cuts a title that is too long, but not out of it what names the product."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from service.decision.denial import denied_words, telling_words
from service.decision.graphemes import cut, fits
from service.decision.naming import naming, text_of, words_of
from service.decision.punctuation import ELLIPSIS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence, Set

    from service.decision.find import Span
    from service.decision.language import Language

_LOOSE: Final = " ,;:–—-([（【，、；：｜،؛"


class Shortened(NamedTuple):
    """The beginning of a title and what names the product, and what of that had no room."""

    text: str
    left_out: tuple[str, ...] = ()


def shorten(title: str, limit: int, names: Sequence[str], language: Language) -> Shortened:
    """`title` in at most `limit` graphemes.

    What names the product stays, in the order of `naming` as far as there is room; before and
    between it as many words from the beginning as fit, and "…" where some are missing. What the
    title denies goes with its denial: of "Trim (Valve Not Included)" no "Trim (Valve…" is left.
    """
    if fits(title, limit):
        return Shortened(title)
    spans = words_of(title)
    if not spans:
        return Shortened(_begun(title, limit))
    named = naming(title, spans, names, language.singulars)

    def written(kept: Set[int]) -> str:
        return _text(title, spans, kept)

    def has_room(kept: Set[int]) -> bool:
        return fits(written(kept), limit)

    kept, left_out = _as_many(named.names, frozenset(), has_room)
    kept, _ = _as_many([one for one in named.leads if one.stop in kept], kept, has_room)
    ends = _ends(len(spans), left_out)
    count = bisect_right(ends, 0, key=lambda end: not has_room(kept.union(range(end))))
    denied = denied_words(title, language)
    while count and _affirms(written(kept.union(range(ends[count - 1]))), denied, language):
        count -= 1
    if count:
        kept = kept.union(range(ends[count - 1]))
    told = tuple([text_of(title, spans, one) for one in left_out])
    return Shortened(written(kept) if kept else _begun(title, limit), told)


def _as_many(
    wanted: Iterable[range], kept: frozenset[int], has_room: Callable[[frozenset[int]], bool]
) -> tuple[frozenset[int], list[range]]:
    """`kept` with each of `wanted` that there is room for, in that order, and the others."""
    left_out = []
    for one in wanted:
        wider = kept.union(one)
        if has_room(wider):
            kept = wider
        else:
            left_out.append(one)
    return kept, left_out


def _affirms(text: str, denied: Set[str], language: Language) -> bool:
    """Whether `text` says something of what is `denied` and does not deny it."""
    if not denied:
        return False
    return not telling_words(text, language) & denied <= denied_words(text, language)


def _ends(count: int, whole: Iterable[range]) -> list[int]:
    """Where a beginning of `count` words may end: nowhere inside of `whole`."""
    inside = {end for one in whole for end in one[1:]}
    return [end for end in range(1, count + 1) if end not in inside]


def _text(title: str, spans: Sequence[Span], kept: Iterable[int]) -> str:
    """The words `kept`, as `title` spaces them, with an ellipsis for each gap."""
    text, last = "", -1
    for at in sorted(kept):
        start, end = spans[at]
        if at > last + 1:
            spaced = title[start - 1].isspace()
            text = text.rstrip(_LOOSE) + ELLIPSIS + (" " if spaced else "")
        elif last >= 0:
            text += title[spans[last][1] : start]
        text += title[start:end]
        last = at
    return text if last == len(spans) - 1 else text.rstrip(_LOOSE) + ELLIPSIS


def _begun(title: str, limit: int) -> str:
    """As many graphemes of `title` as there is room for: not even its first word has it."""
    return cut(cut(title, max(limit - 1, 0)).rstrip(_LOOSE) + ELLIPSIS, limit)
