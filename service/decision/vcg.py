"""What a winner's being there costs the others: the price of Vickrey, Clarke and Groves."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from service.decision.terms import PPM

if TYPE_CHECKING:
    from collections.abc import Sequence


def exposures(exposure_ppm: Sequence[int], slots: int) -> list[int]:
    """How many of a million shoppers look at each of `slots`, from the top.

    Slots past those given are seen as often as the last of them; all alike where none is given.
    """
    given = [*exposure_ppm] or [PPM]
    return (given + given[-1:] * slots)[:slots]


def vcg_price(rate: int, seen: Sequence[int], nexts: Sequence[int], floor: int) -> int:
    """What a click costs the winner of a slot: what its being there costs all others, rounded up.

        price_i = ceil(sum over j = i..S-1 of (e_j - e_{j+1}) * max(next_j, floor_i)
                       / (e_i * rate_i))                                             e_S = 0

    Without the winner everybody below would move up: next_j, the value that stands below slot j,
    would be seen by e_j instead of e_{j+1}. `floor` is the value at which it would be there no
    more. So it has no cause to bid anything but what a click is worth to it, within a micro.
    `seen` and `nexts` begin at its slot: (S - i) exposures, and values below, 0 where nobody is.

    See Varian and Harris, The VCG Auction in Theory and Practice, 2014.
    """
    steps = (upper - lower for upper, lower in pairwise([*seen, 0]))
    values = [*nexts, *[0] * (len(seen) - len(nexts))]
    cost = sum(step * max(value, floor) for step, value in zip(steps, values, strict=True))
    return -(-cost // (seen[0] * rate))
