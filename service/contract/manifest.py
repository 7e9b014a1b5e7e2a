"""What a bundle says of itself: `manifest.json`, read strictly and written the same way."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from service.contract.encoding import Encoding
from service.contract.uplift import Uplift, UpliftError

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = 1
MANIFEST_FILE: Final = "manifest.json"
VOCABULARY_FILE: Final = "vocabulary.json"
RELEVANCE_FILE: Final = "relevance.bin"
GOLDEN_FILE: Final = "golden.json"

_SEAL: Final = "seal"
_HEX: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_LARGEST_FILE: Final = 1 << 32


class ManifestError(ValueError):
    """The manifest is not what it should be; the message says where and what was found."""


class BundleKind(StrEnum):
    """What a bundle's models score."""

    SELLING_POINTS = "selling-points"
    RANKER = "ranker"
    ALLOCATOR = "allocator"


GRAPHS: Final = {
    BundleKind.SELLING_POINTS: frozenset({"context", "phrase", "head", "placed"}),
    BundleKind.RANKER: frozenset({"context", "item", "phrase", "head", "placed"}),
    BundleKind.ALLOCATOR: frozenset({"response"}),
}
"""The graphs that each kind of bundle has: sides, head, and head that knows the place shown."""

TEXT_KINDS: Final = (BundleKind.SELLING_POINTS, BundleKind.RANKER)
"""The kinds that read text; the allocator reads days of platforms."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of the bundle."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Training:
    """Where the weights come from."""

    seed: int
    data_sha256: Mapping[str, str]  # by the data's role: facets, clicks, items
    config: Mapping[str, Any]
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A bundle: its name, how it encodes text, its files and graphs, and its training."""

    kind: BundleKind
    name: str
    version: str
    encoding: Encoding | None  # of text; None where the model reads none
    fingerprint: str
    files: Mapping[str, FileEntry]  # all but the manifest itself
    graphs: Mapping[str, str]  # role -> file
    training: Training
    format: int = FORMAT
    uplift: Uplift | None = None  # of selling points in titles, where it was learnt

    def __post_init__(self) -> None:
        _check(self)

    def to_json(self) -> bytes:
        """Return the manifest as sealed JSON, always the same bytes for the same content."""
        content = asdict(self)
        content.pop("uplift")
        told = {} if self.uplift is None else {"uplift": self.uplift.to_content()}
        return sealed(content | told)

    @classmethod
    def from_json(cls, data: bytes) -> Manifest:
        """Read what `to_json` wrote.

        Raises: ManifestError for anything else, if only by one byte.
        """
        try:
            content = json.loads(data, object_pairs_hook=_once, parse_constant=_no_constant)
        except ManifestError:
            raise
        except (ValueError, RecursionError) as error:
            message = f"not JSON: {error}"
            raise ManifestError(message) from error
        seal = _mapping(content, "manifest").pop(_SEAL, None)
        manifest = _build(content)
        _expect(manifest.to_json() == data, f"not as it was written; {_SEAL}", seal)
        return manifest


def sealed(content: Mapping[str, Any]) -> bytes:
    """Return `content` as indented JSON that holds the SHA-256 of all the rest of it."""
    seal = hashlib.sha256(_json(content)).hexdigest()
    return _json({**content, _SEAL: seal})


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, indent=2, sort_keys=True, allow_nan=False).encode() + b"\n"


def _build(content: object) -> Manifest:
    top = _fields({"uplift": None, **_mapping(content, "manifest")}, Manifest, "manifest")
    entries = _mapping(top["files"], "files")
    files = {name: FileEntry(**_fields(e, FileEntry, name)) for name, e in entries.items()}
    training = Training(**_fields(top["training"], Training, "training"))
    top |= {"files": files, "training": training}
    if top["encoding"] is not None:
        top["encoding"] = _encoding(_fields(top["encoding"], Encoding, "encoding"))
    top["uplift"] = None if top["uplift"] is None else _uplift(top["uplift"])
    try:
        top["kind"] = BundleKind(top["kind"])
    except ValueError as error:
        message = (
            f"kind: {str(top['kind'])[:80]!r} is none of {[str(kind) for kind in BundleKind]}"
        )
        raise ManifestError(message) from error
    return Manifest(**top)


