"""A small builder of ONNX graphs: one call a node, arrays become constants by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

OPSET: Final = 18
_IR_VERSION: Final = 10

FLOAT: Final = TensorProto.FLOAT
DOUBLE: Final = TensorProto.DOUBLE
INT32: Final = TensorProto.INT32
INT64: Final = TensorProto.INT64

Shape = "Sequence[str | int]"


class GraphBuilder:
    """Collects nodes; values are known by the names that `op`, `input` and `constant` return."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def input(self, name: str, kind: int, shape: Sequence[str | int]) -> str:
        """Declare an input; letters in its shape are free sizes."""
        self._inputs.append(helper.make_tensor_value_info(name, kind, list(shape)))
        return name

    def constant(self, value: NDArray[Any] | Sequence[int] | float) -> str:
        """Add a constant: whole numbers as int64, all else as float32."""
        array = np.asarray(value)
        whole = array.dtype.kind in "iu"
        array = array.astype(np.int64 if whole else np.float32)
        name = f"constant_{len(self._constants)}"
        self._constants[name] = numpy_helper.from_array(array, name)
        return name

    def op(self, kind: str, *inputs: str | NDArray[Any] | float, **attributes: Any) -> str:
        """Add a node of one output; inputs that are no names become constants."""
        return self.ops(kind, 1, *inputs, **attributes)[0]

    def ops(
        self, kind: str, count: int, *inputs: str | NDArray[Any] | float, **attributes: Any
    ) -> list[str]:
        """Add a node of `count` outputs."""
        number = len(self._nodes)
        names = [one if isinstance(one, str) else self.constant(one) for one in inputs]
        outputs = [f"{kind.lower()}_{number}_{k}" for k in range(count)]
        self._nodes.append(helper.make_node(kind, names, outputs, **attributes))
        return outputs

    def output(self, value: str, name: str, shape: Sequence[str | int]) -> None:
        """Give a value out under a name."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, FLOAT, list(shape)))

    def build(self) -> onnx.ModelProto:
        """Return the graph as a model that passed ONNX's full check."""
        graph = helper.make_graph(
            self._nodes, self._name, self._inputs, self._outputs, list(self._constants.values())
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = _IR_VERSION
        model.producer_name = "salient"
        onnx.checker.check_model(model, full_check=True)
        return model
