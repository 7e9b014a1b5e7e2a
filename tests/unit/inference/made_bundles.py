"""Small but real bundles: graphs made by hand, with golden rows worked out in NumPy."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from service.contract.encoder import Encoder
from service.contract.encoding import Encoding
from service.contract.golden import GoldenRow, write_golden
from service.contract.history import EMPTY_HISTORY, History
from service.contract.manifest import BundleKind, FileEntry, Manifest, Training, sealed
from service.contract.matching import PHRASE_MATCH, TITLE_MATCH
from service.contract.vocabulary import Vocabulary, learn_vocabulary
from service.inference.matching import match_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TITLES = (
    "Delta Vero 1-Handle Shower Faucet in Chrome (Valve Not Included)",
    "Delta Vero Kitchen Faucet in Stainless Steel",
    "Glacier Bay Stainless Steel Kitchen Sink 33 in.",
    "Everbilt 1/2 in. x 10 ft. PVC Pipe",
    "Philips 60-Watt LED Light Bulb (4-Pack)",
    "Hampton Bay LED Ceiling Light in Brushed Nickel",
    "蓝牙耳机 无线 500克",
)
PHRASES = ("stainless steel", "led", "chrome", "brushed nickel", "kitchen sink", "4-pack")
HISTORY = History(
    (("stainless steel", 3_600.0), ("led", 90_000.0)),
    ((TITLES[2], 4_000.0), (TITLES[5], 900_000.0)),
    (("sink", 5_000.0),),
)
GOLDEN_QUERIES = ("kitchen sink stainless", "", "led light", "蓝牙耳机", "👩‍💻 ½ in")
WIDTH = 8


def made_vocabulary() -> Vocabulary:
    encoding = Encoding()
    tokenizer = Encoder(encoding, Vocabulary([], [], 0)).tokenizer
    return learn_vocabulary(tokenizer, TITLES, phrases=PHRASES, min_count=1)


@dataclass(frozen=True)
class Weights:
    """The numbers in the graphs; the model's answer in NumPy stands in `answer`."""

    table: NDArray[np.float32]  # (size, WIDTH)
    match: NDArray[np.float32]  # (M,)
    conversion: float = -1.0
    place: float = -0.25

    @classmethod
    def drawn(cls, size: int, features: int) -> Weights:
        draw = np.random.default_rng(7)
        table = draw.normal(0, 0.3, (size, WIDTH)).astype(np.float32)
        table[0] = 0.0
        return cls(table, draw.normal(0, 0.3, features).astype(np.float32))


