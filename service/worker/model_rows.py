"""The rows that models keep of products and phrases, computed only where the content is new."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from service.inference.rows import item_rows, phrase_rows
from service.worker.bundles import RANKER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from service.decision.snapshot import BundleRef, Snapshot
    from service.inference.bundle import Bundle
    from service.worker.bundles import Used

Keys = NDArray[np.uint64]  # (N, 2) a hash of each content
Rows = NDArray[Any]

ITEM_ROWS = "ranker.item"
PHRASE_ROWS = "selling-points.phrase"
BATCH = 4096
"""Contents given to a model at once: bounds the memory of a large catalogue."""


def model_arrays(snapshot: Snapshot, used: Used, previous: Snapshot | None) -> dict[str, Rows]:
    """The models' rows for what `snapshot` holds, beside the hash of what each was made of.

    A row is copied from `previous` where the same bundle made it of the same content.
    """
    arrays: dict[str, Rows] = {}
    for name, (ref, bundle) in used.items():
        made = _items if name == RANKER else _phrases
        arrays |= made(snapshot, bundle, _rows_by(ref, previous))
    return arrays


def _rows_by(ref: BundleRef, previous: Snapshot | None) -> Mapping[str, Rows]:
    """The arrays of `previous` if this very bundle made its rows."""
    return previous.models if previous and ref in previous.bundles else {}


def _items(snapshot: Snapshot, bundle: Bundle, old: Mapping[str, Rows]) -> dict[str, Rows]:
    titles, prices = snapshot.products.titles.all(), snapshot.products.price.tolist()
    pairs = zip(titles, prices, strict=True)
    keys = content_keys([f"{price}\0{title}" for title, price in pairs])
    return _arrays(
        ITEM_ROWS,
        keys,
        old,
        lambda rows: item_rows(bundle, [snapshot.product(row) for row in rows.tolist()]),
    )


def _phrases(snapshot: Snapshot, bundle: Bundle, old: Mapping[str, Rows]) -> dict[str, Rows]:
    phrases = snapshot.every_phrase()
    keys = content_keys(phrases)
    return _arrays(
        PHRASE_ROWS, keys, old, lambda rows: phrase_rows(bundle, [phrases[row] for row in rows])
    )


def _arrays(
    name: str, keys: Keys, old: Mapping[str, Rows], compute: Callable[[NDArray[np.int64]], Rows]
) -> dict[str, Rows]:
    key_name = f"{name}.key"
    if name in old and key_name in old:
        rows = reuse_rows(keys, old[key_name], old[name], compute)
    else:
        rows = compute_in_batches(np.arange(len(keys)), compute)
    return {name: rows, key_name: keys}


def content_keys(contents: Sequence[str]) -> Keys:
    """Hash each content to 128 bits: (N, 2)."""
    digests = b"".join(blake2b(text.encode(), digest_size=16).digest() for text in contents)
    return np.frombuffer(digests, np.uint64).reshape(-1, 2)


def reuse_rows(
    keys: Keys, old_keys: Keys, old_rows: Rows, compute: Callable[[NDArray[np.int64]], Rows]
) -> Rows:
    """Rows for `keys`, copied from `old_rows` where the content was there before.

    `compute(indices)` gives the rows of the contents at `indices`; it is asked for the new ones.
    """
    if np.array_equal(keys, old_keys):
        return old_rows
    place = {key.tobytes(): row for row, key in enumerate(old_keys)}
    found = np.fromiter((place.get(key.tobytes(), -1) for key in keys), np.int64, len(keys))
    new, kept = np.flatnonzero(found < 0), np.flatnonzero(found >= 0)
    rows = np.empty((len(keys), *old_rows.shape[1:]), old_rows.dtype)
    if len(new):
        rows[new] = compute_in_batches(new, compute)
    rows[kept] = old_rows[found[kept]]
    return rows


def compute_in_batches(
    indices: NDArray[np.int64], compute: Callable[[NDArray[np.int64]], Rows]
) -> Rows:
    """Join `compute` of runs of `indices`; one run at least, so that the dtype is known."""
    starts = range(0, max(len(indices), 1), BATCH)
    return np.concatenate([compute(indices[start : start + BATCH]) for start in starts])
