"""One ONNX graph in one onnxruntime session of one thread."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnxruntime

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray

_FATAL: Final = 4
_TYPES: Final[dict[str, type[np.generic]]] = {
    "tensor(float)": np.float32,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}


@cache
def _share_memory() -> None:
    """Give all graphs one arena: what one wrote to is still in the cache when the next runs."""
    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg(0, -1, -1, -1))


def _options() -> onnxruntime.SessionOptions:
    """One thread: a second one tripled the CPU time of graphs this small."""
    _share_memory()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.log_severity_level = _FATAL
    return options


class Graph:
    """Runs one graph. `inputs` maps the names it declares to their numpy types."""

    def __init__(self, path: Path) -> None:
        self._session = onnxruntime.InferenceSession(
            path, sess_options=_options(), providers=["CPUExecutionProvider"]
        )
        declared = self._session.get_inputs()
        unusable = [f"{i.name} {i.type}" for i in declared if i.type not in _TYPES]
        if unusable:
            message = f"inputs of types that are not used here: {unusable}"
            raise TypeError(message)
        self.inputs: dict[str, type[np.generic]] = {i.name: _TYPES[i.type] for i in declared}
        self.outputs: tuple[str, ...] = tuple(o.name for o in self._session.get_outputs())

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[FloatArray]:
        """Run on those of `feeds` that the graph declares; the outputs come in its order.

        Raises: whatever onnxruntime raises; the callers make it an error of the domain.
        """
        wanted = {name: feeds[name] for name in self.inputs}
        outputs: list[FloatArray] = self._session.run(self.outputs, wanted)
        return outputs