def _uplift(content: object) -> Uplift:
    try:
        return Uplift.from_content(content)
    except UpliftError as error:
        raise ManifestError(str(error)) from error


def _encoding(settings: dict[str, Any]) -> Encoding:
    for name, value in settings.items():
        _expect(type(value) is type(getattr(Encoding(), name)), f"encoding.{name}", value)
    try:
        return Encoding(**settings)
    except ValueError as error:
        raise ManifestError(str(error)) from error


def _check(manifest: Manifest) -> None:
    _expect(type(manifest.format) is int and manifest.format == FORMAT, "format", manifest.format)
    for field in ("name", "version"):
        _expect(is_file_name(getattr(manifest, field)), field, getattr(manifest, field))
    _expect(_is_hash(manifest.fingerprint), "fingerprint", manifest.fingerprint)
    reads_text = manifest.kind in TEXT_KINDS
    _expect((manifest.encoding is not None) == reads_text, "encoding", manifest.encoding)
    _check_files(manifest)
    _check_training(manifest.training)


def _check_files(manifest: Manifest) -> None:
    for name, entry in manifest.files.items():
        _expect(is_file_name(name) and name != MANIFEST_FILE, "files", name)
        _expect(_is_hash(entry.sha256), f"files.{name}.sha256", entry.sha256)
        size_is_sane = type(entry.bytes) is int and 0 <= entry.bytes <= _LARGEST_FILE
        _expect(size_is_sane, f"files.{name}.bytes", entry.bytes)
    for name in (VOCABULARY_FILE, GOLDEN_FILE) if manifest.kind in TEXT_KINDS else (GOLDEN_FILE,):
        _expect(name in manifest.files, f"files.{name}", None)
    graphs = _mapping(manifest.graphs, "graphs")
    _expect(set(graphs) == GRAPHS[manifest.kind], "graphs", sorted(graphs))
    for role, name in graphs.items():
        _expect(isinstance(name, str) and name in manifest.files, f"graphs.{role}", name)


def _check_training(training: Training) -> None:
    _expect(type(training.seed) is int, "training.seed", training.seed)
    for role, digest in _mapping(training.data_sha256, "training.data_sha256").items():
        _expect(_is_hash(digest), f"training.data_sha256.{role}", digest)
    _mapping(training.config, "training.config")
    for name, value in _mapping(training.metrics, "training.metrics").items():
        is_number = type(value) in {int, float} and math.isfinite(value)
        _expect(is_number, f"training.metrics.{name}", value)


def is_file_name(name: object) -> bool:
    """Return whether `name` is a plain file name that cannot lead out of its folder."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and _HEX.fullmatch(value) is not None


def _expect(holds: bool, where: str, found: object) -> None:
    if not holds:
        message = f"{where}: found {str(found)[:80]!r}"
        raise ManifestError(message)


def _mapping(value: object, where: str) -> dict[str, Any]:
    _expect(isinstance(value, dict), where, value)
    return value  # type: ignore[return-value]


def _fields(value: object, kind: type, where: str) -> dict[str, Any]:
    content = dict(_mapping(value, where))
    expected = {field.name for field in fields(kind)}
    if set(content) != expected:
        missing, unknown = sorted(expected - set(content)), sorted(set(content) - expected)
        message = f"{where}: missing {missing}, unknown {[name[:80] for name in unknown[:9]]}"
        raise ManifestError(message)
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    _expect(len(content) == len(pairs), "keys given twice", [key for key, _ in pairs][:9])
    return content


def _no_constant(name: str) -> float:
    message = f"{name} is no number"
    raise ManifestError(message)
