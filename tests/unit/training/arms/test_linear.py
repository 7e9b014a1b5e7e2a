from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest

from tests.unit.training.arms.made_arms import ids_of, made_arm, made_batch
from tests.unit.training.made_models import made_encoder
from training.arms.task_weights import AddedWeights, LowRankWeights, SummedWeights
from training.config import ArmName

if TYPE_CHECKING:
    from service.contract.encoder import Encoder

LINEAR = [ArmName.LOWRANK, ArmName.ADDITIVE, ArmName.SUMMED]
GROUPS = ("clicked_words", "clicked_titles", "past_queries", "query_words", "query_head")


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return made_encoder()


def _x(model: Any, batch: dict[str, Any], words: list[int]) -> Any:
    """x = [e_p * e_v for each group ; e_v ; e_p for each group]."""
    vectors = np.asarray(model.table.vectors)
    groups = [vectors[ids].mean(axis=0) for ids in ids_of(batch, GROUPS)]
    thing = vectors[words].mean(axis=0)
    return np.concatenate([*(group * thing for group in groups), thing, *groups])


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("task", [0, 1])
def test_a_task_is_its_weights_times_products_and_parts(
    name: ArmName, task: int, encoder: Encoder
) -> None:
    model, batch = made_arm(name, encoder), made_batch(encoder)
    model.main_place.bias.assign(np.zeros(16))
    model.auxiliary_place.bias.assign(np.zeros(16))
    model.common.kernel.assign(np.zeros(model.common.kernel.shape))
    model.calibration.set_weights([np.float32(1), np.float32(0)])
    w = np.asarray(model.tasks.matrix())[:, task]
    shown = batch["title_words" if task else "phrase_words"][0]
    expected = [
        _x(model, batch, [int(one) for one in ids if one]) @ w + float(model.bias[task])
        for ids in shown
    ]
    found = model.ad_clicks(batch) if task else model(batch)
    assert np.asarray(found)[0] == pytest.approx(expected, abs=1e-5)


def test_low_rank_weights_are_own_plus_shared_directions() -> None:
    layer = LowRankWeights(3, 2, rank=1)
    layer.own.assign([[1.0, 0.0], [0.0, 0.0], [0.0, 2.0]])
    layer.shared.assign([[1.0, 2.0, 3.0]])
    layer.of_task.assign([[10.0, -1.0]])
    assert np.asarray(layer.matrix()).tolist() == [[11.0, -1.0], [20.0, -2.0], [30.0, -1.0]]
    assert float(sum(layer.losses)) == pytest.approx(0.003 * (1 + 4))


def test_added_weights_pay_by_weight_and_by_feature() -> None:
    layer = AddedWeights(2, 2)
    layer.own.assign([[1.0, 0.0], [0.0, -2.0]])
    layer.shared.assign([[3.0, 4.0], [0.0, 0.0]])
    assert np.asarray(layer.matrix()).tolist() == [[4.0, 4.0], [0.0, -2.0]]
    # |1| + |-2| = 3 by weight, |(3, 4)| = 5 by feature
    assert float(sum(layer.losses)) == pytest.approx(0.0003 * (3 + 5), rel=1e-4)


def test_summed_weights_pay_for_tasks_apart_and_less_at_each_level() -> None:
    layer = SummedWeights(2, 2, levels=2)
    layer.levels.assign([[[3.0, 0.0], [4.0, 0.0]], [[0.0, 6.0], [0.0, 8.0]]])
    assert np.asarray(layer.matrix()).tolist() == [[3.0, 6.0], [4.0, 8.0]]
    # the tasks are 5 apart at the first level, 10 at the second, which costs a third
    assert float(sum(layer.losses)) == pytest.approx(0.01 * (5 + 10 / 3), rel=1e-4)


@pytest.mark.parametrize("name", LINEAR)
def test_words_of_a_linear_arm_stay_as_the_catalogue_has_them(
    name: ArmName, encoder: Encoder
) -> None:
    model = made_arm(name, encoder)
    assert model.table.trainable_variables == []
    assert isinstance(model, keras.Model)
