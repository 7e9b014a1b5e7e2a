"""Campaigns: one query a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from service.store.tables import campaigns

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def count_campaigns(connection: AsyncConnection, store_id: str, advertiser_id: str) -> int:
    """How many campaigns the advertiser has, ended ones too."""
    columns = campaigns.c
    here = (columns.store_id == store_id, columns.advertiser_id == advertiser_id)
    statement = select(func.count()).select_from(campaigns).where(*here)
    return (await connection.execute(statement)).scalar_one()
