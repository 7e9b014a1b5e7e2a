"""Our graph of the allocator says what TensorFlow's own converter says of the same networks."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

from service.contract.platform_windows import encode
from tests.unit.training.allocator.made import made_ensemble, planted
from training.allocator.config import AllocatorArm
from training.export.allocator import allocator_graphs
from training.export.allocator_gates import answers

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it speaks of numpy names that are gone
    import tf2onnx


@pytest.mark.parametrize("arm", AllocatorArm)
def test_the_allocator(arm: AllocatorArm) -> None:
    model = made_ensemble(arm)
    days = planted([0.2, 2.0, 20.0, 2.0], days=60, spread=1.0)
    days.known[3] = False
    tensors = encode(days, "clicks").tensors

    def forward(history: Any, mask: Any) -> list[Any]:
        said = model({"history": history, "mask": mask})
        bends = [] if said.bend is None else [said.bend]
        return [said.level[:, 0], said.sd, said.dispersion, *bends]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        converted, _ = tf2onnx.convert.from_function(
            tf.function(forward),
            input_signature=[
                tf.TensorSpec(one.shape, one.dtype, name=name) for name, one in tensors.items()
            ],
            opset=18,
        )
    session = onnxruntime.InferenceSession(converted.SerializeToString())
    theirs = session.run(None, tensors)
    (graph,) = allocator_graphs(model, arm).values()
    ours = answers(onnxruntime.InferenceSession(graph.SerializeToString()), tensors)
    assert len(ours) == len(theirs)
    for (name, values), expected in zip(ours.items(), theirs, strict=True):
        assert values == pytest.approx(expected, rel=1e-5, abs=1e-5), name
        assert np.ptp(values) > 1e-3, name  # platforms differ
