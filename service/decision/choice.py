"""What a title shows and on what grounds: the ladder from personal over prior to plain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from service.contract.uplift import Lift, Uplift
    from service.decision.choice_options import Option

    Picked = tuple[tuple[Option, float], ...]

PERSONAL: Final = "personal"  # what this shopper did was asked about
PRIOR: Final = "prior"  # what anybody likes here
COMMON: Final = "common"  # what most products say, whoever asks for whatever
PLAIN: Final = "plain"  # nothing is worth saying
EXPLORED: Final = "explored"  # a lot drew it


class Choice(NamedTuple):
    """What one winner shows: options with their scores, best first, and on what grounds.

    `propensity` is the chance that the title shows just these; `arm` names what a lot drew.
    """

    picked: Picked
    reason: str
    propensity: float = 1.0
    arm: str | None = None


NOTHING: Final = Choice((), PLAIN)


class Rung(NamedTuple):
    """Where a request stands on the ladder.

    On the rung `PERSONAL` the model is asked about the shopper, on `PRIOR` about a stranger, on
    `COMMON` and `PLAIN` not at all. Lower bounds of the lift decide; without one, the mean of the
    scores.
    """

    reason: str
    lift: Lift | None = None


def ladder(uplift: Uplift | None, *, known: bool) -> Rung:
    """The highest rung that holds for a shopper of whom something is `known`, or nothing."""
    if uplift is None:
        return Rung(PERSONAL if known else PRIOR)
    if known and uplift.personal.is_claimed:
        return Rung(PERSONAL, uplift.personal)
    return Rung(PRIOR, uplift.prior) if uplift.prior.is_claimed else Rung(PLAIN)
