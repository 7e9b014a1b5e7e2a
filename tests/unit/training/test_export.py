from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest

from service.contract.manifest import TEXT_KINDS, BundleKind, Training
from tests.unit.training.made_models import (
    made_encoder,
    made_ranker,
    made_rows,
    made_selling_points,
)
from training.card import write_card
from training.export.bundle import Parts, check_place, write_bundle
from training.export.expecting import GateError
from training.export.gates import pass_gates
from training.export.golden import ranker_answers, selling_point_answers
from training.export.graph import FLOAT, GraphBuilder
from training.export.ranker import ranker_graphs
from training.export.salient import salient_graphs
from training.logs import TrainingDataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from service.contract.encoder import Encoder


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return made_encoder()


def _parts(kind: BundleKind, encoder: Encoder) -> Parts:
    model: Any
    answers: Callable[..., dict[str, float]]
    if kind is BundleKind.RANKER:
        model, answers = made_ranker(encoder), ranker_answers
        graphs = ranker_graphs(model, encoder.encoding)
    else:
        model, answers = made_selling_points(encoder), selling_point_answers
        graphs = salient_graphs(model, encoder.encoding)
    golden = [replace(row, expected=answers(model, encoder, row)) for row in made_rows()]
    training = Training(3, {"clicks": "0" * 64}, {"dim": 8}, {"auc": 0.5})
    card = write_card(kind, training, {"products": 24})
    return Parts(kind, encoder, graphs, golden, training, card)


@pytest.fixture(scope="module", params=TEXT_KINDS)
def parts(request: pytest.FixtureRequest, encoder: Encoder) -> Parts:
    return _parts(request.param, encoder)


def test_a_bundle_with_any_weights_passes_its_gates(parts: Parts, tmp_path: Path) -> None:
    manifest = write_bundle(tmp_path / "v7", parts)
    assert (manifest.name, manifest.version) == (str(parts.kind), "v7")
    assert {path.name for path in tmp_path.iterdir()} == {"v7"}
    assert {path.name for path in (tmp_path / "v7").iterdir()} == {
        *manifest.files,
        "manifest.json",
    }


def test_golden_rows_are_not_all_alike(parts: Parts) -> None:
    answers = np.array([row.expected["p_click"] for row in parts.golden])
    assert answers.std() > 0.01
    assert any(row.query == "" for row in parts.golden)
    assert any(not row.history.titles for row in parts.golden)
    assert any(len(row.history.titles) == 50 for row in parts.golden)


def test_a_bundle_replaces_an_earlier_one_and_nothing_else(parts: Parts, tmp_path: Path) -> None:
    write_bundle(tmp_path / "1", parts)
    check_place(tmp_path / "1")
    write_bundle(tmp_path / "1", parts)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").touch()
    (tmp_path / "file").touch()
    for place, found in (("other", "no bundle"), ("file", "no folder"), ("a b", "cannot name")):
        with pytest.raises(TrainingDataError, match=found):
            check_place(tmp_path / place)


def test_a_wrong_golden_row_stops_the_bundle_and_leaves_the_old(
    parts: Parts, tmp_path: Path
) -> None:
    write_bundle(tmp_path / "1", parts)
    before = (tmp_path / "1" / "manifest.json").read_bytes()
    wrong = {**parts.golden[3].expected, "p_click": parts.golden[3].expected["p_click"] + 2e-5}
    golden = [*parts.golden[:3], replace(parts.golden[3], expected=wrong), *parts.golden[4:]]
    with pytest.raises(GateError, match="golden row 3: p_click"):
        write_bundle(tmp_path / "1", replace(parts, golden=golden))
    assert (tmp_path / "1" / "manifest.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


def test_a_changed_file_is_found(parts: Parts, tmp_path: Path) -> None:
    write_bundle(tmp_path / "1", parts)
    with (tmp_path / "1" / "head.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(GateError, match=r"SHA-256 of head\.onnx"):
        pass_gates(tmp_path / "1")


def test_another_vocabulary_is_found(parts: Parts, tmp_path: Path) -> None:
    other = made_encoder()
    terms = list(other.vocabulary.terms)
    other.vocabulary = type(other.vocabulary)(
        terms[::-1], other.vocabulary.document_counts[::-1], other.vocabulary.documents
    )
    with pytest.raises(GateError, match="fingerprint"):
        write_bundle(tmp_path / "1", replace(parts, encoder=other))


def test_vectors_are_as_wide_as_declared(encoder: Encoder) -> None:
    graphs = ranker_graphs(made_ranker(encoder), encoder.encoding)
    widths = {
        role: graphs[role].graph.output[0].type.tensor_type.shape.dim[1].dim_value
        for role in ("context", "item", "phrase")
    }
    assert widths == {"context": 12 + 2 * 8, "item": 12 + 8, "phrase": 8 + 1}


def test_the_builder_refuses_a_graph_that_is_none() -> None:
    graph = GraphBuilder("broken")
    graph.input("x", FLOAT, ["N", 3])
    wrong = graph.op("MatMul", "x", np.ones((4, 2)))
    graph.output(wrong, "y", ["N", 2])
    with pytest.raises(onnx.shape_inference.InferenceError):
        graph.build()


def test_the_card_shows_data_metrics_and_settings(parts: Parts) -> None:
    assert "| auc | 0.5000 |" in parts.card
    assert "| clicks | " + "0" * 64 in parts.card
    assert "| seed | 3 |" in parts.card
    assert "| products | 24 |" in parts.card
    assert json.dumps(parts.training.config) == '{"dim": 8}'
