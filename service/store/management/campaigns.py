"""Campaigns: one query a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    update,
)

from service.store.money_tables import charges
from service.store.tables import campaigns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_NAMES = (
    "id", "advertiser_id", "name", "status", "bid_micros", "budget_micros", "spent_micros",
    "starts_at", "ends_at", "platforms", "created_at", "updated_at", "daily_budget_micros",
    "time_zone", "schedule", "pricing", "pacing", "target_roas_ppm", "cap_impressions",
    "cap_seconds", "attribution_days", "view_through_hours",
)  # fmt: skip
_SPENT_TODAY: ColumnElement[int] = literal_column(  # as text, so that it may be RETURNING, too
    "coalesce((SELECT days.spent_micros FROM campaign_days AS days"
    " WHERE days.campaign_id = campaigns.id AND days.day ="
    " CAST(clock_timestamp() AT TIME ZONE campaigns.time_zone AS date)), 0)",
    BigInteger,
).label("spent_today_micros")
_CHOSEN = [*(campaigns.c[name] for name in _NAMES), _SPENT_TODAY]


async def add_campaign(
    connection: AsyncConnection, store_id: str, values: Mapping[str, Any]
) -> RowMapping:
    """The new row, paused."""
    statement = insert(campaigns).values(store_id=store_id, **values).returning(*_CHOSEN)
    return (await connection.execute(statement)).mappings().one()


async def get_campaign(
    connection: AsyncConnection, store_id: str, campaign_id: str
) -> RowMapping | None:
    """The store's campaign of this id."""
    statement = select(*_CHOSEN).where(_here(store_id, campaign_id))
    return (await connection.execute(statement)).mappings().one_or_none()


async def lock_campaign(
    connection: AsyncConnection, store_id: str, campaign_id: str, *, to_delete: bool = False
) -> RowMapping | None:
    """As `get_campaign`, and until the transaction ends nobody changes or charges it.

    `to_delete` also holds up new ads and keywords of it.
    """
    statement = select(*_CHOSEN).where(_here(store_id, campaign_id))
    locked = statement.with_for_update(key_share=not to_delete, of=campaigns)
    return (await connection.execute(locked)).mappings().one_or_none()


async def campaigns_page(
    connection: AsyncConnection,
    store_id: str,
    only: Mapping[str, str],
    *,
    after: str,
    limit: int,
) -> list[RowMapping]:
    """Campaigns by id, those past `after` whose columns are as `only` says."""
    columns = campaigns.c
    statement = select(*_CHOSEN).where(
        columns.store_id == store_id,
        columns.id > after,
        *(columns[name] == value for name, value in only.items()),
    )
    found = await connection.execute(statement.order_by(columns.id).limit(limit))
    return list(found.mappings())


async def change_campaign(
    connection: AsyncConnection, store_id: str, campaign_id: str, values: Mapping[str, Any]
) -> RowMapping:
    """The row with its new `values`; there must be one."""
    statement = update(campaigns).where(_here(store_id, campaign_id))
    changed = statement.values(**values, updated_at=func.now()).returning(*_CHOSEN)
    return (await connection.execute(changed)).mappings().one()


async def remove_campaign(connection: AsyncConnection, store_id: str, campaign_id: str) -> None:
    """Remove it with its ads and keywords. Postgres refuses it where there are charges."""
    await connection.execute(delete(campaigns).where(_here(store_id, campaign_id)))


async def has_charges(connection: AsyncConnection, campaign_id: str) -> bool:
    """Whether the campaign ever paid for anything."""
    statement = select(exists().where(charges.c.campaign_id == campaign_id))
    return (await connection.execute(statement)).scalar_one()


async def count_campaigns(connection: AsyncConnection, store_id: str, advertiser_id: str) -> int:
    """How many campaigns the advertiser has, ended ones too."""
    columns = campaigns.c
    here = (columns.store_id == store_id, columns.advertiser_id == advertiser_id)
    statement = select(func.count()).select_from(campaigns).where(*here)
    return (await connection.execute(statement)).scalar_one()


def _here(store_id: str, campaign_id: str) -> ColumnElement[bool]:
    return (campaigns.c.id == campaign_id) & (campaigns.c.store_id == store_id)
