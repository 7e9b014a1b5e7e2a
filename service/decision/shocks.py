"""When a platform answers to spend otherwise than expected: change detection on counts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """Which way engagement went."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Shock:
    """A platform that brings more or less than expected, by more than chance explains.

    since: the step at which it began, most likely; seen: the step at which it was told from
    chance; ratio: observed by expected from `since` on; statistic: log likelihood ratio of the
    change against none.
    """

    platform: str
    direction: Direction
    since: int
    seen: int
    ratio: float
    statistic: float
