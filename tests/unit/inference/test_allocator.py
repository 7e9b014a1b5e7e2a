"""An allocator is opened whole or not at all, and says what platforms answer to spend."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.commands.models import verify
from service.contract.platform_days import DayRow, PlatformDays, platform_days
from service.decision.allocation import Bounds, allocate
from service.decision.responses import Goal
from service.errors import BadBundleError
from service.inference.allocator import newest_allocator, open_allocator
from service.inference.bundle import open_bundle
from tests.unit.inference.made_allocators import (
    RATE,
    SD,
    golden_of,
    graph_of,
    made_allocator,
    outputs_of,
)

DAY = date(2026, 6, 1)
UNIT = 1_000_000
SHIPPED = Path("models/allocator/1")


def days(**spend_and_clicks: tuple[float, int]) -> PlatformDays:
    return platform_days(
        DayRow(DAY, name, round(spend * UNIT), 10 * clicks, clicks, 0)
        for name, (spend, clicks) in spend_and_clicks.items()
    )


def test_a_curve_goes_through_the_usual_day(tmp_path: Path) -> None:
    model = open_allocator(made_allocator(tmp_path / "1"))
    curves = model.responses(days(web=(100, 100_000), app=(50, 50_000)), Goal.CLICKS)
    # level 0: the usual clicks at the usual spend; at twice that ln(1 + 8) / ln(1 + 4) as many
    assert curves.value([50 * UNIT, 100 * UNIT]) == pytest.approx([50_000, 100_000])
    more = np.log1p(2 * RATE) / np.log1p(RATE)
    assert curves.value([100 * UNIT, 200 * UNIT]) == pytest.approx([50_000 * more, 100_000 * more])
    assert curves.sd == pytest.approx(np.sqrt(np.expm1(SD**2)))
    assert model.name.startswith("allocator@1:")
    assert model.answers_to_spend


def test_without_an_answer_to_spend_shares_are_in_proportion(tmp_path: Path) -> None:
    model = open_allocator(made_allocator(tmp_path / "1", bends=False))
    history = days(app=(50, 10_000), tv=(900, 20_000), web=(10, 70_000))
    assert not model.answers_to_spend
    curves = model.responses(history, Goal.CLICKS)
    budget = 1_000 * UNIT
    bounds = Bounds(np.zeros(3, np.int64), np.full(3, budget))
    spend = allocate(curves, bounds, budget).spend
    foretold = np.array([10_000, 20_000, 70_000])
    assert spend / budget == pytest.approx(foretold / foretold.sum(), abs=1e-3)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"fingerprint": "0" * 64}, "fingerprint gate: histories are encoded"),
        ({"response.onnx": b"no graph"}, "graph gate: response"),
        ({"response.onnx": graph_of(level=0.0)}, r"graph gate: response gives \('level',\)"),
        (
            {"response.onnx": graph_of(**outputs_of() | {"level": float("nan")})},
            "batch shape gate: level",
        ),
        ({"response.onnx": graph_of(**outputs_of() | {"sd": 0.0})}, "batch shape gate: sd"),
        ({"response.onnx": graph_of(**outputs_of() | {"bend": 1.5})}, "golden gate: row 0: bend"),
        ({"golden.json": golden_of(outputs_of() | {"sd": SD + 2e-5})}, "golden gate: row 0: sd"),
        ({"golden.json": b"[]"}, "golden gate: golden rows"),
        ({"golden.json": golden_of(outputs_of(bends=False))}, "golden gate: row 0: outputs"),
    ],
)
def test_every_gate_refuses(changed: dict[str, Any], said: str, tmp_path: Path) -> None:
    folder = made_allocator(tmp_path / "1", **changed)
    with pytest.raises(BadBundleError, match=said):
        open_allocator(folder)
    assert said.split(":", maxsplit=1)[0] in str(verify(folder).error)


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    folder = made_allocator(tmp_path / "1")
    assert verify(folder).error is None
    with (folder / "response.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(BadBundleError, match=r"files gate: response\.onnx has"):
        open_allocator(folder)
    assert "manifest gate" in str(verify(tmp_path / "nothing").error)


def test_kinds_are_not_mistaken(ranker: Path, tmp_path: Path) -> None:
    with pytest.raises(BadBundleError, match="a ranker bundle is no allocator"):
        open_allocator(ranker)
    with pytest.raises(BadBundleError, match="a bundle of kind allocator reads no text"):
        open_bundle(made_allocator(tmp_path / "1"))


def test_the_newest_good_one_is_taken(tmp_path: Path) -> None:
    assert newest_allocator(tmp_path) is None
    for version in ("2", "10", "9"):
        made_allocator(tmp_path / "allocator" / version, version=version)
    (tmp_path / "allocator" / "10" / "golden.json").write_bytes(b"")
    newest = newest_allocator(tmp_path)
    assert newest is not None
    assert newest.manifest.version == "9"
    shutil.rmtree(tmp_path / "allocator" / "9")
    shutil.rmtree(tmp_path / "allocator" / "2")
    assert newest_allocator(tmp_path) is None


def test_the_shipped_one_is_good_and_knows_twice_the_spend_brings_less_than_twice() -> None:
    model = open_allocator(SHIPPED)
    history = platform_days(
        DayRow(date.fromordinal(DAY.toordinal() + day), name, spend * UNIT, 2_000, clicks, 9)
        for day in range(30)
        for name, spend, clicks in (("web", 100 + day % 5, 200), ("app", 300, 90))
    )
    curves = model.responses(history, Goal.CLICKS)
    at_usual = curves.value([300 * UNIT, 102 * UNIT])
    assert at_usual == pytest.approx([90, 200], rel=0.15)
    ratio = curves.value([600 * UNIT, 204 * UNIT]) / at_usual
    assert ((ratio > 1.05) & (ratio < 2)).all()
