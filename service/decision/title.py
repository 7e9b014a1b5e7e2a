"""Writes an ad's title: its own words, with the chosen selling points in it or before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from service.contract.stopwords import STOP_WORDS
from service.decision.find import find_phrase
from service.decision.graphemes import cut, length
from service.decision.terms import PhraseStyle, Title, TitlePart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.find import Cut, Place
    from service.decision.terms import SellingPoint

    Found = tuple[Place, SellingPoint]

BETWEEN_PHRASES = ", "
BEFORE_TITLE = " – "
ELLIPSIS = "…"

_BETWEEN = TitlePart(BETWEEN_PHRASES)
_BEFORE = TitlePart(BEFORE_TITLE)
# what waits for a word after it, in any language that a title may be in
_WAITING = frozenset(word for words in STOP_WORDS.values() for word in words.split())
_WAITING_SIGNS = frozenset("-/([&+'’")
_CLINGS = re.compile(r"[-/)\]'’.]")


@dataclass(frozen=True, slots=True)
class ShownTitle:
    """A title and the selling points in it, best first."""

    title: Title
    points: tuple[SellingPoint, ...]


class _Layout(NamedTuple):
    """Where everything stands: the phrases ahead, what follows them, and the places in that."""

    ahead: tuple[tuple[str, SellingPoint], ...]
    title: str
    placed: tuple[Found, ...]  # in the title's order


def write_title(
    original: str, points: Sequence[SellingPoint], *, limit: int, style: PhraseStyle, words: Cut
) -> ShownTitle:
    """Write `original` with `points`, best first, in at most `limit` graphemes.

    A phrase that stands in the title is highlighted there, or by `style` moved to the front where
    the rest still reads; any other goes before it: "Phrase, phrase – Original title". Of a phrase
    with a small word or a number inside only its own words are highlighted, in parts. A point
    that would make the title too long is left out, and so is one that overlaps another in the
    title. The original is cut, at a word, only if it is too long alone. `words` cuts text into
    words as they are compared.
    """
    base = shorten(original, limit)
    shown: list[Found] = []
    layout, text = _Layout((), base, ()), base
    for point in points:
        found = [*shown, (find_phrase(point.text, base, words), point)]
        trial = _lay_out(base, found, style)
        if trial is None:
            continue
        whole = _text(trial)
        if _fits(whole, limit):
            shown, layout, text = found, trial, whole
    title = Title(text, original, tuple(_parts(layout)))
    return ShownTitle(title, tuple([point for _, point in shown]))


def shorten(text: str, limit: int) -> str:
    """The beginning of `text` in at most `limit` graphemes, of whole words if there is one."""
    if _fits(text, limit):
        return text
    room = cut(text, max(limit - 1, 0))
    whole = room if text[len(room)].isspace() else room.rpartition(" ")[0] or room
    return cut(whole.rstrip(" ,;:-–(") + ELLIPSIS, limit)


def _fits(text: str, limit: int) -> bool:
    return len(text) <= limit or length(text) <= limit  # no text has more graphemes than letters


def _lay_out(title: str, found: Sequence[Found], style: PhraseStyle) -> _Layout | None:
    """Where all points `found` stand; None if two overlap in the title."""
    placed = [one for one in found if one[0]]
    if len(placed) > 1:
        placed.sort(key=lambda one: one[0])
        if any(after[0][0] < before[-1][1] for (before, _), (after, _) in pairwise(placed)):
            return None
    moved: dict[str, str] = {}
    if placed and style == PhraseStyle.FRONT:
        title, placed, moved = _pull_out(title, placed)
    ahead = [
        (moved.get(point.selling_point_id, point.text), point)
        for place, point in found
        if not place or point.selling_point_id in moved
    ]
    return _Layout(tuple(ahead), title, tuple(placed))


def _text(layout: _Layout) -> str:
    if not layout.ahead:
        return layout.title
    return BETWEEN_PHRASES.join([text for text, _ in layout.ahead]) + BEFORE_TITLE + layout.title


def _parts(layout: _Layout) -> list[TitlePart]:
    parts: list[TitlePart] = []
    for text, point in layout.ahead:
        parts += (TitlePart(text, point.selling_point_id, highlight=True), _BETWEEN)
    if parts:
        parts[-1] = _BEFORE
    at, title = 0, layout.title
    for place, point in layout.placed:
        for start, end in place:
            if at < start:
                parts.append(TitlePart(title[at:start]))
            parts.append(TitlePart(title[start:end], point.selling_point_id, highlight=True))
            at = end
    if at < len(title):
        parts.append(TitlePart(title[at:]))
    return parts


def _pull_out(title: str, placed: Sequence[Found]) -> tuple[str, list[Found], dict[str, str]]:
    """Take the placed phrases out of `title` where the rest reads; the others, and those out.

    A phrase in parts stays: what stands between them would hang loose.
    """
    stay: list[Found] = []
    out: dict[str, str] = {}
    for place, point in reversed(placed):
        start, end = place[0]
        rest = None if len(place) > 1 else _without(title, start, end)
        if rest is None:
            stay.append((place, point))
            continue
        stay = [(_shifted(other, len(rest) - len(title)), one) for other, one in stay]
        out[point.selling_point_id] = title[start:end]
        title = rest
    return title, stay[::-1], out


def _shifted(place: Place, by: int) -> Place:
    return tuple([(start + by, end + by) for start, end in place])


def _without(title: str, start: int, end: int) -> str | None:
    """`title` without title[start:end]; None if it begins there, or something would hang loose.

    Words stay whole: nothing is taken out of "InSinkErator".
    """
    if any(map(str.isalnum, title[start - 1 : start] + title[end : end + 1])):
        return None
    before, after = title[:start].rstrip(), title[end:].lstrip()
    if not after or after.startswith(","):
        before = before.rstrip(" ,;:–-")
    if not before or _waits(before) or _CLINGS.match(after):
        return None
    return before + ("" if not after or after[0] in ",;:" else " ") + after


def _waits(before: str) -> bool:
    return before[-1] in _WAITING_SIGNS or before.rsplit(maxsplit=1)[-1].casefold() in _WAITING
