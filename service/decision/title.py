"""Writes an ad's title: its own words, with the chosen selling points in it or before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from service.decision.find import find_phrase
from service.decision.graphemes import cut, length
from service.decision.terms import PhraseStyle, Title, TitlePart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.find import Cut, Span
    from service.decision.terms import SellingPoint

    Found = tuple[Span | None, SellingPoint]
    Placed = tuple[Span, SellingPoint]

BETWEEN_PHRASES = ", "
BEFORE_TITLE = " – "
ELLIPSIS = "…"

_HANGS = re.compile(
    r"(?:^|\s)(?:a|an|and|by|for|from|in|of|on|or|the|to|with|&|\+)$|[-/(\[&+]$", re.IGNORECASE
)
_CLINGS = re.compile(r"[-/)\]'’.]")


@dataclass(frozen=True, slots=True)
class ShownTitle:
    """A title and the selling points in it, best first."""

    title: Title
    points: tuple[SellingPoint, ...]


def write_title(
    original: str, points: Sequence[SellingPoint], *, limit: int, style: PhraseStyle, words: Cut
) -> ShownTitle:
    """Write `original` with `points`, best first, in at most `limit` graphemes.

    A phrase that stands in the title is highlighted there, or by `style` moved to the front where
    the rest still reads; any other goes before it: "Phrase, phrase – Original title". A point
    that would make the title too long is left out, and so is one that overlaps another in the
    title. The original is cut, at a word, only if it is too long alone. `words` cuts text into
    stemmed words.
    """
    base = shorten(original, limit)
    shown: list[Found] = []
    parts = [TitlePart(base)]
    for point in points:
        found = find_phrase(point.text, base, words), point
        trial = _compose(base, [*shown, found], style)
        if trial is not None and length(_joined(trial)) <= limit:
            shown, parts = [*shown, found], trial
    return ShownTitle(
        Title(_joined(parts), original, tuple(parts)), tuple([point for _, point in shown])
    )


def shorten(text: str, limit: int) -> str:
    """The beginning of `text` in at most `limit` graphemes, of whole words if there is one."""
    if length(text) <= limit:
        return text
    room = cut(text, max(limit - 1, 0))
    whole = room if text[len(room)].isspace() else room.rpartition(" ")[0] or room
    return cut(whole.rstrip(" ,;:-–(") + ELLIPSIS, limit)


def _compose(title: str, found: Sequence[Found], style: PhraseStyle) -> list[TitlePart] | None:
    """The parts with all points `found`; None if two overlap in the title."""
    placed = [(span, point) for span, point in found if span is not None]
    placed.sort(key=lambda one: one[0])
    if any(start < end for ((_, end), _), ((start, _), _) in pairwise(placed)):
        return None
    moved: dict[SellingPoint, str] = {}
    if style == PhraseStyle.FRONT:
        title, placed, moved = _pull_out(title, placed)
    ahead = [
        TitlePart(moved.get(point, point.text), point.selling_point_id, highlight=True)
        for span, point in found
        if span is None or point in moved
    ]
    return [*_front(ahead), *_highlighted(title, placed)]


def _front(phrases: Sequence[TitlePart]) -> list[TitlePart]:
    if not phrases:
        return []
    parts = [part for phrase in phrases for part in (TitlePart(BETWEEN_PHRASES), phrase)]
    return [*parts[1:], TitlePart(BEFORE_TITLE)]


def _highlighted(title: str, placed: Sequence[Placed]) -> list[TitlePart]:
    parts, at = [], 0
    for (start, end), point in placed:
        parts.append(TitlePart(title[at:start]))
        parts.append(TitlePart(title[start:end], point.selling_point_id, highlight=True))
        at = end
    parts.append(TitlePart(title[at:]))
    return [part for part in parts if part.text]


def _pull_out(
    title: str, placed: Sequence[Placed]
) -> tuple[str, list[Placed], dict[SellingPoint, str]]:
    """Take the placed phrases out of `title` where the rest reads; the others, and those out."""
    stay: list[Placed] = []
    out: dict[SellingPoint, str] = {}
    for (start, end), point in reversed(placed):
        rest = _without(title, start, end)
        if rest is None:
            stay.append(((start, end), point))
            continue
        shift = len(rest) - len(title)
        stay = [((first + shift, last + shift), other) for (first, last), other in stay]
        out[point] = title[start:end]
        title = rest
    return title, stay[::-1], out


def _without(title: str, start: int, end: int) -> str | None:
    """`title` without title[start:end]; None if it begins there, or something would hang loose."""
    before, after = title[:start].rstrip(), title[end:].lstrip()
    if not after or after.startswith(","):
        before = before.rstrip(" ,;:–-")
    if not before or _HANGS.search(before) or _CLINGS.match(after):
        return None
    return before + ("" if not after or after[0] in ",;:" else " ") + after


def _joined(parts: Sequence[TitlePart]) -> str:
    return "".join([part.text for part in parts])
