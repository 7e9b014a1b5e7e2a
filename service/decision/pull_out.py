"""Takes phrases out of a title, so that they can be said before it, where the rest still reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from service.contract.stopwords import STOP_WORDS
from service.decision.find import find_phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.find import Cut, Place, Span

# what waits for a word after it, in any language that a title may be in
_WAITING: Final = frozenset(word for words in STOP_WORDS.values() for word in words.split())
_WAITING_SIGNS: Final = frozenset("-/([&+'’（【「")
_CLINGS: Final = re.compile(r"[-/)\]'’.）】」]")
_COMMAS: Final = ",，、،"
_LOOSE: Final = f" {_COMMAS};:；：؛–-"
_AFTER_A_WORD: Final = f" {_COMMAS};:；：؛…"
_UNSPACED_BEFORE: Final = frozenset(f"{_COMMAS};:；：؛…")


def pull_out(
    title: str, places: Sequence[Place], whole: Sequence[Span], words: Cut
) -> tuple[str, list[Place | None], list[str]]:
    """Take what stands in `places`, in the title's order, out of `title` where the rest reads.

    Gives the rest, where each now stands in it (None if it is out), and what each says. A phrase
    in parts stays: what stands between them would hang loose. So does one that the title says
    again, or it would be said twice, and one that is only a part of what stays `whole`.
    """
    says = [" ".join([title[start:end] for start, end in place]) for place in places]
    left: list[Place | None] = list(places)
    for at in reversed(range(len(places))):
        movable = len(places[at]) == 1 and not _breaks(places[at][0], whole)
        rest = _without(title, places[at][0]) if movable else None
        if rest is None or find_phrase(says[at], rest, words):
            continue
        left[at] = None
        by = len(rest) - len(title)
        left[at + 1 :] = [other and _shifted(other, by) for other in left[at + 1 :]]
        title = rest
    return title, left, says


def _breaks(span: Span, whole: Sequence[Span]) -> bool:
    """Whether `span` is a part of one of `whole` and leaves some of it."""
    start, end = span
    return any(
        first < end and start < last and not start <= first < last <= end for first, last in whole
    )


def _shifted(place: Place, by: int) -> Place:
    return tuple([(start + by, end + by) for start, end in place])


def _without(title: str, span: Span) -> str | None:
    """`title` without `span`; None if it begins there, or something would hang loose.

    Words stay whole: nothing is taken out of "InSinkErator" or "3-Burner".
    """
    start, end = span
    if title[start - 1 : start].strip() or title[end : end + 1].strip(_AFTER_A_WORD):
        return None
    before, after = title[:start].rstrip(), title[end:].lstrip()
    if not after or after[0] in _COMMAS:
        before = before.rstrip(_LOOSE)
    if not before or _waits(before) or _CLINGS.match(after):
        return None
    return before + ("" if not after or after[0] in _UNSPACED_BEFORE else " ") + after


def _waits(before: str) -> bool:
    return before[-1] in _WAITING_SIGNS or before.rsplit(maxsplit=1)[-1].casefold() in _WAITING
