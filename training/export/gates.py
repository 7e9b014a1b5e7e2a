"""The gates that a bundle must pass before it leaves training; the service repeats them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
import onnxruntime

from service.contract.encoder import Encoder
from service.contract.fingerprint import PROBES
from service.contract.golden import TOLERANCE, GoldenRow, read_golden
from service.contract.history import EMPTY_HISTORY, History
from service.contract.manifest import (
    GOLDEN_FILE,
    MANIFEST_FILE,
    RELEVANCE_FILE,
    VOCABULARY_FILE,
    BundleKind,
    Manifest,
)
from service.contract.matching import PHRASE_MATCH
from service.contract.relevance import Relevance
from service.contract.vocabulary import Vocabulary
from training.export.allocator_gates import pass_allocator_gates
from training.export.expecting import expect
from training.export.golden import phrase_match, title_match

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray
    from service.contract.encoding import Encoding

SHAPES: Final = (1, 3, 64)

Feeds = "Mapping[str, NDArray[Any]]"


def pass_gates(folder: Path) -> None:
    """Put the bundle in `folder` through checker, hashes, fingerprint, shapes and golden rows.

    An allocator has gates of its own after the first two.

    Raises: GateError.
    """
    manifest = Manifest.from_json((folder / MANIFEST_FILE).read_bytes())
    for name, entry in manifest.files.items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        expect(found == entry.sha256, f"SHA-256 of {name}", found)
    for name in manifest.graphs.values():
        onnx.checker.check_model(str(folder / name), full_check=True)
    if manifest.encoding is None:
        pass_allocator_gates(folder, manifest)
    else:
        _pass_text_gates(folder, manifest, manifest.encoding)


def _pass_text_gates(folder: Path, manifest: Manifest, encoding: Encoding) -> None:
    vocabulary = Vocabulary.from_bytes((folder / VOCABULARY_FILE).read_bytes())
    relevance = Relevance.from_bytes((folder / RELEVANCE_FILE).read_bytes(), vocabulary.size)
    runner = Runner(folder, manifest, Encoder(encoding, vocabulary, relevance))
    found = runner.encoder.fingerprint
    expect(found == manifest.fingerprint, "fingerprint", found)
    for rows in SHAPES:
        runner.try_shape(rows)
    for number, row in enumerate(read_golden((folder / GOLDEN_FILE).read_bytes())):
        _compare(number, row, runner.answers(row))


class Runner:
    """The graphs of a bundle in onnxruntime, fed by the contract."""

    def __init__(self, folder: Path, manifest: Manifest, encoder: Encoder) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._sessions = {
            role: onnxruntime.InferenceSession(
                folder / name, options, providers=["CPUExecutionProvider"]
            )
            for role, name in manifest.graphs.items()
        }
        self.encoder = encoder
        self.is_ranker = manifest.kind is BundleKind.RANKER

    def run(self, role: str, feeds: Mapping[str, NDArray[Any]]) -> dict[str, FloatArray]:
        """Run one graph on those of `feeds` that it declares; outputs by name."""
        session = self._sessions[role]
        wanted = {one.name: feeds[one.name] for one in session.get_inputs()}
        names = [one.name for one in session.get_outputs()]
        return dict(zip(names, session.run(names, wanted), strict=True))

    def try_shape(self, rows: int) -> None:
        """Run head and placed on `rows` candidates, for one context and for one each."""
        texts = [PROBES[row % len(PROBES)] for row in range(rows)]
        aged = tuple((text, 3_600.0) for text in PROBES)
        histories = [EMPTY_HISTORY, History(aged, aged, aged)]
        tensors = self.encoder.contexts(texts, [histories[row % 2] for row in range(rows)])
        contexts = self.run("context", tensors)["context"]
        feeds = self._candidates(texts, np.linspace(-2.0, 2.0, rows))
        feeds |= {"match": np.ones((rows, self._match_width(texts)), np.float32)}
        feeds |= self._place(np.arange(rows) + 1)
        for context in (contexts[:1], contexts):
            for role in ("head", "placed"):
                for name, scores in self.run(role, {**feeds, "context": context}).items():
                    fits = scores.shape == (rows,) and bool(np.isfinite(scores).all())
                    expect(fits, f"{role} {name} for {rows} rows", scores.shape)

    def answers(self, row: GoldenRow) -> dict[str, float]:
        """Return what the graphs say to a golden row."""
        encoder = self.encoder
        tensors = encoder.context(row.query, row.history)
        feeds: dict[str, NDArray[Any]] = dict(self.run("context", tensors))
        if self.is_ranker:
            feeds |= self._candidates([row.title], np.array([row.price_z]))
            feeds["match"] = title_match(encoder, row, encoder.title_table([row.title]))
            vectors = self.run("phrase", encoder.phrases([*row.shown, ""]))["phrase"]
            feeds["shown"] = vectors.sum(axis=0, keepdims=True)
        else:
            feeds |= self._candidates([row.phrase], np.zeros(1))
            feeds["match"] = self._phrase_match(row)
        plain = self.run("head", feeds)
        placed = self.run("placed", {**feeds, **self._place(np.array([row.place]))} | _kept(feeds))
        found = plain | {f"placed_{name}": scores for name, scores in placed.items()}
        return {name: float(scores[0]) for name, scores in found.items()}

    def _candidates(self, texts: list[str], price_z: NDArray[Any]) -> dict[str, NDArray[Any]]:
        if self.is_ranker:
            return dict(self.run("item", self.encoder.items(texts, price_z.tolist())))
        return dict(self.run("phrase", self.encoder.phrases(texts)))

    def _place(self, places: NDArray[Any]) -> dict[str, NDArray[Any]]:
        places = places.astype(np.int64)
        if not self.is_ranker:
            return {"position": places}
        shown = self.run("phrase", self.encoder.phrases(["red"] * len(places)))["phrase"]
        return {"slot": places, "shown": shown}

    def _match_width(self, texts: list[str]) -> int:
        if not self.is_ranker:
            return len(PHRASE_MATCH)
        row = GoldenRow(query="", history=EMPTY_HISTORY, expected={})
        return len(title_match(self.encoder, row, self.encoder.title_table(texts[:1]))[0])

    def _phrase_match(self, row: GoldenRow) -> FloatArray:
        return phrase_match(self.encoder, row, self.encoder.phrase_table([row.phrase]))


def _kept(feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {"shown": feeds["shown"]} if "shown" in feeds else {}


def _compare(number: int, row: GoldenRow, found: Mapping[str, float]) -> None:
    expect(set(found) == set(row.expected), f"golden row {number}", sorted(found))
    for name, value in row.expected.items():
        close = abs(found[name] - value) <= TOLERANCE
        expect(close, f"golden row {number}: {name}, expected {value!r}", found[name])
