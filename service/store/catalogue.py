"""A store's catalogue: the shop itself, its products, and all that a snapshot is built from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import orjson
from psycopg.types.json import Jsonb
from sqlalchemy import Double, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from service.decision.snapshot import Catalogue
from service.decision.terms import Micros, Product, Store
from service.errors import UnknownStoreError
from service.store.campaigns import load_ads, load_campaigns, load_placements
from service.store.copying import copy_in
from service.store.experiments import load_experiments
from service.store.keys import list_keys
from service.store.selling_points import load_point_rules, load_verdicts
from service.store.tables import products, stores

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

_COLUMNS: Final = (
    "product_id",
    "title",
    "link",
    "price_micros",
    "description",
    "brand",
    "category",
    "image_link",
    "in_stock",
    "highlights",
    "attributes",
)
_TOLD_AT: Final = func.extract("epoch", products.c.updated_at).cast(Double)
_CHOSEN: Final = [*(products.c[name] for name in _COLUMNS), _TOLD_AT]
_DATA: Final = ", ".join(_COLUMNS[1:])
_EXCLUDED: Final = ", ".join(f"excluded.{name}" for name in _COLUMNS[1:])
_HELD: Final = ", ".join(f"products.{name}" for name in _COLUMNS[1:])
_UPSERT: Final = (  # only rows that change are written, so an equal feed makes no new version
    f"INSERT INTO products (store_id, {', '.join(_COLUMNS)})"
    # in one order, so that two imports never wait for each other in a ring
    f" SELECT %s, {', '.join(_COLUMNS)} FROM incoming_products ORDER BY product_id"
    f" ON CONFLICT (store_id, product_id) DO UPDATE"
    f" SET ({_DATA}, updated_at) = ({_EXCLUDED}, now())"
    f" WHERE ({_HELD}) IS DISTINCT FROM ({_EXCLUDED})"
)


async def put_store(connection: AsyncConnection, store: Store) -> None:
    """Make the store, or change it."""
    values = {
        "name": store.name,
        "currency": store.currency,
        "locale": store.locale,
        "site_url": store.site_url,
    }
    statement = insert(stores).values(id=store.store_id, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


async def list_stores(connection: AsyncConnection) -> list[Store]:
    """All stores, oldest first."""
    columns = stores.c
    statement = select(
        columns.id, columns.name, columns.currency, columns.locale, columns.site_url
    ).order_by(columns.created_at, columns.id)
    return [Store(*row) for row in await connection.execute(statement)]


async def get_store(connection: AsyncConnection, store_id: str) -> Store:
    """The store of that id.

    Raises: UnknownStoreError.
    """
    columns = stores.c
    statement = select(
        columns.id, columns.name, columns.currency, columns.locale, columns.site_url
    ).where(columns.id == store_id)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise UnknownStoreError(store_id)
    return Store(*row)


async def catalogue_version(connection: AsyncConnection, store_id: str) -> int:
    """The number that every write to the store's catalogue raises.

    Raises: UnknownStoreError.
    """
    statement = select(stores.c.catalogue_version).where(stores.c.id == store_id)
    found = (await connection.execute(statement)).scalar_one_or_none()
    if found is None:
        raise UnknownStoreError(store_id)
    return int(found)


async def put_products(
    connection: AsyncConnection, store_id: str, batch: Iterable[Product]
) -> int:
    """Insert or update products; of two with one id the later counts.

    Returns: how many are new or changed.
    """
    last = {product.product_id: product for product in batch}
    if not last:
        return 0
    rows = (_row(store_id, product) for product in last.values())
    cursor = await copy_in(connection, products, ("store_id", *_COLUMNS), rows)
    await cursor.execute(_UPSERT, [store_id])
    return cursor.rowcount


def _row(store_id: str, product: Product) -> tuple[object, ...]:
    return (
        store_id,
        product.product_id,
        product.title,
        product.link,
        product.price,
        product.description,
        product.brand,
        product.category,
        product.image_link,
        product.in_stock,
        list(product.highlights),
        Jsonb(dict(product.attributes), dumps=orjson.dumps),
    )


async def list_products(
    connection: AsyncConnection, store_id: str, *, after: str = "", limit: int = 100
) -> list[Product]:
    """A page of products in the order of their ids, those past `after`."""
    statement = (
        select(*_CHOSEN)
        .where(products.c.store_id == store_id, products.c.product_id > after)
        .order_by(products.c.product_id)
        .limit(limit)
    )
    return [_product(row) for row in await connection.execute(statement)]


async def get_products(
    connection: AsyncConnection, store_id: str, product_ids: Sequence[str]
) -> dict[str, Product]:
    """Those of `product_ids` that there are, by id."""
    here = products.c.product_id.in_(bindparam("ids", expanding=True))
    statement = select(*_CHOSEN).where(products.c.store_id == store_id, here)
    found = await connection.execute(statement, {"ids": list(product_ids)})
    return {row[0]: _product(row) for row in found}


async def count_products(connection: AsyncConnection, store_id: str) -> int:
    """How many products the store has."""
    statement = select(func.count()).select_from(products).where(products.c.store_id == store_id)
    return (await connection.execute(statement)).scalar_one()


async def delete_products(
    connection: AsyncConnection, store_id: str, product_ids: Sequence[str]
) -> int:
    """Remove products, and with them their ads; returns how many there were."""
    here = products.c.product_id.in_(bindparam("ids", expanding=True))
    statement = delete(products).where(products.c.store_id == store_id, here)
    return (await connection.execute(statement, {"ids": list(product_ids)})).rowcount


def _product(row: Any) -> Product:
    *plain, in_stock, highlights, attributes, told_at = row
    product_id, title, link, price, description, brand, category, image_link = plain
    return Product(
        product_id=product_id,
        title=title,
        link=link,
        price=Micros(price),
        description=description,
        brand=brand,
        category=category,
        image_link=image_link,
        in_stock=in_stock,
        highlights=tuple(highlights),
        attributes=attributes,
        told_at=told_at,
    )


async def load_catalogue(connection: AsyncConnection, store_id: str) -> Catalogue:
    """All that a snapshot of the store is built from.

    Read it in one REPEATABLE READ transaction: the version is then that of the rows.
    Raises: UnknownStoreError.
    """
    version = await catalogue_version(connection, store_id)
    whole = select(*_CHOSEN).where(products.c.store_id == store_id).order_by(products.c.product_id)
    return Catalogue(
        store=await get_store(connection, store_id),
        version=version,
        products=[_product(row) for row in await connection.execute(whole)],
        # a snapshot outlives midnights and refunds: what is used up is told beside it
        campaigns=[
            replace(one, spent=Micros(0)) for one in await load_campaigns(connection, store_id)
        ],
        ads=await load_ads(connection, store_id),
        placements=await load_placements(connection, store_id),
        keys=await list_keys(connection, store_id),
        verdicts=await load_verdicts(connection, store_id),
        point_rules=await load_point_rules(connection, store_id),
        experiments=await load_experiments(connection, store_id),
    )
