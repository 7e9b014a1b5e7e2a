"""Real titles of four catalogues, with the names in them and what may be said of each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from service.decision.plain import plain
from service.decision.terms import Micros, Product
from tests.benchmarks.made_titles import Made
from tests.benchmarks.real_titles import denied_words
from tests.benchmarks.title_rules import singular_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from random import Random

A_SHOP: Final = 20  # products
_NUMBERED: Final = re.compile(r"[^\s,;:()\[\]\"'“”]*\d[^\s,;:()\[\]\"'“”]*")
_COLUMNS: Final = {
    "synth_items": ("title", "sp_candidates"),
    "catalog_flipkart": ("product_name", "brand"),
    "catalog_pricerunner": ("product_title", "cluster_label", "category_label"),
    "catalog_fashion": ("productDisplayName", "usage", "season", "baseColour", "gender"),
}


def real_products(folder: Path, chance: Random) -> Iterator[list[Made]]:
    """Shops of products drawn from the catalogues in `folder`, for ever."""
    files = {
        name: pl.read_parquet(folder / f"{name}.parquet", columns=list(columns)).to_dicts()
        for name, columns in _COLUMNS.items()
    }
    while True:
        yield [_made(n, *_drawn(files, chance)) for n in range(A_SHOP)]


def _drawn(
    files: Mapping[str, list[dict[str, Any]]], chance: Random
) -> tuple[str, dict[str, Any]]:
    name = chance.choice(list(files))
    return name, chance.choice(files[name])


def _made(number: int, catalogue: str, row: Mapping[str, Any]) -> Made:
    title_column, *others = _COLUMNS[catalogue]
    title = row[title_column] or "-"
    highlights = tuple(row.get("sp_candidates") or ())
    brand = _brand(row)
    attributes = {
        name: str(row[name]) for name in others if name not in {"sp_candidates", "brand"}
    }
    product = Product(
        f"p{number}",
        title,
        f"/p/{number}",
        Micros(1_000_000),
        brand=brand,
        highlights=highlights,
        attributes=attributes,
    )
    shown = plain(title)
    said = re.search(rf"(?<!\w){re.escape(brand)}(?!\w)", shown, re.IGNORECASE) if brand else None
    names = {word.strip(".-–/") for word in _NUMBERED.findall(shown)} | (
        {said[0]} if said else set()
    )
    denied = denied_words(shown)
    claims = {*highlights, *attributes.values()}
    return Made(
        product,
        tuple(name for name in names if name),
        frozenset(claims),
        frozenset(claim for claim in claims if singular_words(claim) & denied),
    )


def _brand(row: Mapping[str, Any]) -> str:
    brand = row.get("brand") or (row.get("cluster_label") or "").split(" ")[0]
    return str(brand)
