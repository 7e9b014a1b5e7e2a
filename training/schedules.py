"""In which order two tasks are learnt: in turn, one before the other, or both at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from training.config import ScheduleName

if TYPE_CHECKING:
    from service.contract.arrays import LongArray
    from training.config import SellingPointConfig
    from training.learn_selling_points import SellingPointData

MAIN: Final = 0
AUXILIARY: Final = 1
BOTH: Final = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """How many requests a step of each task holds, and how many steps each takes."""

    main_size: int
    auxiliary_size: int
    main_steps: int
    auxiliary_steps: int

    @classmethod
    def of(cls, data: SellingPointData, config: SellingPointConfig, *, both: bool) -> Plan:
        """Count steps so that k ad rows are learnt for each row of feature words.

        Unless k is set it follows from the share of the ads' log passed in each pass of the
        feature words'; a share of 1 is the paper's k = |S_C| / |S_SF|. Joint steps hold as many
        ads as that takes.
        """
        main, ads = data.main_requests, data.auxiliary_requests
        main_size = min(config.main_requests, len(main))
        steps = max(1, round(config.passes * len(main) / main_size))
        wanted = config.passes * config.auxiliary_share * len(ads)
        if config.k is not None:
            rows = config.passes * data.main.requests.real[main].sum()
            wanted = config.k * rows / data.auxiliary.requests.real[ads].mean(axis=0).sum()
        wanted *= both
        if config.schedule == ScheduleName.JOINT:
            size = min(max(1, round(wanted / steps)), len(ads))
            return cls(main_size, size, steps, steps if wanted else 0)
        size = min(config.auxiliary_requests, len(ads))
        return cls(main_size, size, steps, round(wanted / size))


def order_of(
    schedule: ScheduleName, main: int, auxiliary: int, rng: np.random.Generator
) -> LongArray:
    """Return which task each step learns, from how many steps each has.

    alternate: each step is of the main task with probability 1 / (1 + k), of the auxiliary one
    with k / (1 + k), k = auxiliary / main; without replacement, so that no seed starves a task.
    pretrain: all of the auxiliary task, then all of the main one from those weights.
    joint: `main` steps of the sum of both losses. Source: Hou et al. 2025, algorithm 1.
    """
    if schedule == ScheduleName.JOINT and auxiliary:
        return np.full(main, BOTH)
    tasks = np.repeat([AUXILIARY, MAIN], [auxiliary, main])
    return rng.permutation(tasks) if schedule == ScheduleName.ALTERNATE else tasks