def sigmoid(x: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(1 / (1 + np.exp(-x)))


def answer(weights: Weights, encoder: Encoder, row: GoldenRow) -> dict[str, float]:
    """Work one golden row out, apart from onnxruntime."""
    context = encoder.context(row.query, row.history)
    fade = np.exp(-context["clicked_word_days"])[..., None]
    past = (weights.table[context["clicked_words"]].sum(axis=2) * fade).sum(axis=1)
    vector = weights.table[context["query_words"]].sum(axis=1) + past
    ranker = len(weights.match) == len(TITLE_MATCH)
    if ranker:
        items = encoder.items([row.title], [row.price_z])
        side = weights.table[items["title_words"]].sum(axis=1) + 0.1 * items["price_z"][:, None]
        table = encoder.title_table([row.title])
    else:
        side = weights.table[encoder.phrases([row.phrase])["phrase_words"]].sum(axis=1)
        table = encoder.phrase_table([row.phrase])
    match = match_of(encoder, row.query, context, table)
    logit = (vector * side).sum(axis=1) + match @ weights.match
    shown = weights.table[encoder.phrases([*row.shown, ""])["phrase_words"]].sum(axis=(0, 1))
    placed = logit + weights.place * (row.place - 1) + (vector * shown).sum(axis=1) * ranker
    found = {"p_click": sigmoid(logit), "placed_p_click": sigmoid(placed)}
    if ranker:
        found["p_conversion"] = sigmoid(logit + weights.conversion)
        found["placed_p_conversion"] = sigmoid(placed + weights.conversion)
    return {name: float(value[0]) for name, value in found.items()}


def _tensor(name: str, kind: int, shape: list[str | int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def _model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: dict[str, Any],
) -> bytes:
    initializers = [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]
    graph = helper.make_graph(nodes, "made", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString()
    return data


def context_graph(weights: Weights) -> bytes:
    nodes = [
        helper.make_node("Gather", ["table", "query_words"], ["q3"]),
        helper.make_node("ReduceSum", ["q3", "one"], ["q"], keepdims=0),
        helper.make_node("Gather", ["table", "clicked_words"], ["w4"]),
        helper.make_node("ReduceSum", ["w4", "two"], ["w3"], keepdims=0),
        helper.make_node("Neg", ["clicked_word_days"], ["young"]),
        helper.make_node("Exp", ["young"], ["fade2"]),
        helper.make_node("Unsqueeze", ["fade2", "two"], ["fade"]),
        helper.make_node("Mul", ["w3", "fade"], ["faded"]),
        helper.make_node("ReduceSum", ["faded", "one"], ["w"], keepdims=0),
        helper.make_node("Add", ["q", "w"], ["context"]),
    ]
    inputs = [
        _tensor("query_words", TensorProto.INT32, ["B", 12]),
        _tensor("clicked_words", TensorProto.INT32, ["B", "H", 4]),
        _tensor("clicked_word_days", TensorProto.FLOAT, ["B", "H"]),
    ]
    constants = {"table": weights.table, "one": np.array([1]), "two": np.array([2])}
    return _model(nodes, inputs, [_tensor("context", TensorProto.FLOAT, ["B", WIDTH])], constants)


def phrase_graph(weights: Weights) -> bytes:
    nodes = [
        helper.make_node("Gather", ["table", "phrase_words"], ["p3"]),
        helper.make_node("ReduceSum", ["p3", "one"], ["phrase"], keepdims=0),
    ]
    return _model(
        nodes,
        [_tensor("phrase_words", TensorProto.INT32, ["N", 4])],
        [_tensor("phrase", TensorProto.FLOAT, ["N", WIDTH])],
        {"table": weights.table, "one": np.array([1])},
    )


def item_graph(weights: Weights) -> bytes:
    nodes = [
        helper.make_node("Gather", ["table", "title_words"], ["t3"]),
        helper.make_node("ReduceSum", ["t3", "one"], ["t"], keepdims=0),
        helper.make_node("Unsqueeze", ["price_z", "one"], ["z"]),
        helper.make_node("Mul", ["z", "tenth"], ["priced"]),
        helper.make_node("Add", ["t", "priced"], ["item"]),
    ]
    inputs = [
        _tensor("title_words", TensorProto.INT32, ["N", 16]),
        _tensor("price_z", TensorProto.FLOAT, ["N"]),
    ]
    constants = {"table": weights.table, "one": np.array([1]), "tenth": np.float32(0.1)}
    return _model(nodes, inputs, [_tensor("item", TensorProto.FLOAT, ["N", WIDTH])], constants)


def head_graph(weights: Weights, side: str, *, placed: bool) -> bytes:
    nodes = [
        helper.make_node("Mul", ["context", side], ["product"]),
        helper.make_node("ReduceSum", ["product", "one"], ["likeness"], keepdims=0),
        helper.make_node("MatMul", ["match", "match_weights"], ["matched"]),
        helper.make_node("Add", ["likeness", "matched"], ["logit_plain"]),
    ]
    inputs = [
        _tensor("context", TensorProto.FLOAT, ["C", WIDTH]),
        _tensor(side, TensorProto.FLOAT, ["N", WIDTH]),
        _tensor("match", TensorProto.FLOAT, ["N", len(weights.match)]),
    ]
    last = "logit_plain"
    if placed:
        place = "slot" if side == "item" else "position"
        inputs.append(_tensor(place, TensorProto.INT64, ["N"]))
        nodes += [
            helper.make_node("Cast", [place], ["place_f"], to=TensorProto.FLOAT),
            helper.make_node("Sub", ["place_f", "unit"], ["below"]),
            helper.make_node("Mul", ["below", "place_weight"], ["placing"]),
            helper.make_node("Add", ["logit_plain", "placing"], ["logit_placed"]),
        ]
        last = "logit_placed"
    if placed and side == "item":
        inputs.append(_tensor("shown", TensorProto.FLOAT, ["N", WIDTH]))
        nodes += [
            helper.make_node("Mul", ["context", "shown"], ["shown_product"]),
            helper.make_node("ReduceSum", ["shown_product", "one"], ["appeal"], keepdims=0),
            helper.make_node("Add", ["logit_placed", "appeal"], ["logit_shown"]),
        ]
        last = "logit_shown"
    nodes.append(helper.make_node("Sigmoid", [last], ["p_click"]))
    outputs = [_tensor("p_click", TensorProto.FLOAT, ["N"])]
    if side == "item":
        nodes += [
            helper.make_node("Add", [last, "conversion"], ["logit_conversion"]),
            helper.make_node("Sigmoid", ["logit_conversion"], ["p_conversion"]),
        ]
        outputs.append(_tensor("p_conversion", TensorProto.FLOAT, ["N"]))
    constants = {
        "one": np.array([1]),
        "unit": np.float32(1.0),
        "match_weights": weights.match,
        "place_weight": np.float32(weights.place),
        "conversion": np.float32(weights.conversion),
    }
    return _model(nodes, inputs, outputs, constants)


def graphs_of(kind: BundleKind, weights: Weights) -> dict[str, bytes]:
    side = "item" if kind is BundleKind.RANKER else "phrase"
    graphs = {
        "context": context_graph(weights),
        "phrase": phrase_graph(weights),
        "head": head_graph(weights, side, placed=False),
        "placed": head_graph(weights, side, placed=True),
    }
    return graphs | ({"item": item_graph(weights)} if side == "item" else {})


def golden_of(kind: BundleKind, weights: Weights, encoder: Encoder) -> list[GoldenRow]:
    rows = []
    for number, query in enumerate(GOLDEN_QUERIES):
        row = GoldenRow(query, HISTORY if number % 2 else EMPTY_HISTORY, {}, place=number + 1)
        if kind is BundleKind.RANKER:
            shown = PHRASES[: number % 3]
            row = replace(row, title=TITLES[number + 1], price_z=number / 2, shown=shown)
        else:
            row = replace(row, phrase=PHRASES[number])
        rows.append(replace(row, expected=answer(weights, encoder, row)))
    return rows


def made_files(kind: BundleKind) -> dict[str, bytes]:
    """Return the contents of a whole, good bundle without its manifest."""
    vocabulary = made_vocabulary()
    encoder = Encoder(Encoding(), vocabulary)
    features = len(TITLE_MATCH if kind is BundleKind.RANKER else PHRASE_MATCH)
    weights = Weights.drawn(vocabulary.size, features)
    files = {f"{role}.onnx": data for role, data in graphs_of(kind, weights).items()}
    files["vocabulary.json"] = vocabulary.to_bytes()
    files["golden.json"] = write_golden(golden_of(kind, weights, encoder))
    files["CARD.md"] = b"# A made-up model\n"
    return files


def manifest_of(kind: BundleKind, files: dict[str, bytes], fingerprint: str) -> Manifest:
    return Manifest(
        kind=kind,
        name=str(kind),
        version="1",
        encoding=Encoding(),
        fingerprint=fingerprint,
        files={n: FileEntry(hashlib.sha256(d).hexdigest(), len(d)) for n, d in files.items()},
        graphs={n.removesuffix(".onnx"): n for n in files if n.endswith(".onnx")},
        training=Training(1, {"clicks": "0" * 64}, {"epochs": 1}, {"auc": 0.7}),
    )


def write_bundle(folder: Path, kind: BundleKind, files: dict[str, bytes] | None = None) -> Path:
    """Write a bundle of `files`, with a manifest that fits them."""
    files = made_files(kind) if files is None else files
    vocabulary = Vocabulary.from_bytes(files["vocabulary.json"])
    fingerprint = Encoder(Encoding(), vocabulary).fingerprint
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "manifest.json").write_bytes(manifest_of(kind, files, fingerprint).to_json())
    return folder


def edit_manifest(folder: Path, **changes: object) -> None:
    """Change top-level fields of a written manifest."""
    path = folder / "manifest.json"
    content = json.loads(path.read_text()) | changes
    del content["seal"]
    path.write_bytes(sealed(content))
