"""Allocator bundles whose curves are known, without training: a graph of a few nodes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from service.contract.manifest import (
    GOLDEN_FILE,
    MANIFEST_FILE,
    BundleKind,
    FileEntry,
    Manifest,
    Training,
)
from service.contract.platform_golden import GoldenDays, write_golden_days
from service.contract.platform_windows import FEATURES, GOALS, WINDOW, window_fingerprint

if TYPE_CHECKING:
    from pathlib import Path

RATE, SD, DISPERSION = 4.0, 0.25, 0.05


def graph_of(**outputs: float) -> bytes:
    """Return a graph whose outputs are the same numbers for every platform."""
    history = helper.make_tensor_value_info("history", 1, ["P", WINDOW, len(FEATURES)])
    mask = helper.make_tensor_value_info("mask", 1, ["P", WINDOW])
    days = numpy_helper.from_array(np.array([1]), "days")
    zero = numpy_helper.from_array(np.float32(0), "zero")
    nodes = [
        helper.make_node("ReduceSum", ["mask", "days"], ["known"], keepdims=0),
        helper.make_node("Mul", ["known", "zero"], ["none"]),
    ]
    constants = [days, zero]
    for name, value in outputs.items():
        constants.append(numpy_helper.from_array(np.float32(value), f"{name}_value"))
        nodes.append(helper.make_node("Add", ["none", f"{name}_value"], [name]))
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["P"]) for name in outputs]
    graph = helper.make_graph(nodes, "made", [history, mask], infos, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    data: bytes = model.SerializeToString()
    return data


def outputs_of(*, bends: bool = True) -> dict[str, float]:
    """Return what the made graph answers."""
    plain = {"level": 0.0, "sd": SD, "dispersion": DISPERSION}
    return plain | ({"bend": float(np.log(RATE))} if bends else {})


def golden_of(outputs: dict[str, float]) -> bytes:
    """Return two golden rows of a graph that answers the same to everything."""
    totals = np.arange(24.0).reshape(2, 3, 4)
    expected = {name: np.full(2, np.float32(value), np.float64) for name, value in outputs.items()}
    known = np.ones((2, 3), np.bool_)
    rows = [GoldenDays(goal, totals, known, expected) for goal in GOALS]
    return write_golden_days(rows)


def made_allocator(folder: Path, *, bends: bool = True, **changed: Any) -> Path:
    """Write a bundle; `changed` names files with other bytes, or fields of the manifest."""
    outputs = outputs_of(bends=bends)
    files = {"response.onnx": graph_of(**outputs), GOLDEN_FILE: golden_of(outputs)}
    files |= {name: changed.pop(name) for name in list(changed) if name in files}
    fields: dict[str, Any] = {
        "kind": BundleKind.ALLOCATOR,
        "name": "allocator",
        "version": "1",
        "encoding": None,
        "fingerprint": window_fingerprint(),
        "files": {n: FileEntry(hashlib.sha256(d).hexdigest(), len(d)) for n, d in files.items()},
        "graphs": {"response": "response.onnx"},
        "training": Training(1, {}, {"arm": "cnn"}, {}),
    }
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / MANIFEST_FILE).write_bytes(Manifest(**(fields | changed)).to_json())
    return folder
