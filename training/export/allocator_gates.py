"""The gates of an allocator after checker and hashes; the service repeats them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnxruntime

from service.contract.manifest import GOLDEN_FILE
from service.contract.platform_golden import read_golden_days
from service.contract.platform_windows import (
    FEATURES,
    WINDOW,
    encode_newest,
    window_fingerprint,
)
from training.export.expecting import expect

if TYPE_CHECKING:
    from pathlib import Path

    from service.contract.arrays import FloatArray, Tensors
    from service.contract.manifest import Manifest

SHAPES: Final = (1, 3, 64)


def pass_allocator_gates(folder: Path, manifest: Manifest) -> None:
    """Put an allocator through fingerprint, shapes and golden rows.

    Raises: GateError.
    """
    found = window_fingerprint()
    expect(found == manifest.fingerprint, "fingerprint", found)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        folder / manifest.graphs["response"], options, providers=["CPUExecutionProvider"]
    )
    for platforms in SHAPES:
        days = np.linspace(0.0, 3.0, platforms * WINDOW * len(FEATURES), dtype=np.float32)
        mask = np.tile(np.arange(WINDOW) % 3 > 0, (platforms, 1)).astype(np.float32)
        history = days.reshape(platforms, WINDOW, len(FEATURES))
        for name, values in answers(session, {"history": history, "mask": mask}).items():
            fits = values.shape == (platforms,) and bool(np.isfinite(values).all())
            expect(fits, f"{name} for {platforms} platforms", values.shape)
    for number, row in enumerate(read_golden_days((folder / GOLDEN_FILE).read_bytes())):
        windows = encode_newest(row.totals, row.known, row.goal)
        differs = row.differs(answers(session, windows.tensors))
        expect(differs is None, f"golden row {number}", differs)


def answers(session: Any, tensors: Tensors) -> dict[str, FloatArray]:
    """Return each output of the graph by name."""
    names = [one.name for one in session.get_outputs()]
    return dict(zip(names, session.run(names, tensors), strict=True))
