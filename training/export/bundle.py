"""Bundles: written beside their place, put through every gate, then moved there in one step."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from service.contract.golden import write_golden
from service.contract.manifest import (
    GOLDEN_FILE,
    MANIFEST_FILE,
    RELEVANCE_FILE,
    VOCABULARY_FILE,
    BundleKind,
    FileEntry,
    Manifest,
    Training,
    is_file_name,
)
from training.export.gates import pass_gates
from training.logs import TrainingDataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import onnx

    from service.contract.encoder import Encoder
    from service.contract.golden import GoldenRow
    from service.contract.uplift import Uplift

CARD_FILE: Final = "CARD.md"


class Contents(Protocol):
    """What can be written as a bundle."""

    def contents(self) -> dict[str, bytes]:
        """Return the bytes of every file but the manifest."""

    def manifest(self, version: str, contents: Mapping[str, bytes]) -> Manifest:
        """Return the manifest over these files."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What goes into a bundle."""

    kind: BundleKind
    encoder: Encoder
    graphs: Mapping[str, onnx.ModelProto]
    golden: Sequence[GoldenRow]
    training: Training
    card: str
    uplift: Uplift | None = None

    def contents(self) -> dict[str, bytes]:
        """Return the bytes of every file but the manifest."""
        graphs = {f"{role}.onnx": one.SerializeToString() for role, one in self.graphs.items()}
        return graphs | {
            VOCABULARY_FILE: self.encoder.vocabulary.to_bytes(),
            RELEVANCE_FILE: self.encoder.relevance.to_bytes(),
            GOLDEN_FILE: write_golden(self.golden),
            CARD_FILE: self.card.encode(),
        }

    def manifest(self, version: str, contents: Mapping[str, bytes]) -> Manifest:
        """Return the manifest over these files."""
        return Manifest(
            kind=self.kind,
            name=str(self.kind),
            version=version,
            encoding=self.encoder.encoding,
            fingerprint=self.encoder.fingerprint,
            files=entries(contents),
            graphs={role: f"{role}.onnx" for role in self.graphs},
            training=self.training,
            uplift=self.uplift,
        )


def entries(contents: Mapping[str, bytes]) -> dict[str, FileEntry]:
    """Return what the manifest says of each file."""
    return {
        name: FileEntry(hashlib.sha256(data).hexdigest(), len(data))
        for name, data in contents.items()
    }


def check_place(folder: Path) -> None:
    """Refuse a place for a bundle that holds something else, before any work is done.

    Raises: TrainingDataError.
    """
    if not is_file_name(folder.name):
        raise TrainingDataError(f"{folder}: the last part cannot name a version of a model")
    if folder.is_dir():
        if any(folder.iterdir()) and not (folder / MANIFEST_FILE).is_file():
            raise TrainingDataError(f"{folder}: holds files that are no bundle")
    elif folder.exists():
        raise TrainingDataError(f"{folder}: is no folder")


def write_bundle(folder: Path, parts: Contents) -> Manifest:
    """Write the bundle, try it by every gate, and only then put it in place of an earlier one.

    Raises: GateError, and leaves what stood there.
    """
    contents = parts.contents()
    manifest = parts.manifest(folder.name, contents)
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        for name, data in {**contents, MANIFEST_FILE: manifest.to_json()}.items():
            (draft / name).write_bytes(data)
        pass_gates(draft)
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest
