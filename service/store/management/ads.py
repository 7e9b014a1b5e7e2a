"""Ads of campaigns: one query a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, select, text, update

from service.store.tables import ads, campaigns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.decision.terms import Ad

_CHOSEN: Final = [column for column in ads.columns if column.name != "store_id"]
_ADD: Final = text(  # one statement, so that the snapshot's version rises once
    "INSERT INTO ads (store_id, id, campaign_id, product_id, bid_micros, active)"
    " SELECT :store_id, * FROM unnest(CAST(:ids AS text[]), CAST(:campaigns AS text[]),"
    " CAST(:products AS text[]), CAST(:bids AS bigint[]), CAST(:active AS boolean[]))"
)
_PRODUCTS: Final = text(  # held until the transaction ends: a product cannot go meanwhile
    "SELECT product_id FROM products WHERE store_id = :store_id AND product_id = ANY(:ids)"
    " ORDER BY product_id FOR KEY SHARE"
)
_SHOWN: Final = text(
    "SELECT product_id FROM ads WHERE campaign_id = :campaign_id AND product_id = ANY(:ids)"
)


async def add_ads(connection: AsyncConnection, store_id: str, rows: Sequence[Ad]) -> None:
    """Add `rows`, all of them new."""
    if rows:
        values = {
            "store_id": store_id,
            "ids": [row.ad_id for row in rows],
            "campaigns": [row.campaign_id for row in rows],
            "products": [row.product_id for row in rows],
            "bids": [row.bid for row in rows],
            "active": [row.active for row in rows],
        }
        await connection.execute(_ADD, values)


async def products_there(
    connection: AsyncConnection, store_id: str, product_ids: Sequence[str]
) -> set[str]:
    """Those of `product_ids` that the store has; they stay until the transaction ends."""
    values = {"store_id": store_id, "ids": list(product_ids)}
    return set((await connection.execute(_PRODUCTS, values)).scalars())


async def products_advertised(
    connection: AsyncConnection, campaign_id: str, product_ids: Sequence[str]
) -> set[str]:
    """Those of `product_ids` that the campaign has an ad for."""
    values = {"campaign_id": campaign_id, "ids": list(product_ids)}
    return set((await connection.execute(_SHOWN, values)).scalars())


async def count_ads(connection: AsyncConnection, campaign_id: str) -> int:
    """How many ads the campaign has."""
    statement = select(func.count()).select_from(ads).where(ads.c.campaign_id == campaign_id)
    return (await connection.execute(statement)).scalar_one()


async def ads_page(
    connection: AsyncConnection,
    store_id: str,
    only: Mapping[str, str],
    *,
    after: str,
    limit: int,
) -> list[RowMapping]:
    """Ads by id, those past `after`; `only` by campaign_id, product_id, advertiser_id."""
    named = dict(only)
    advertiser_id = named.pop("advertiser_id", None)
    here = [ads.c.store_id == store_id, ads.c.id > after]
    here += [ads.c[name] == value for name, value in named.items()]
    statement = select(*_CHOSEN).where(*here)
    if advertiser_id is not None:
        own = campaigns.c.advertiser_id == advertiser_id
        statement = statement.join(campaigns, campaigns.c.id == ads.c.campaign_id).where(own)
    found = await connection.execute(statement.order_by(ads.c.id).limit(limit))
    return list(found.mappings())


async def get_ad(
    connection: AsyncConnection, store_id: str, ad_id: str, *, lock: bool = False
) -> RowMapping | None:
    """The store's ad of this id, with its `advertiser_id`; locked, if asked."""
    statement = (
        select(*_CHOSEN, campaigns.c.advertiser_id)
        .join(campaigns, campaigns.c.id == ads.c.campaign_id)
        .where(ads.c.id == ad_id, ads.c.store_id == store_id)
    )
    if lock:
        statement = statement.with_for_update(of=ads)
    return (await connection.execute(statement)).mappings().one_or_none()


async def change_ad(connection: AsyncConnection, ad_id: str, values: Mapping[str, Any]) -> None:
    """Give it these `values`."""
    await connection.execute(update(ads).where(ads.c.id == ad_id).values(**values))


async def remove_ad(connection: AsyncConnection, ad_id: str) -> None:
    """Remove it; what it cost stays on record."""
    await connection.execute(delete(ads).where(ads.c.id == ad_id))
