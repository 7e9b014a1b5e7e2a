"""Picks among scored selling points: none, one or several, best first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.decision.choice import COMMON, NOTHING, PRIOR, Choice
from service.decision.choice_options import alike

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.choice import Picked, Rung
    from service.decision.choice_options import Option


def choose_among(
    options: Sequence[Option],
    scores: Sequence[float],
    bounds: Sequence[Sequence[float]] | None,
    rung: Rung,
    cap: int,
) -> Choice:
    """Choose up to `cap` of a title's options: by bounds (places, N), or else by scores (N,)."""
    if not options:
        return NOTHING
    if bounds is None:
        picked = pick(options, scores, cap)
    elif max(bounds[0]) > 0.0 or options[0].locked:
        picked = pick_by_lift(options, scores, bounds, cap)
    else:
        return NOTHING
    return Choice(picked, rung.reason) if picked else NOTHING


def pick(options: Sequence[Option], scores: Sequence[float], cap: int) -> Picked:
    """Up to `cap` of `options`, best first: at or above the mean, no two alike.

    Locked ones, which stand first among the options, go before the others, however they score.
    """
    if not options:
        return ()
    mean = min(sum(scores) / len(scores), max(scores))  # rounding may lift a mean of equals
    picked: list[tuple[Option, float]] = []
    for place in _in_order(options, scores):
        one, score = options[place], scores[place]
        if len(picked) == cap or (score < mean and not one.locked):
            break
        if _differs(one, picked):
            picked.append((one, score))
    return tuple(picked)


def pick_by_lift(
    options: Sequence[Option],
    scores: Sequence[float],
    bounds: Sequence[Sequence[float]],
    cap: int,
) -> Picked:
    """Up to `cap` of `options`: the k-th while the lower bound of what it adds is above 0.

    bounds (places, N): of the first point in a title, of one beside it, and so on. The best first
    bound goes first; then the best of those that are not alike any picked. Locked ones, which
    stand first among the options, go before, whatever they add.
    """
    picked: list[tuple[Option, float]] = []
    for place in _in_order(options, bounds[0]):
        one, k = options[place], len(picked)
        if picked and not _differs(one, picked):
            continue
        if not one.locked and not (k < len(bounds) and bounds[k][place] > 0.0):
            break
        picked.append((one, scores[place]))
        if len(picked) == cap:
            break
    return tuple(picked)


def choose_locked(options: Sequence[Option], cap: int) -> Choice:
    """What needs no model: the locked ones, in their order."""
    locked = [one for one in options if one.locked]
    picked = pick(locked, [0.0] * len(locked), cap)
    return Choice(picked, PRIOR) if picked else NOTHING


def choose_popular(options: Sequence[Option], cap: int) -> Choice:
    """Up to `cap` of `options`: what most products attest, no two alike; locked ones go first."""
    if not options:
        return NOTHING
    picked: list[tuple[Option, float]] = []
    for place in _in_order(options, [float(one.popularity) for one in options]):
        if len(picked) < cap and _differs(options[place], picked):
            picked.append((options[place], float(options[place].popularity)))
    return Choice(tuple(picked), COMMON) if picked else NOTHING


def _in_order(options: Sequence[Option], scores: Sequence[float]) -> Sequence[int]:
    places = sorted(range(len(options)), key=scores.__getitem__, reverse=True)
    if options[0].locked:
        places.sort(key=lambda place: not options[place].locked)
    return places


def _differs(one: Option, picked: Sequence[tuple[Option, float]]) -> bool:
    words = one.words
    return not [1 for other, _ in picked if alike(words, other.words)]
