"""A small share of titles is drawn at random, so that what selling points do can be learnt.

Of the share explored each arm gets the same part, as far as the cap allows it:

    none        the plain title
    popular_1   the phrase that most products attest
    random_1    one drawn evenly
    random_2    one drawn evenly, then one of those not alike it, if there is any

so the chance that a title shows the points S, where the policy shows P for certain, is

    (1 - share) [S = P] + share / arms * sum_arm P(S | arm)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.contract.uplift import RANDOM_ARMS
from service.decision.choice import EXPLORED, PLAIN, Choice
from service.decision.choice_options import alike, most_popular

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.choice_options import Option

Places = tuple[int, ...]
"""Of options, in rising order."""

_ALL_BITS = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15
_ARM_BITS, _FIRST_BITS = 8, 28  # of a drawn number, for the arm and for the first phrase


class Slot(NamedTuple):
    """What a lot is drawn for: the share of titles that are explored, the seed, and the place."""

    share: float
    seed: int
    number: int


class Drawn(NamedTuple):
    """What chance shows: an arm by name, and the places of its options."""

    arm: str
    places: Places


def explore(
    choice: Choice, options: Sequence[Option], scores: Sequence[float], cap: int, slot: Slot
) -> Choice:
    """The choice with its propensity, or what the lot of its slot draws instead.

    A product with locked points, which stand first, is not explored.
    """
    if not options or options[0].locked:
        return choice
    decided = tuple(sorted([options.index(one) for one, _ in choice.picked]))
    drawn = draw(options, cap, slot)
    shown = decided if drawn is None else drawn.places
    propensity = chance(shown, decided, options, cap, slot.share)
    if drawn is None:
        return Choice(choice.picked, choice.reason, propensity)
    best_first = sorted(shown, key=scores.__getitem__, reverse=True)
    picked = tuple([(options[place], scores[place]) for place in best_first])
    return Choice(picked, EXPLORED if picked else PLAIN, propensity, drawn.arm)


def draw(options: Sequence[Option], cap: int, slot: Slot) -> Drawn | None:
    """Draw what a title shows, None where the policy decides; the same slot draws the same."""
    lot = _mixed(slot.seed + (slot.number + 1) * _GAMMA & _ALL_BITS)
    if lot >= slot.share * (1 << 64):
        return None
    lot = _mixed(lot)
    arms = arms_within(cap)
    arm = arms[lot % len(arms)]
    if arm == "none":
        return Drawn(arm, ())
    if arm == "popular_1":
        return Drawn(arm, (most_popular(options),))
    first = (lot >> _ARM_BITS) % len(options)
    others = _unlike(first, options) if arm == "random_2" else []
    if not others:
        return Drawn(arm, (first,))
    second = others[(lot >> _FIRST_BITS) % len(others)]
    return Drawn(arm, (min(first, second), max(first, second)))


def chance(
    shown: Places, decided: Places, options: Sequence[Option], cap: int, share: float
) -> float:
    """The chance that a title shows just `shown`, where the policy shows `decided`."""
    arms = arms_within(cap)
    by_lot = sum(_chance_of(shown, arm, options) for arm in arms) / len(arms)
    return (1.0 - share) * (shown == decided) + share * by_lot


def arms_within(cap: int) -> tuple[str, ...]:
    """The arms that show at most `cap` points, which is at least one."""
    return RANDOM_ARMS if cap > 1 else RANDOM_ARMS[:-1]


def _chance_of(shown: Places, arm: str, options: Sequence[Option]) -> float:
    if not shown or arm == "none":
        return float(not shown and arm == "none")
    if arm == "popular_1":
        return float(shown == (most_popular(options),))
    if arm == "random_1":
        return (len(shown) == 1) / len(options)
    return sum(_chance_of_rest(shown, first, options) for first in shown) / len(options)


def _chance_of_rest(shown: Places, first: int, options: Sequence[Option]) -> float:
    """The chance of all of `shown`, given which of them was drawn first."""
    others = _unlike(first, options)
    rest = [place for place in shown if place != first]
    if not others or not rest:
        return float(not others and not rest)
    return (len(rest) == 1 and rest[0] in others) / len(others)


def _unlike(first: int, options: Sequence[Option]) -> list[int]:
    words = options[first].words
    return [n for n, one in enumerate(options) if n != first and not alike(words, one.words)]


def _mixed(number: int) -> int:
    """The finisher of SplitMix64 (Steele et al. 2014)."""
    mixed = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & _ALL_BITS
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & _ALL_BITS
    return mixed ^ (mixed >> 31)
