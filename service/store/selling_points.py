"""What people said of selling points, as snapshots and servers need it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, text

from service.decision.point_rules import STORE, PointRules
from service.decision.verdicts import PointState, Verdict
from service.store.selling_point_tables import selling_point_rules, selling_point_verdicts
from service.store.tables import products

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

Said = dict[str, tuple[Verdict, ...]]
"""Verdicts by product id."""

_RECENT: Final = text(
    "SELECT store_id, product_id, text FROM selling_point_verdicts"
    " WHERE state = 'banned' AND updated_at > now() - make_interval(secs => :seconds)"
)


async def load_verdicts(
    connection: AsyncConnection, store_id: str, product_id: str | None = None
) -> Said:
    """All that was said in the store, or of one product."""
    columns = selling_point_verdicts.c
    here = [columns.store_id == store_id]
    if product_id is not None:
        here.append(columns.product_id == product_id)
    statement = select(
        columns.product_id, columns.selling_point_id, columns.text, columns.state
    ).where(*here)
    found: defaultdict[str, list[Verdict]] = defaultdict(list)
    ordered = statement.order_by(columns.product_id, columns.selling_point_id)
    for product, point, phrase, state in await connection.execute(ordered):
        found[product].append(Verdict(point, phrase, PointState(state)))
    return {product: tuple(verdicts) for product, verdicts in found.items()}


async def load_point_rules(connection: AsyncConnection, store_id: str) -> dict[str, PointRules]:
    """The rules of the store and of each of its merchants, by whose they are."""
    columns = selling_point_rules.c
    statement = select(
        columns.advertiser_id, columns.banned, columns.allowed, columns.opted_out
    ).where(columns.store_id == store_id)
    return {
        row.advertiser_id or STORE: PointRules(
            tuple(row.banned), tuple(row.allowed), row.opted_out
        )
        for row in await connection.execute(statement)
    }


async def load_brands(connection: AsyncConnection, store_id: str) -> frozenset[str]:
    """Every brand that the store sells, in lower case."""
    column = products.c.brand
    statement = select(column).where(products.c.store_id == store_id, column != "").distinct()
    return frozenset({brand.casefold() for brand in await connection.scalars(statement)})


async def recent_bans(connection: AsyncConnection, seconds: float) -> list[tuple[str, str, str]]:
    """Store, product and text of each phrase that was banned in the last `seconds`."""
    rows = await connection.execute(_RECENT, {"seconds": seconds})
    return [(row.store_id, row.product_id, row.text) for row in rows]
