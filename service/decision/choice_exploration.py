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
from service.decision.choice_options import alike

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.choice_options import Among, Option

_ALL_BITS = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15
_SIDES = 1 << 16  # of a lot; one number has four
_ARM_BITS, _FIRST_BITS = 8, 28  # of a drawn number, for the arm and for the first phrase


class Lots(NamedTuple):
    """The lots of one request, each 0..65535: those under `losing` are explored."""

    losing: int
    share: float  # explored, as exactly as lots can draw it
    slots: Sequence[int]
    seed: int


class Drawn(NamedTuple):
    """What chance shows: an arm by name, and its options."""

    arm: str
    options: tuple[Option, ...]


def cast_lots(share: float, seed: int, slots: int) -> Lots:
    """Cast a lot for each of so many titles; the same seed casts the same."""
    losing = int(share * _SIDES)
    drawn: list[int] = []
    for block in range(1, (slots + 3) // 4 + 1):
        lot = _mixed(seed + block * _GAMMA & _ALL_BITS)
        drawn += (lot % _SIDES, (lot >> 16) % _SIDES, (lot >> 32) % _SIDES, lot >> 48)
    return Lots(losing, losing / _SIDES, drawn, seed)


def explore(
    decided: Choice, among: Among, scores: Sequence[float], cap: int, lots: Lots, slot: int
) -> Choice:
    """What is decided with its propensity, or what is drawn where the lot of its slot loses.

    A product with locked points, which stand first, is not explored.
    """
    options, kept = among.options, 1.0 - lots.share
    if not options or options[0].locked:
        return decided
    if lots.slots[slot] >= lots.losing:
        key = (cap, *[option.point for option, _ in decided.picked])
        by_lot = among.chances.get(key)
        if by_lot is None:
            shown = [option for option, _ in decided.picked]
            by_lot = among.chances[key] = chance(shown, among, cap)
        return Choice(decided.picked, decided.reason, kept + lots.share * by_lot)
    arm, drawn = draw(among, cap, _mixed(lots.seed ^ (slot + 1) * _GAMMA & _ALL_BITS))
    propensity = lots.share * chance(drawn, among, cap)
    if {one.point for one in drawn} == {option.point for option, _ in decided.picked}:
        propensity += kept
    picked = sorted(zip(drawn, _scores_of(drawn, options, scores), strict=True), key=_worst_last)
    return Choice(tuple(picked), EXPLORED if picked else PLAIN, propensity, arm)


def draw(among: Among, cap: int, number: int) -> Drawn:
    """What a title shows that `number`, of 64 bits, draws."""
    arms = arms_within(cap)
    arm = arms[number % (1 << _ARM_BITS) % len(arms)]
    if arm == "none":
        return Drawn(arm, ())
    if arm == "popular_1":
        return Drawn(arm, (among.popular,))
    first = among.options[(number >> _ARM_BITS) % len(among.options)]
    others = among.unlike(first) if arm == "random_2" else []
    second = others[(number >> _FIRST_BITS) % len(others)] if others else None
    return Drawn(arm, (first, second) if second else (first,))


def chance(shown: Sequence[Option], among: Among, cap: int) -> float:
    """The chance that a lot draws just the options `shown`."""
    arms = len(arms_within(cap))
    if not shown:
        return 1.0 / arms
    if len(shown) == 1:
        (one,) = shown
        alone = cap > 1 and not among.unlike(one)
        return ((one is among.popular) + (1 + alone) / len(among.options)) / arms
    if len(shown) > 2 or cap == 1 or alike(shown[0].words, shown[1].words):  # noqa: PLR2004
        return 0.0
    after = sum([1.0 / len(among.unlike(one)) for one in shown])
    return after / len(among.options) / arms


def arms_within(cap: int) -> tuple[str, ...]:
    """The arms that show at most `cap` points, which is at least one."""
    return RANDOM_ARMS if cap > 1 else RANDOM_ARMS[:-1]


def _scores_of(
    shown: Sequence[Option], options: Sequence[Option], scores: Sequence[float]
) -> list[float]:
    by_point = dict(zip([one.point for one in options], scores, strict=True))
    return [by_point[one.point] for one in shown]


def _worst_last(scored: tuple[Option, float]) -> float:
    return -scored[1]


def _mixed(number: int) -> int:
    """The finisher of SplitMix64 (Steele et al. 2014)."""
    mixed = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & _ALL_BITS
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & _ALL_BITS
    return mixed ^ (mixed >> 31)
