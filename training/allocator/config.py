"""The settings of the allocator's training; they go into the bundle's manifest as they are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AllocatorArm(StrEnum):
    """Which model: one that answers to spend, or the paper's, which does not."""

    CNN = "cnn"
    P0 = "p0"


@dataclass(frozen=True, slots=True)
class AllocatorConfig:
    """How the allocator is built and fitted."""

    arm: AllocatorArm = AllocatorArm.CNN
    seed: int = 0
    channels: int = 24  # of each convolution over time
    width: int = 5  # days that a convolution sees
    hidden: int = 48
    members: int = 3  # networks whose answers are averaged
    horizon: int = 3  # days ahead that are learnt; they share what is not known of the level
    ageing: float = 0.06  # a day, of what the level is taken from, where learning starts
    middle: float = 1.0  # of the prior of ln(rate), where learning starts
    rate: float = 4e-3
    decay: float = 1e-4  # of squared kernels, where rows are many
    batch: int = 512  # windows a step
    passes: float = 5.0
    least_steps: int = 400
    most_steps: int = 1_500
    cut: float = 0.3  # share of windows whose older days are taken away
    thinned: float = 0.5  # share of platforms whose counts are thinned
    held_out: float = 0.15  # of the days, the newest
    power: float = 0.3  # of a platform's counts, by which its rows weigh
