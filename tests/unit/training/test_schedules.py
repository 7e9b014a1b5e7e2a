from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from training.config import ArmName, ScheduleName, SellingPointConfig
from training.schedules import AUXILIARY, BOTH, MAIN, Plan, order_of


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


def test_a_schedule_read_back_from_a_file_is_the_same() -> None:
    written: Any = "joint"
    assert _order(written, 3, 7) == [BOTH] * 3
    assert _plan(k=2.0, schedule=written) == _plan(k=2.0, schedule=ScheduleName.JOINT)


@pytest.mark.parametrize("schedule", ScheduleName)
def test_one_task_alone_needs_no_turns(schedule: ScheduleName) -> None:
    assert _order(schedule, 4, 0) == [MAIN] * 4


def _plan(*, both: bool = True, **changes: Any) -> Plan:
    """100 page views of 6 feature words, 1000 of 4 ads; both passed twice."""
    words, ads = (
        SimpleNamespace(requests=SimpleNamespace(real=np.ones(shape, bool)))
        for shape in ((100, 6), (1000, 4))
    )
    data: Any = SimpleNamespace(
        main=words,
        auxiliary=ads,
        main_requests=np.arange(100),
        auxiliary_requests=np.arange(1000),
    )
    sizes = {"main_requests": 50, "auxiliary_requests": 100, "passes": 2.0}
    return Plan.of(data, SellingPointConfig.of(ArmName.MTDL, **{**sizes, **changes}), both=both)


def test_k_counts_ad_rows_for_each_row_of_feature_words() -> None:
    # two passes of 600 rows at k = 2 are 2400 ad rows, 600 page views, 6 steps of 100
    assert _plan(k=2.0) == Plan(50, 100, main_steps=4, auxiliary_steps=6)
    assert _plan(k=0.0).auxiliary_steps == 0


def test_a_share_of_one_passes_both_logs_equally_often() -> None:
    assert _plan(auxiliary_share=1.0) == Plan(50, 100, main_steps=4, auxiliary_steps=20)


def test_joint_steps_hold_as_many_ads_as_k_asks_for() -> None:
    assert _plan(k=2.0, schedule=ScheduleName.JOINT) == Plan(50, 150, 4, 4)


def test_one_task_alone_gets_no_steps_of_the_other() -> None:
    assert _plan(both=False, k=2.0).auxiliary_steps == 0
