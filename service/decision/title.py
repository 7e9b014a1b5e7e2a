"""Writes an ad's title: its own words, with the chosen selling points in it, before or after."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from service.decision.direction import END_OF_ISOLATE, isolate, run_both_ways
from service.decision.find import find_phrase
from service.decision.graphemes import fits
from service.decision.naming import name_spans
from service.decision.plain import plain
from service.decision.pull_out import pull_out
from service.decision.punctuation import punctuation_of, quoted
from service.decision.shorten import shorten
from service.decision.terms import PhrasePosition, PhraseStyle, Title, TitlePart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.decision.find import Cut, Place
    from service.decision.language import Language
    from service.decision.punctuation import Punctuation
    from service.decision.terms import SellingPoint

    Said = tuple[Place, str, SellingPoint]  # where the title says the phrase, if it does
    Written = tuple[str, list[TitlePart]]

_REMEMBERED: Final = 16_384  # phrases: some 3 MB


class TitleRules(NamedTuple):
    """What a placement wants of its titles."""

    limit: int  # graphemes
    style: PhraseStyle = PhraseStyle.IN_PLACE
    position: PhrasePosition = PhrasePosition.PREFIX


class ShownTitle(NamedTuple):
    """A title and the selling points in it, best first."""

    title: Title
    points: tuple[SellingPoint, ...]


def write_title(
    original: str,
    points: Sequence[SellingPoint],
    *,
    rules: TitleRules,
    language: Language,
    names: Sequence[str] = (),
) -> ShownTitle:
    """Write `original` with `points`, best first, by `rules`, with the signs of `language`.

    A phrase that stands in the title is highlighted there, or by the rules' style moved to the
    front where the rest still reads; any other goes before it, "Phrase, phrase – Original title",
    or after it. Of a phrase with a small word or a number inside only its own words are
    highlighted, in parts. A point that would make the title too long is left out, and so is one
    that overlaps another in the title, or says what another says. The original is cut only if it
    is too long alone. What names the product is neither torn apart nor cut as long as it has room:
    `names` are its brand, or "", and such attributes. No markup and no direction marks come from
    `original` or `points`.
    """
    words, left_out = language.singulars, tuple[str, ...]()
    base = plain(original)
    if len(base) > rules.limit:
        base, left_out = shorten(base, rules.limit, names, language)
    wanted = [
        (find_phrase(phrase, base, words), phrase, point)
        for point in points
        if (phrase := _phrase(point.text))
    ]
    shown, whole = wanted, _lay_out(wanted, base, rules, names, language)
    if whole is None:
        shown, whole = _with_most(wanted, base, rules, names, language)
    title = Title(whole[0], original, tuple(whole[1]), left_out)
    return ShownTitle(title, tuple([point for _, _, point in shown]))


_phrase = lru_cache(maxsize=_REMEMBERED)(plain)


def _with_most(
    wanted: Sequence[Said],
    title: str,
    rules: TitleRules,
    names: Sequence[str],
    language: Language,
) -> tuple[list[Said], Written]:
    """Those of `wanted` that there is room for, in that order, and the title that says them."""
    shown: list[Said] = []
    best = title, _inside(title, ())
    for one in wanted:
        trial = _lay_out([*shown, one], title, rules, names, language)
        if trial is not None:
            shown.append(one)
            best = trial
    return shown, best


def _lay_out(
    said: Sequence[Said],
    title: str,
    rules: TitleRules,
    names: Sequence[str],
    language: Language,
) -> Written | None:
    """The title that says all of `said`; None if it is too long, or says something twice."""
    placed = [one for one in said if one[0]]
    outside = [one for one in said if not one[0]] if placed else said
    if (len(placed) > 1 and _overlap(placed)) or (outside and not title):
        return None
    for one, other in combinations(said, 2):
        if _say_the_same(one[1], other[1], language.singulars):
            return None
    suffix = rules.position is PhrasePosition.SUFFIX
    ahead, behind = ((), outside) if suffix else (outside, ())
    if placed and rules.style is PhraseStyle.FRONT:
        rest, stay, moved = _pulled_out(title, placed, names, language)
        # without what was moved the rest may say another phrase
        if not any(find_phrase(one[1], rest, language.singulars) for one in outside):
            title, placed, ahead = rest, stay, _in_order(said, moved, ahead)
    parts = _inside(title, placed)
    if ahead or behind:
        parts = _around(parts, title, (ahead, behind), _seams(language.code))
    text = "".join([part.text for part in parts])
    return (text, parts) if fits(text, rules.limit) else None


def _overlap(placed: list[Said]) -> bool:
    """Whether two of `placed` overlap; they are put in the title's order."""
    placed.sort(key=itemgetter(0))
    return any(after[0][0] < before[-1][1] for (before, *_), (after, *_) in pairwise(placed))


