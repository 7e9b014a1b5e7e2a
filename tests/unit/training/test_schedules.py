from __future__ import annotations

import numpy as np
import pytest

from training.config import ScheduleName
from training.schedules import AUXILIARY, BOTH, MAIN, order_of


def _order(schedule: ScheduleName, main: int, auxiliary: int, seed: int = 0) -> list[int]:
    return list(order_of(schedule, main, auxiliary, np.random.default_rng(seed)))


def test_tasks_in_turn_come_as_one_to_k_from_the_first_steps_on() -> None:
    order = _order(ScheduleName.ALTERNATE, 100, 300)
    assert order.count(MAIN) == 100
    assert order.count(AUXILIARY) == 300
    assert 15 <= order[:100].count(MAIN) <= 35  # one in four, give or take
    assert order != _order(ScheduleName.ALTERNATE, 100, 300, seed=1)


def test_training_before_ends_with_the_main_task() -> None:
    assert _order(ScheduleName.PRETRAIN, 2, 3) == [AUXILIARY] * 3 + [MAIN] * 2


def test_joint_steps_are_as_many_as_the_main_task_has() -> None:
    assert _order(ScheduleName.JOINT, 3, 7) == [BOTH] * 3


@pytest.mark.parametrize("schedule", ScheduleName)
def test_one_task_alone_needs_no_turns(schedule: ScheduleName) -> None:
    assert _order(schedule, 4, 0) == [MAIN] * 4
