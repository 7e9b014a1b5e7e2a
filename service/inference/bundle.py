"""A model bundle, opened: it passed every gate, or it is not opened at all."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

import numpy as np

from service.contract.encoder import Encoder
from service.contract.golden import read_golden
from service.contract.manifest import GRAPHS, RELEVANCE_FILE, VOCABULARY_FILE
from service.contract.relevance import Relevance, RelevanceError
from service.contract.vocabulary import Vocabulary
from service.errors import BadBundleError
from service.inference.gates import open_sealed
from service.inference.interface import check_interface
from service.inference.trial import try_golden_rows, try_shapes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, LongArray, Tensors
    from service.contract.encoding import Encoding
    from service.contract.golden import GoldenRow
    from service.contract.manifest import BundleKind, Manifest
    from service.inference.gates import Sealed
    from service.inference.graph import Graph

_encoders: WeakValueDictionary[str, Encoder] = WeakValueDictionary()
_encoders_lock: Final = Lock()


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified model: its manifest, its encoder, and its graphs by role."""

    manifest: Manifest
    manifest_sha256: str
    encoder: Encoder
    graphs: Mapping[str, Graph]
    golden: tuple[GoldenRow, ...]

    @property
    def model(self) -> str:
        """The model as decisions record it: name@version:sha8."""
        return f"{self.manifest.name}@{self.manifest.version}:{self.manifest_sha256[:8]}"

    @property
    def kind(self) -> BundleKind:
        """What the model scores."""
        return self.manifest.kind

    @property
    def side(self) -> str:
        """The side that candidates come from: item or phrase."""
        return "item" if "item" in GRAPHS[self.kind] else "phrase"

    def context_vectors(self, tensors: Tensors) -> FloatArray:
        """Return vectors (B, Dc) of encoded contexts, the same whoever else is among them."""
        (vectors,) = self._of_several("context", tensors, len(tensors["query_words"]))
        return vectors

    def item_vectors(self, titles: Sequence[str], price_z: Sequence[float]) -> FloatArray:
        """Return vectors (N, Di) of items."""
        if not titles:
            return self.item_vectors([""], [0.0])[:0]  # a graph need not take none
        return self.graphs["item"].run(self.encoder.items(titles, price_z))[0]

    def phrase_vectors(self, texts: Sequence[str]) -> FloatArray:
        """Return vectors (N, Ds) of phrases."""
        if not texts:
            return self.phrase_vectors([""])[:0]
        return self.graphs["phrase"].run(self.encoder.phrases(texts))[0]

    def head(
        self, context: FloatArray, candidates: FloatArray, match: FloatArray
    ) -> list[FloatArray]:
        """Score candidates (N, D) in the first place and a plain title: each output (N,).

        context (1, Dc) of one request, or (N, Dc). A ranker gives click and conversion.
        """
        if not len(candidates):
            return [np.empty(0, np.float32) for _ in self.graphs["head"].outputs]
        feeds = {"context": context, self.side: candidates, "match": match}
        return self._of_several("head", feeds, len(candidates))

    def _of_several(
        self, role: str, feeds: Mapping[str, NDArray[Any]], count: int
    ) -> list[FloatArray]:
        """Run a graph; one row runs twice, since products of single rows are rounded otherwise."""
        if count != 1:
            return self.graphs[role].run(feeds)
        twice = {name: np.repeat(tensor, 2, axis=0) for name, tensor in feeds.items()}
        return [output[:1] for output in self.graphs[role].run(twice)]

    def placed(
        self, feeds: Mapping[str, NDArray[Any]], places: LongArray, shown: FloatArray | None
    ) -> list[FloatArray]:
        """Score candidates where they stood: places (N,) from 1, shown (N, Ds) summed phrases.

        feeds: what `head` takes, by name.
        """
        name = "slot" if self.side == "item" else "position"
        extra = {} if shown is None else {"shown": shown}
        return self.graphs["placed"].run({**feeds, name: places.astype(np.int64), **extra})


def open_bundle(folder: Path) -> Bundle:
    """Open the bundle in `folder` after putting it through every gate.

    Gates in order: manifest, files (each there, none besides, SHA-256), vocabulary, fingerprint of
    the encoding, graphs (load, names, types), batch shapes (1, 3 and 64 rows, no NaN), and golden
    rows within 1e-5.

    Raises: BadBundleError naming the gate and what was found; never anything else.
    """
    return open_sealed(folder, _through_gates)


def _through_gates(sealed: Sealed) -> Bundle:
    manifest, contents = sealed.manifest, sealed.contents
    if manifest.encoding is None:
        message = f"manifest gate: a bundle of kind {manifest.kind} reads no text"
        raise BadBundleError(message)
    texts = contents[VOCABULARY_FILE], contents.get(RELEVANCE_FILE)
    encoder = _encoder(manifest.fingerprint, manifest.encoding, *texts)
    golden = sealed.golden_rows(read_golden)
    graphs = {role: sealed.graph(role) for role in manifest.graphs}
    bundle = Bundle(manifest, sealed.manifest_sha256, encoder, graphs, golden)
    check_interface(bundle)
    try_shapes(bundle)
    try_golden_rows(bundle)
    return bundle


def _encoder(
    fingerprint: str, encoding: Encoding, vocabulary: bytes, relevance: bytes | None
) -> Encoder:
    """Return the encoder; bundles with equal fingerprints share one, and what it remembers."""
    with _encoders_lock:
        known = _encoders.get(fingerprint)
    try:
        words = Vocabulary.from_bytes(vocabulary)
        known_fits = None if relevance is None else Relevance.from_bytes(relevance, words.size)
        encoder = Encoder(encoding, words, known_fits)
    except RelevanceError as error:
        message = f"relevance gate: {error}"
        raise BadBundleError(message) from error
    except (ValueError, RecursionError) as error:
        message = f"vocabulary gate: {error}"
        raise BadBundleError(message) from error
    if encoder.fingerprint != fingerprint:
        message = (
            f"fingerprint gate: text is encoded as {encoder.fingerprint[:16]} here, the model was "
            f"trained with {fingerprint[:16]}"
        )
        raise BadBundleError(message)
    with _encoders_lock:
        return _encoders.setdefault(fingerprint, known or encoder)
