from __future__ import annotations

import numpy as np
import pytest

from tests.unit.training.arms.made_arms import made_arm
from tests.unit.training.made_models import made_encoder
from training.arms.comparing import compare
from training.config import ArmName


def test_a_network_starts_by_telling_likeness_from_unlikeness() -> None:
    """With D = 8: sum_d |u_d + v_d| - |u_d - v_d| over sqrt(8), once as it is, once negated."""
    model = made_arm(ArmName.BM, made_encoder())
    for layer in (model.from_context, model.from_thing, model.second):
        layer.kernel.assign(np.zeros(layer.kernel.shape))
    for layer in (model.from_context, model.second):
        layer.bias.assign(np.zeros(layer.bias.shape))
    compare(model, [0])
    clicked, asked = np.zeros((1, 8), np.float32), np.ones((1, 8), np.float32)
    clicked[0, :3] = (2.0, -1.0, 0.5)
    shown = np.zeros((1, 2, 8), np.float32)
    shown[0, :, :3] = (1.0, -3.0, 0.0), (-1.0, 4.0, 7.0)
    h2 = np.asarray(model.hidden((clicked, asked), shown, False))[0]
    # 2 sign(uv) min(|u|, |v|) by axis: 2 + 2 + 0 = 4, and -2 - 2 + 1 = -3
    assert h2[:, :2] == pytest.approx(np.array([[4.0, 0.0], [0.0, 3.0]]) / 8**0.5, abs=1e-6)
    assert not h2[:, 2:].any()
