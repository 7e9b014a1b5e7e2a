"""The training set: parquet files of what was known at one moment."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from sqlalchemy import select

from service.contract.prices import price_z
from service.decision.attest import attest
from service.decision.language import language_of
from service.errors import BadInputError
from service.store.catalogue import load_catalogue
from service.store.tables import stores
from service.worker.layouts import training_rows
from service.worker.numbering import number_all
from service.worker.raw_log import read_log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.decision.language import Language
    from service.decision.terms import Product

ITEMS = pl.Schema(
    {
        "product_uid": pl.Int64(),
        "title": pl.String(),
        "sp_candidates": pl.List(pl.String()),
        "price_z": pl.Float64(),
    }
)
CATALOGUE = pl.Schema(
    {
        "category": pl.String(),
        "title": pl.String(),
        "description": pl.String(),
        "attributes": pl.List(pl.Struct({"name": pl.String(), "value": pl.String()})),
    }
)


@dataclass(frozen=True, slots=True)
class Exported:
    """How many rows each file holds, and how many were left out, by why."""

    facets: int
    clicks: int
    items: int
    left_out: dict[str, int]


async def export_training_set(
    engine: AsyncEngine, out: Path, *, store_id: str | None = None, until: float | None = None
) -> Exported:
    """Write what training and tests of arms read of one store, as of `until` (Unix seconds).

    Only consenting shoppers, only valid events, only what was known before `until`. Product ids
    that are whole numbers stay; `products.parquet` names the others' numbers.

    Raises: BadInputError if `store_id` is not given and there is not exactly one store.
    """
    moment = time.time() if until is None else until
    async with engine.connect() as connection:
        # one view of the database for all three files
        await connection.execution_options(isolation_level="REPEATABLE READ")
        chosen = store_id or await _only_store(connection)
        catalogue = await load_catalogue(connection, chosen)
        log = await read_log(connection, chosen, until=moment)
    items, products = _items(catalogue.products, language_of(catalogue.store.locale))
    rows = training_rows(log, products={product.product_id for product in catalogue.products})
    _write(
        out,
        facets=rows.facets,
        clicks=rows.clicks,
        items=items,
        products=products,
        catalogue=_catalogue(catalogue.products),
        experiments=rows.experiments,
    )
    return Exported(rows.facets.height, rows.clicks.height, items.height, rows.left_out)


def _write(out: Path, **files: pl.DataFrame) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, frame in files.items():
        frame.write_parquet(out / f"{name}.parquet", compression="zstd")


async def _only_store(connection: AsyncConnection) -> str:
    found = (await connection.execute(select(stores.c.id).order_by(stores.c.id))).scalars().all()
    if len(found) != 1:
        raise BadInputError(f"name one of the {len(found)} stores: {', '.join(found[:10])}")
    return str(found[0])


def _catalogue(products: Sequence[Product]) -> pl.DataFrame:
    """The products with their attributes, as `python -m training extraction` reads them."""
    rows = [
        (
            product.category,
            product.title,
            product.description,
            [{"name": name, "value": value} for name, value in product.attributes.items()],
        )
        for product in products
    ]
    return pl.DataFrame(rows, schema=CATALOGUE, orient="row")


def _items(products: Sequence[Product], language: Language) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The items in their layout, and the numbers of their product ids."""
    numbers = number_all(product.product_id for product in products)
    rows = [
        (
            numbers[product.product_id],
            product.title,
            [point.text for point in attest(product, language)],
            price_z(product.price),
        )
        for product in products
    ]
    items = pl.DataFrame(rows, schema=ITEMS, orient="row").sort("product_uid")
    names = pl.DataFrame(
        {"product_uid": list(numbers.values()), "product_id": list(numbers)},
        schema={"product_uid": pl.Int64, "product_id": pl.String},
    )
    return items, names.sort("product_uid")
