"""The files of a bundle, read once and held against its manifest."""

from __future__ import annotations

import hashlib
import stat
from typing import TYPE_CHECKING, Final

from service.contract.manifest import (
    GOLDEN_FILE,
    MANIFEST_FILE,
    RELEVANCE_FILE,
    VOCABULARY_FILE,
    Manifest,
    ManifestError,
)
from service.errors import BadBundleError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from service.contract.manifest import BundleKind, FileEntry

_LARGEST_TEXT: Final = 64 << 20
_CHUNK: Final = 1 << 20


def read_files(folder: Path) -> tuple[Manifest, dict[str, bytes]]:
    """Return the manifest, and the bytes of it, vocabulary, golden rows, and any relevance.

    Every file that the manifest names is there with its size and SHA-256, and there is no other.

    Raises: BadBundleError.
    """
    try:
        contents = {MANIFEST_FILE: _read_text(folder / MANIFEST_FILE, "manifest")}
        manifest = Manifest.from_json(contents[MANIFEST_FILE])
        _check_names(folder, manifest)
        for name, entry in manifest.files.items():
            _check_file(folder / name, entry)
        for name in manifest.files.keys() & {VOCABULARY_FILE, RELEVANCE_FILE, GOLDEN_FILE}:
            contents[name] = _read_text(folder / name, "files")
            _check_digest(name, [contents[name]], manifest.files[name])
    except ManifestError as error:
        message = f"manifest gate: {error}"
        raise BadBundleError(message) from error
    except OSError as error:
        message = f"files gate: {error.filename or folder}: {error.strerror or error}"
        raise BadBundleError(message) from error
    return manifest, contents


def kind_of(folder: Path) -> BundleKind:
    """Return what kind of bundle lies in `folder`, before anything else of it is read.

    Raises: BadBundleError.
    """
    try:
        return Manifest.from_json(_read_text(folder / MANIFEST_FILE, "manifest")).kind
    except (ManifestError, OSError) as error:
        message = f"manifest gate: {error}"
        raise BadBundleError(message) from error


def _read_text(path: Path, gate: str) -> bytes:
    size = _size_of(path, gate)
    if size > _LARGEST_TEXT:
        message = f"{gate} gate: {path.name} is {size} bytes long, more than {_LARGEST_TEXT}"
        raise BadBundleError(message)
    return path.read_bytes()


def _size_of(path: Path, gate: str) -> int:
    """Return the size of a plain file; links and pipes are refused unread."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        message = f"{gate} gate: {path.name} is no plain file"
        raise BadBundleError(message)
    return found.st_size


def _check_names(folder: Path, manifest: Manifest) -> None:
    present = {path.name for path in folder.iterdir()} - {MANIFEST_FILE}
    missing, extra = manifest.files.keys() - present, present - manifest.files.keys()
    if missing or extra:
        message = f"files gate: missing {sorted(missing)[:9]}, not listed {sorted(extra)[:9]}"
        raise BadBundleError(message)


def _check_file(path: Path, entry: FileEntry) -> None:
    size = _size_of(path, "files")
    if size != entry.bytes:
        message = f"files gate: {path.name} has {size} bytes, the manifest says {entry.bytes}"
        raise BadBundleError(message)
    with path.open("rb") as file:
        _check_digest(path.name, iter(lambda: file.read(_CHUNK), b""), entry)


def _check_digest(name: str, chunks: Iterable[bytes], entry: FileEntry) -> None:
    state = hashlib.sha256()
    for chunk in chunks:
        state.update(chunk)
    if state.hexdigest() != entry.sha256:
        message = (
            f"files gate: SHA-256 of {name} is {state.hexdigest()[:16]}, "
            f"the manifest says {entry.sha256[:16]}"
        )
        raise BadBundleError(message)