@lru_cache(maxsize=_REMEMBERED)
def _say_the_same(one: str, other: str, words: Cut) -> bool:
    return bool(find_phrase(one, other, words) or find_phrase(other, one, words))


def _pulled_out(
    title: str, placed: Sequence[Said], names: Sequence[str], language: Language
) -> tuple[str, list[Said], dict[str, str]]:
    """The title without those of `placed` that can be moved, the others, and what those say."""
    words = language.singulars
    whole = name_spans(title, names, words)
    rest, places, says = pull_out(title, [place for place, _, _ in placed], whole, words)
    stay: list[Said] = []
    moved: dict[str, str] = {}
    for (_, phrase, point), place, text in zip(placed, places, says, strict=True):
        if place:
            stay.append((place, phrase, point))
        else:
            moved[point.selling_point_id] = text
    return rest, stay, moved


def _in_order(
    said: Sequence[Said], moved: Mapping[str, str], others: Sequence[Said]
) -> list[Said]:
    """Those of `said` that were moved, as the title said them, and those among `others`."""
    return [
        (place, moved.get(point.selling_point_id, phrase), point)
        for place, phrase, point in said
        if point.selling_point_id in moved or (place, phrase, point) in others
    ]


def _inside(title: str, placed: Sequence[Said]) -> list[TitlePart]:
    """`title`, with what says a phrase highlighted."""
    if not placed:
        return [TitlePart(title)] if title else []
    parts: list[TitlePart] = []
    at = 0
    for place, _, point in placed:
        for start, end in place:
            if at < start:
                parts.append(TitlePart(title[at:start]))
            parts.append(TitlePart(title[start:end], point.selling_point_id, highlight=True))
            at = end
    return [*parts, TitlePart(title[at:])] if at < len(title) else parts


def _around(
    inside: list[TitlePart],
    title: str,
    sides: tuple[Sequence[Said], Sequence[Said]],
    seams: _Seams,
) -> list[TitlePart]:
    """The title's own parts between the phrases ahead of it and those behind it."""
    ahead, behind = sides
    turned = run_both_ways(title, [phrase for _, phrase, _ in (*ahead, *behind)])
    if ahead:
        row = _row(ahead, seams)
        inside = [*(_isolated(row, title) if turned else row), seams.apart, *inside]
    if behind:
        row = _row(behind, seams)
        inside = [*inside, seams.apart, *(_isolated(row, title) if turned else row)]
    return inside


class _Seams(NamedTuple):
    """The signs of a language, and what stands between phrases and beside the title."""

    signs: Punctuation
    between: TitlePart
    apart: TitlePart


@lru_cache(maxsize=64)
def _seams(code: str) -> _Seams:
    signs = punctuation_of(code)
    return _Seams(signs, TitlePart(signs.between), TitlePart(signs.apart))


def _row(phrases: Sequence[Said], seams: _Seams) -> list[TitlePart]:
    parts: list[TitlePart] = []
    for _, phrase, point in phrases:
        text = quoted(phrase, seams.signs) if '"' in phrase else phrase
        parts += (TitlePart(text, point.selling_point_id, highlight=True), seams.between)
    del parts[-1]
    return parts


def _isolated(row: Sequence[TitlePart], title: str) -> list[TitlePart]:
    """`row` with each phrase kept from turning what stands beside it."""
    found: list[TitlePart] = []
    for part in row:
        if part.highlight:
            found += (TitlePart(isolate(part.text, title)), part, TitlePart(END_OF_ISOLATE))
        else:
            found.append(part)
    return found
