"""Products: one query a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, and_, func, or_, select

from service.store.tables import ads, campaigns, products

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_CHOSEN: Final = [column for column in products.columns if column.name != "store_id"]
# as `decision.reading.fold_category` compares paths
_FOLDED: Final = func.lower(func.regexp_replace(products.c.category, r"\s*>\s*", ">", "g"))


async def products_page(
    connection: AsyncConnection,
    store_id: str,
    only: Mapping[str, object],
    *,
    after: str,
    limit: int,
) -> list[RowMapping]:
    """Products by id, those past `after`; `only` by brand, in_stock, category, updated_since.

    A category is given folded, and holds all that lie under it.
    """
    here = [products.c.store_id == store_id, products.c.product_id > after]
    here += [_condition(name, value) for name, value in only.items()]
    statement = select(*_CHOSEN).where(*here).order_by(products.c.product_id).limit(limit)
    return list((await connection.execute(statement)).mappings())


def _condition(name: str, value: object) -> ColumnElement[bool]:
    if name == "category":
        under = _FOLDED.startswith(f"{value}>", autoescape=True)
        return or_(value == _FOLDED, under)
    if name == "updated_since":
        return products.c.updated_at >= value
    return products.c[name] == value


async def get_product(
    connection: AsyncConnection, store_id: str, product_id: str, *, lock: bool = False
) -> RowMapping | None:
    """The store's product of this id; locked, if asked."""
    here = and_(products.c.store_id == store_id, products.c.product_id == product_id)
    statement = select(*_CHOSEN).where(here)
    if lock:
        statement = statement.with_for_update()
    return (await connection.execute(statement)).mappings().one_or_none()


async def advertisers_of(
    connection: AsyncConnection, store_id: str, product_id: str
) -> tuple[str, ...]:
    """The merchants who have ads for the product, sorted."""
    statement = (
        select(campaigns.c.advertiser_id)
        .join(ads, campaigns.c.id == ads.c.campaign_id)
        .where(ads.c.store_id == store_id, ads.c.product_id == product_id)
        .distinct()
    )
    return tuple(sorted(await connection.scalars(statement)))


async def is_advertised_by(
    connection: AsyncConnection, store_id: str, product_id: str, advertiser_id: str
) -> bool:
    """Whether that merchant has an ad for the product."""
    statement = (
        select(ads.c.id)
        .join(campaigns, campaigns.c.id == ads.c.campaign_id)
        .where(
            ads.c.store_id == store_id,
            ads.c.product_id == product_id,
            campaigns.c.advertiser_id == advertiser_id,
        )
        .limit(1)
    )
    return (await connection.execute(statement)).first() is not None
