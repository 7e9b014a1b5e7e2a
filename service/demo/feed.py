"""The demo catalogue as a Google Merchant feed, in TSV or NDJSON."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, TextIO
from urllib.parse import urljoin

import orjson

from service.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from service.decision.terms import Product, Store

COLUMNS = (
    "id", "title", "description", "link", "image_link", "availability", "price", "brand",
    "product_type", "condition", "color", "material", "product_highlight", "product_detail",
)  # fmt: skip
_DETAIL_SECTION = "General"


def write_feed(products: Iterable[Product], store: Store, path: Path) -> int:
    """Write `products` to `path`, whose suffix (.tsv, .ndjson or .jsonl) decides the format.

    Returns: how many products were written.

    Raises:
        BadInputError: the suffix is another.
    """
    writers = {".tsv": _write_tsv, ".ndjson": _write_ndjson, ".jsonl": _write_ndjson}
    if path.suffix not in writers:
        message = f"a feed is .tsv, .ndjson or .jsonl, not {path.name!r}"
        raise BadInputError(message)
    rows = [feed_row(product, store) for product in products]
    with path.open("w", encoding="utf-8", newline="") as file:
        writers[path.suffix](file, rows)
    return len(rows)


def feed_row(product: Product, store: Store) -> dict[str, str | list[str]]:
    """Describe one product in Merchant feed columns; repeated fields are lists."""
    return {
        "id": product.product_id,
        "title": product.title,
        "description": product.description,
        "link": urljoin(store.site_url, product.link),
        "image_link": urljoin(store.site_url, product.image_link),
        "availability": "in_stock" if product.in_stock else "out_of_stock",
        "price": f"{product.price // 1_000_000}.{product.price // 10_000 % 100:02d} "
        f"{store.currency}",
        "brand": product.brand,
        "product_type": product.category,
        "condition": "new",
        "color": product.attributes.get("colour", ""),
        "material": product.attributes.get("material", ""),
        "product_highlight": list(product.highlights),
        "product_detail": [
            f"{_DETAIL_SECTION}:{name}:{value}" for name, value in product.attributes.items()
        ],
    }


def _write_tsv(file: TextIO, rows: list[dict[str, str | list[str]]]) -> None:
    writer = csv.writer(file, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(row[column]) for column in COLUMNS] for row in rows)


def _cell(value: str | list[str]) -> str:
    """Join repeated values by commas; one that holds a comma or quote is quoted itself."""
    if isinstance(value, str):
        return value
    quoted = ('"' + v.replace('"', '""') + '"' if set(v) & set(',"') else v for v in value)
    return ",".join(quoted)


def _write_ndjson(file: TextIO, rows: list[dict[str, str | list[str]]]) -> None:
    file.writelines(orjson.dumps(row).decode() + "\n" for row in rows)
