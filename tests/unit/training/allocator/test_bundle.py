"""Allocators become bundles, and only good ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest

from service.contract.platform_windows import encode
from tests.unit.training.allocator.made import made_ensemble, made_parts, planted
from training.allocator.config import AllocatorArm
from training.export.allocator import allocator_graphs
from training.export.allocator_gates import answers
from training.export.bundle import write_bundle
from training.export.expecting import GateError
from training.export.gates import pass_gates

if TYPE_CHECKING:
    from pathlib import Path

    from training.allocator.bundle import AllocatorParts


@pytest.fixture(scope="module", params=AllocatorArm)
def parts(request: pytest.FixtureRequest) -> AllocatorParts:
    return made_parts(request.param)


def test_a_bundle_with_any_weights_passes_its_gates(parts: AllocatorParts, tmp_path: Path) -> None:
    manifest = write_bundle(tmp_path / "v7", parts)
    assert (manifest.name, manifest.version, manifest.encoding) == ("allocator", "v7", None)
    found = {path.name for path in (tmp_path / "v7").iterdir()}
    assert found == {"response.onnx", "golden.json", "CARD.md", "manifest.json"}
    pass_gates(tmp_path / "v7")


@pytest.mark.parametrize("arm", AllocatorArm)
def test_the_graph_says_what_the_network_says(arm: AllocatorArm) -> None:
    model = made_ensemble(arm, members=3)
    (graph,) = allocator_graphs(model, arm).values()
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    days = planted([0.3, 3.0, 30.0], days=70, level=40_000, spread=1.5)
    days.known[1, ::4] = False
    days.totals[2, 50:, 0] = 0
    for goal in ("clicks", "conversions"):
        tensors = encode(days, goal).tensors
        found, expected = answers(session, tensors), model(tensors)
        assert ("bend" in found) == (arm is AllocatorArm.CNN)
        for name, values in found.items():
            said = np.asarray(getattr(expected, name))
            said = said[:, 0] if name == "level" else said
            assert values == pytest.approx(said, rel=1e-5, abs=1e-5), name


def test_golden_rows_are_common_and_odd(parts: AllocatorParts) -> None:
    levels = np.concatenate([row.expected["level"] for row in parts.golden])
    assert levels.std() > 0.05
    assert any(not row.known.any() for row in parts.golden)
    assert any(row.known.any() and not row.totals[..., 0].any() for row in parts.golden)
    assert any(len(row.known) == 1 for row in parts.golden)


@pytest.mark.parametrize("name", ["level", "sd", "dispersion"])
def test_a_wrong_golden_row_stops_the_bundle(
    parts: AllocatorParts, name: str, tmp_path: Path
) -> None:
    row = parts.golden[2]
    wrong = {**row.expected, name: row.expected[name] + 3e-5}
    golden = [*parts.golden[:2], replace(row, expected=wrong), *parts.golden[3:]]
    with pytest.raises(GateError, match=f"golden row 2: found '{name} is"):
        write_bundle(tmp_path / "1", replace(parts, golden=golden))
    assert list(tmp_path.iterdir()) == []


def test_another_encoding_is_found(
    parts: AllocatorParts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bundle(tmp_path / "1", parts)
    monkeypatch.setattr("service.contract.platform_windows._COUNTS", 5.0)
    with pytest.raises(GateError, match="fingerprint"):
        pass_gates(tmp_path / "1")


def test_the_card_says_what_it_is_and_is_not(parts: AllocatorParts) -> None:
    assert "| platforms | 3 |" in parts.card
    assert "| clicks_error | 0.2000 |" in parts.card
    assert "## Limits" in parts.card
    about = "in proportion" if parts.training.config["arm"] == "p0" else "concave"
    assert about in parts.card.split("## Data", maxsplit=1)[0]
