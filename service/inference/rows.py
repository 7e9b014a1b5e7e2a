"""The rows that a model keeps of products and phrases, computed when they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from service.contract.prices import price_z

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, TextTable
    from service.decision.terms import Product
    from service.inference.bundle import Bundle

BATCH: Final = 2048


def item_rows(bundle: Bundle, products: Sequence[Product]) -> NDArray[Any]:
    """Return one structured row a product, which depends on nothing but title and price.

    Fields: `vector` from item.onnx, and what matching needs of the title. Save it as it is.
    """
    titles = [product.title for product in products]
    prices = [price_z(product.price) for product in products]
    vectors = item_vectors(bundle, titles, prices)
    return _joined(bundle.encoder.title_table(titles), vectors)


def phrase_rows(bundle: Bundle, phrases: Sequence[str]) -> NDArray[Any]:
    """Return one structured row a phrase, which depends on nothing but its text."""
    return _joined(bundle.encoder.phrase_table(phrases), phrase_vectors(bundle, phrases))


def item_vectors(bundle: Bundle, titles: Sequence[str], prices: Sequence[float]) -> FloatArray:
    """Return item vectors (N, Di), computed in batches."""
    starts = range(0, max(len(titles), 1), BATCH)
    return np.concatenate(
        [
            bundle.item_vectors(titles[start : start + BATCH], prices[start : start + BATCH])
            for start in starts
        ]
    )


def phrase_vectors(bundle: Bundle, texts: Sequence[str]) -> FloatArray:
    """Return phrase vectors (N, Ds), computed in batches."""
    starts = range(0, max(len(texts), 1), BATCH)
    return np.concatenate([bundle.phrase_vectors(texts[s : s + BATCH]) for s in starts])


def _of(table: np.dtype[np.void], name: str) -> tuple[Any, tuple[int, ...]]:
    field = table[name]
    return field.base, field.shape


def _joined(table: TextTable, vectors: FloatArray) -> NDArray[Any]:
    described = [(name, *_of(table.dtype, name)) for name in table.dtype.names or ()]
    rows = np.zeros(len(table), [("vector", np.float32, (vectors.shape[1],)), *described])
    rows["vector"] = vectors
    for name in table.dtype.names or ():
        rows[name] = table[name]
    return rows
