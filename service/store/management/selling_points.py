"""Verdicts on selling points: one query a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert

from service.decision.verdicts import PointState
from service.store.selling_point_tables import selling_point_verdicts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.decision.verdicts import Verdict


async def drop_verdicts(
    connection: AsyncConnection, store_id: str, product_id: str, ids: Sequence[str]
) -> None:
    """Forget what was said of these selling points of the product."""
    columns = selling_point_verdicts.c
    here = (columns.store_id == store_id, columns.product_id == product_id)
    if ids:
        statement = delete(selling_point_verdicts)
        await connection.execute(statement.where(*here, columns.selling_point_id.in_(ids)))


async def add_verdicts(
    connection: AsyncConnection,
    store_id: str,
    product_id: str,
    verdicts: Sequence[Verdict],
    advertiser_id: str | None,
) -> None:
    """Keep what the merchant, or the store, said; `suggested` is nothing."""
    rows = [
        {
            "store_id": store_id,
            "product_id": product_id,
            "selling_point_id": verdict.selling_point_id,
            "text": verdict.text,
            "state": verdict.state.value,
            "advertiser_id": advertiser_id,
        }
        for verdict in verdicts
        if verdict.state != PointState.SUGGESTED
    ]
    if rows:
        await connection.execute(insert(selling_point_verdicts), rows)
