from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from service.contract.golden import read_golden, write_golden
from service.contract.manifest import BundleKind
from service.errors import BadBundleError
from service.inference.bundle import open_bundle
from tests.unit.inference.made_bundles import (
    WIDTH,
    Weights,
    _model,
    _tensor,
    edit_manifest,
    head_graph,
    item_graph,
    made_vocabulary,
    write_bundle,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refusal(folder: Path) -> str:
    with pytest.raises(BadBundleError) as refused:
        open_bundle(folder)
    return str(refused.value)


def test_a_good_ranker_opens(ranker: Path) -> None:
    bundle = open_bundle(ranker)
    assert re.fullmatch(r"ranker@1:[0-9a-f]{8}", bundle.model)
    assert bundle.kind is BundleKind.RANKER
    assert bundle.side == "item"
    assert set(bundle.graphs) == {"context", "item", "phrase", "head", "placed"}


def test_a_good_selling_point_model_opens(points: Path) -> None:
    assert open_bundle(points).side == "phrase"


def test_models_with_equal_fingerprints_share_an_encoder(ranker: Path, points: Path) -> None:
    one, other = open_bundle(ranker), open_bundle(points)
    assert one.encoder is other.encoder


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    assert "manifest.json: No such file" in refusal(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["head.onnx", "vocabulary.json", "golden.json", "CARD.md"])
def test_a_missing_file_is_refused(copied: Path, name: str) -> None:
    (copied / name).unlink()
    assert refusal(copied) == f"files gate: missing ['{name}'], not listed []"


def test_an_extra_file_is_refused(copied: Path) -> None:
    (copied / "extra.npy").write_bytes(b"")
    assert "not listed ['extra.npy']" in refusal(copied)


@pytest.mark.parametrize(
    "name", ["context.onnx", "item.onnx", "vocabulary.json", "golden.json", "CARD.md"]
)
def test_one_changed_bit_is_refused(copied: Path, name: str) -> None:
    data = bytearray((copied / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / name).write_bytes(data)
    assert f"SHA-256 of {name} is" in refusal(copied)


def test_a_truncated_file_is_refused(copied: Path) -> None:
    data = (copied / "item.onnx").read_bytes()
    (copied / "item.onnx").write_bytes(data[:-1])
    found = refusal(copied)
    assert found == (
        f"files gate: item.onnx has {len(data) - 1} bytes, the manifest says {len(data)}"
    )


def test_a_link_is_refused(copied: Path, tmp_path: Path) -> None:
    (copied / "item.onnx").rename(tmp_path / "elsewhere")
    (copied / "item.onnx").symlink_to(tmp_path / "elsewhere")
    assert refusal(copied) == "files gate: item.onnx is no plain file"


def test_a_pipe_in_place_of_the_manifest_is_refused_at_once(copied: Path) -> None:
    (copied / "manifest.json").unlink()
    os.mkfifo(copied / "manifest.json")
    assert refusal(copied) == "manifest gate: manifest.json is no plain file"


def test_a_huge_manifest_is_refused_unread(copied: Path) -> None:
    with (copied / "manifest.json").open("wb") as file:
        file.truncate(1 << 40)
    assert "bytes long, more than" in refusal(copied)


@pytest.mark.parametrize("name", ["../head.onnx", "/etc/passwd", "a/b", "..", "", "a\x00b", "é"])
def test_a_file_name_cannot_lead_out_of_the_folder(copied: Path, name: str) -> None:
    files = json.loads((copied / "manifest.json").read_text())["files"]
    edit_manifest(copied, files=files | {name: files["head.onnx"]})
    assert refusal(copied).startswith("manifest gate: files: found")


def test_another_encoding_is_refused(copied: Path) -> None:
    edit_manifest(copied, fingerprint="0" * 64)
    assert refusal(copied).startswith("fingerprint gate: text is encoded as ")


def test_another_width_changes_the_fingerprint(copied: Path) -> None:
    encoding = json.loads((copied / "manifest.json").read_text())["encoding"]
    edit_manifest(copied, encoding=encoding | {"title_words": 23})
    assert refusal(copied).startswith("fingerprint gate")


def test_a_vocabulary_of_another_form_is_refused(
    ranker_files: dict[str, bytes], tmp_path: Path
) -> None:
    folder = write_bundle(tmp_path / "b", BundleKind.RANKER, ranker_files)
    for data in (b"[]", b"{", b'{"documents": 1, "terms": ["a", "a"], "document_counts": [1, 1]}'):
        files = json.loads((folder / "manifest.json").read_text())["files"]
        (folder / "vocabulary.json").write_bytes(data)
        edit_manifest(folder, files=files | {"vocabulary.json": entry(data)})
        assert refusal(folder).startswith("vocabulary gate")


def entry(data: bytes) -> dict[str, Any]:
    import hashlib

    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


@pytest.mark.parametrize("data", [b"", b"no graph", b"\x00" * 500])
def test_what_is_no_graph_is_refused(rebuilt: Callable[..., Path], data: bytes) -> None:
    assert "graph gate: item (item.onnx) does not load" in refusal(rebuilt(item=data))


def weights(**changes: Any) -> Weights:
    return replace(Weights.drawn(made_vocabulary().size, 12), **changes)


def test_a_graph_that_asks_for_more_is_refused(rebuilt: Callable[..., Path]) -> None:
    folder = rebuilt(head=head_graph(weights(), "item", placed=True))
    assert "graph gate: head asks for {'slot': 'int64', 'shown'" not in refusal(folder)
    folder = rebuilt(item=head_graph(weights(), "item", placed=False))
    assert "graph gate: item asks for {'context': 'float32'" in refusal(folder)


def test_a_graph_of_another_type_is_refused(rebuilt: Callable[..., Path]) -> None:
    node = helper.make_node("Identity", ["match"], ["p_click"])
    doubles = _model(
        [node],
        [_tensor("match", TensorProto.DOUBLE, ["N"])],
        [_tensor("p_click", TensorProto.DOUBLE, ["N"])],
        {},
    )
    assert "inputs of types that are not used here" in refusal(rebuilt(head=doubles))


def test_a_head_without_conversion_is_no_ranker(rebuilt: Callable[..., Path]) -> None:
    found = refusal(rebuilt(head=head_graph(weights(), "phrase", placed=False)))
    assert found.startswith("graph gate: head asks for {'phrase'")
    node = helper.make_node("ReduceMax", ["match", "one"], ["p_click"], keepdims=0)
    only_clicks = _model(
        [node],
        [_tensor("match", TensorProto.FLOAT, ["N", 12])],
        [_tensor("p_click", TensorProto.FLOAT, ["N"])],
        {"one": np.array([1])},
    )
    found = refusal(rebuilt(head=only_clicks))
    assert found == ("graph gate: head gives ('p_click',), expected ('p_click', 'p_conversion')")


def test_a_graph_for_one_row_only_is_refused(rebuilt: Callable[..., Path]) -> None:
    fixed = _model(
        [
            helper.make_node("Gather", ["table", "title_words"], ["t3"]),
            helper.make_node("ReduceSum", ["t3", "one"], ["t"], keepdims=0),
            helper.make_node("Reshape", ["t", "shape"], ["item"]),
        ],
        [_tensor("title_words", TensorProto.INT32, ["N", 16])],
        [_tensor("item", TensorProto.FLOAT, ["M", WIDTH])],
        {"table": weights().table, "one": np.array([1]), "shape": np.array([1, WIDTH])},
    )
    assert refusal(rebuilt(item=fixed)).startswith("batch shape gate")


def test_a_graph_that_loses_rows_is_refused(rebuilt: Callable[..., Path]) -> None:
    first = _model(
        [
            helper.make_node("Gather", ["table", "title_words"], ["t3"]),
            helper.make_node("ReduceSum", ["t3", "one"], ["t"], keepdims=0),
            helper.make_node("ReduceMax", ["t", "zero"], ["item"], keepdims=1),
        ],
        [_tensor("title_words", TensorProto.INT32, ["N", 16])],
        [_tensor("item", TensorProto.FLOAT, ["M", WIDTH])],
        {"table": weights().table, "one": np.array([1]), "zero": np.array([0])},
    )
    found = refusal(rebuilt(item=first))
    assert found == "batch shape gate: item gave float32 (1, 8) for 3 rows"


def test_nan_in_a_table_is_refused(rebuilt: Callable[..., Path]) -> None:
    table = weights().table.copy()
    table[:] = np.nan
    found = refusal(rebuilt(item=item_graph(weights(table=table))))
    assert found == "batch shape gate: item gave NaN or infinity for 1 rows"


def test_nan_in_a_head_is_refused(rebuilt: Callable[..., Path]) -> None:
    match = weights().match.copy()
    match[3] = np.nan
    found = refusal(rebuilt(head=head_graph(weights(match=match), "item", placed=False)))
    assert found == "batch shape gate: head gave no probabilities but from nan to nan"


def test_scores_of_another_shape_are_refused(rebuilt: Callable[..., Path]) -> None:
    node = helper.make_node("Identity", ["match"], ["p_click"])
    also = helper.make_node("Identity", ["match"], ["p_conversion"])
    square = _model(
        [node, also],
        [_tensor("match", TensorProto.FLOAT, ["N", 12])],
        [_tensor(name, TensorProto.FLOAT, ["N", 12]) for name in ("p_click", "p_conversion")],
        {},
    )
    found = refusal(rebuilt(head=square))
    assert found == "batch shape gate: head gave float32 (1, 12) for 1 rows"


def test_other_weights_than_the_trained_ones_are_refused(rebuilt: Callable[..., Path]) -> None:
    match = weights().match + np.float32(0.001)
    found = refusal(rebuilt(head=head_graph(weights(match=match), "item", placed=False)))
    assert re.match(r"golden gate: row \d: p_\w+ is 0\.\d+, expected 0\.\d+", found)


def test_a_wrong_place_weight_is_refused(rebuilt: Callable[..., Path]) -> None:
    found = refusal(rebuilt(placed=head_graph(weights(place=-0.3), "item", placed=True)))
    assert "placed_p_click" in found


def test_golden_rows_must_name_every_output(
    ranker_files: dict[str, bytes], tmp_path: Path
) -> None:
    rows = read_golden(ranker_files["golden.json"])
    fewer = [replace(row, expected={"p_click": row.expected["p_click"]}) for row in rows]
    files = ranker_files | {"golden.json": write_golden(fewer)}
    folder = write_bundle(tmp_path / "b", BundleKind.RANKER, files)
    assert "golden gate: row 0 has ['p_click']" in refusal(folder)


def test_golden_rows_of_another_form_are_refused(
    ranker_files: dict[str, bytes], tmp_path: Path
) -> None:
    files = ranker_files | {"golden.json": b"[]"}
    folder = write_bundle(tmp_path / "b", BundleKind.RANKER, files)
    assert refusal(folder).startswith("golden gate: golden rows: expected a list")


def test_whatever_goes_wrong_is_a_bad_bundle(
    ranker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(_: object) -> None:
        raise MemoryError("4 TiB")

    monkeypatch.setattr("service.inference.bundle.check_interface", no_memory)
    assert refusal(ranker) == "MemoryError: 4 TiB"


def test_no_random_change_of_a_byte_gets_through(copied: Path) -> None:
    draw = np.random.default_rng(3)
    names = sorted(path.name for path in copied.iterdir())
    for _ in range(200):
        path = copied / names[draw.integers(len(names))]
        whole = path.read_bytes()
        data = bytearray(whole)
        data[draw.integers(len(data))] ^= int(draw.integers(1, 256))
        path.write_bytes(data)
        refusal(copied)
        path.write_bytes(whole)
    assert open_bundle(copied).model.startswith("ranker@1:")
