"""Snapshots as folders of arrays: written once, mapped by every server.

A store's folder holds one folder a snapshot and the file CURRENT, which names the one in use:

    <store>/CURRENT
    <store>/<version>/meta.json          store, placements, keys; each array's size and hash
    <store>/<version>/ads.bid.npy ...    one file an array; equal arrays are hard links
"""

from __future__ import annotations

import os
import shutil
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import orjson

from service.errors import BadSnapshotError
from service.store.snapshot_meta import ArrayFile, Meta, arrays_of, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from service.decision.snapshot import Snapshot

META = "meta.json"
CURRENT = "CURRENT"
READ_BYTES = 64 * 1024
"""Up to this size a file is read: a mapping holds a descriptor for as long as it lives."""


def write_snapshot(snapshot: Snapshot, folder: Path, *, previous: Path | None = None) -> Path:
    """Write `snapshot` under the store's `folder` and return its own folder.

    Arrays equal to those of the snapshot in `previous` are linked, not written again. The folder
    appears in one step, whole. One that is there already under that version is kept.
    """
    final = folder / snapshot.version
    if final.exists():
        return final
    draft = folder / f".{snapshot.version}.{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    known = _hashes(previous)
    files: dict[str, ArrayFile] = {}
    for name, array in arrays_of(snapshot).items():
        files[name] = _write_array(array, draft / f"{name}.npy", known)
    _write_bytes(draft / META, orjson.dumps(Meta.of(snapshot, files).to_json()))
    _sync(draft)
    draft.rename(final)
    _sync(folder)
    return final


def map_snapshot(folder: Path) -> Snapshot:
    """Map the snapshot in `folder` into memory.

    Raises:
        BadSnapshotError: a file is missing, torn, truncated or of another format.
    """
    try:
        meta = Meta.from_json(orjson.loads((folder / META).read_bytes()))
        arrays = {name: _map_array(folder / f"{name}.npy", it) for name, it in meta.files.items()}
        return snapshot_of(meta, arrays)
    except BadSnapshotError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadSnapshotError(f"the snapshot in {folder} cannot be read: {error!r}") from error


def changed_arrays(before: Path, after: Path) -> set[str] | None:
    """The names of the arrays that are not the same in both snapshots; None if one is gone."""
    earlier, later = _files(before), _files(after)
    if not earlier or not later:
        return None
    return {name for name, _ in earlier.items() ^ later.items()}


def point_to(folder: Path) -> None:
    """Make the snapshot in `folder` the current one of its store, in one step."""
    draft = folder.parent / f".{CURRENT}.{os.getpid()}"
    _write_bytes(draft, folder.name.encode())
    draft.replace(folder.parent / CURRENT)
    _sync(folder.parent)


def current_snapshot(store_folder: Path) -> Path | None:
    """The folder of the store's current snapshot; None before the first."""
    try:
        version = (store_folder / CURRENT).read_text()
    except FileNotFoundError:
        return None
    folder = store_folder / version
    return folder if version and folder.parent == store_folder and folder.is_dir() else None


def _hashes(previous: Path | None) -> dict[str, Path]:
    """Hash -> file, of the arrays of an earlier snapshot; nothing if it cannot be read."""
    if previous is None:
        return {}
    return {file.blake2b: previous / f"{name}.npy" for name, file in _files(previous).items()}


def _files(folder: Path) -> Mapping[str, ArrayFile]:
    """What the snapshot in `folder` says of its arrays; nothing if it cannot be read."""
    try:
        return Meta.from_json(orjson.loads((folder / META).read_bytes())).files
    except (OSError, ValueError, KeyError, TypeError, BadSnapshotError):
        return {}


def _write_array(array: NDArray[Any], path: Path, known: dict[str, Path]) -> ArrayFile:
    array = np.ascontiguousarray(array)
    head = f"{array.dtype.descr}{array.shape}".encode()
    digest = blake2b(head + b"\0", digest_size=16)
    digest.update(array.view(np.uint8).data if array.size else b"")
    earlier = known.get(digest.hexdigest())
    if earlier is None or not _link(earlier, path):
        with path.open("wb") as file:
            np.save(file, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
    return ArrayFile(path.stat().st_size, digest.hexdigest())


def _link(earlier: Path, path: Path) -> bool:
    try:
        path.hardlink_to(earlier)
    except OSError:  # gone, another file system, or none that can link
        return False
    return True


def _map_array(path: Path, file: ArrayFile) -> NDArray[Any]:
    size = path.stat().st_size
    if size != file.size:
        raise BadSnapshotError(f"{path} has {size} bytes, its snapshot says {file.size}")
    mode: Literal["r"] | None = "r" if size > READ_BYTES else None
    array: NDArray[Any] = np.load(path, mmap_mode=mode, allow_pickle=False)
    # a plain view of the mapping: np.memmap's own indexing is ten times as slow
    plain = np.asarray(array).view(np.ndarray)
    plain.flags.writeable = False
    return plain


def _write_bytes(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Make names in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
