"""The lots that a campaign's plans of a day are drawn by: the same whoever asks, and how often."""

from __future__ import annotations

from hashlib import blake2b
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

from service.contract.platform_days import MOST_PLATFORMS

if TYPE_CHECKING:
    from datetime import date  # noqa: TID251 - the day planned, as a value

_BYTES: Final = 8  # a lot
_NORMAL: Final = NormalDist()


def lots_of(campaign_id: str, day: date) -> tuple[float, ...]:
    """Return standard normal numbers, one for each platform that there may be.

    A preview, the plan that is then applied, and the next one of the same day draw the same, so
    that a budget does not wander through the day.
    """
    return tuple(
        _NORMAL.inv_cdf(_uniform(f"{campaign_id}/{day}/{place}"))
        for place in range(MOST_PLATFORMS)
    )


def _uniform(told: str) -> float:
    """A number between 0 and 1, both left out."""
    drawn = int.from_bytes(blake2b(told.encode(), digest_size=_BYTES).digest(), "little")
    return ((drawn >> 12) + 0.5) / (1 << (8 * _BYTES - 12))
