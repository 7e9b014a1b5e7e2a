"""Webhooks: one query a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, text, update

from service.store.webhook_tables import webhook_deliveries, webhook_events, webhooks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_SHOWN: Final = [one for one in webhooks.columns if one.name not in {"store_id", "secret"}]
_DELIVERY: Final = [
    *(one for one in webhook_deliveries.columns if one.name != "webhook_id"),
    webhook_events.c.type,
]
_GIVE_UP: Final = text(
    "UPDATE webhook_deliveries SET status = 'given_up', next_try_at = NULL,"
    " last_error = 'the webhook was switched off'"
    " WHERE webhook_id = :webhook_id AND status = 'waiting'"
)


async def add_webhook(
    connection: AsyncConnection, store_id: str, values: Mapping[str, Any]
) -> RowMapping:
    """The new row."""
    statement = insert(webhooks).values(store_id=store_id, **values).returning(*_SHOWN)
    return (await connection.execute(statement)).mappings().one()


async def count_webhooks(
    connection: AsyncConnection, store_id: str, advertiser_id: str | None
) -> int:
    """How many the merchant has, or the shop itself."""
    here = (
        webhooks.c.store_id == store_id,
        webhooks.c.advertiser_id.is_not_distinct_from(advertiser_id),
    )
    statement = select(func.count()).select_from(webhooks).where(*here)
    return (await connection.execute(statement)).scalar_one()


async def get_webhook(
    connection: AsyncConnection, store_id: str, webhook_id: str, *, lock: bool = False
) -> RowMapping | None:
    """The store's webhook of this id; locked until the transaction ends, if asked."""
    statement = select(*_SHOWN).where(_here(store_id, webhook_id))
    if lock:
        statement = statement.with_for_update()
    return (await connection.execute(statement)).mappings().one_or_none()


async def webhooks_page(
    connection: AsyncConnection, store_id: str, only: str | None, *, after: str, limit: int
) -> list[RowMapping]:
    """Webhooks by id, those past `after`; `only` is the merchant whose they are."""
    columns = webhooks.c
    statement = select(*_SHOWN).where(columns.store_id == store_id, columns.id > after)
    if only is not None:
        statement = statement.where(columns.advertiser_id == only)
    found = await connection.execute(statement.order_by(columns.id).limit(limit))
    return list(found.mappings())


async def change_webhook(
    connection: AsyncConnection, store_id: str, webhook_id: str, values: Mapping[str, Any]
) -> RowMapping:
    """The row with its new values; there must be one."""
    here = _here(store_id, webhook_id)
    statement = update(webhooks).where(here).values(values).returning(*_SHOWN)
    return (await connection.execute(statement)).mappings().one()


async def give_up_waiting(connection: AsyncConnection, webhook_id: str) -> None:
    """Give up what waits for a webhook that was switched off."""
    await connection.execute(_GIVE_UP, {"webhook_id": webhook_id})


async def remove_webhook(connection: AsyncConnection, store_id: str, webhook_id: str) -> None:
    """Remove it, with its deliveries."""
    await connection.execute(delete(webhooks).where(_here(store_id, webhook_id)))


async def deliveries_page(
    connection: AsyncConnection, webhook_id: str, *, before: str, limit: int
) -> list[RowMapping]:
    """Deliveries to a webhook, newest first: those with an id under `before`, "" is all."""
    columns = webhook_deliveries.c
    statement = (
        select(*_DELIVERY)
        .join(webhook_events, webhook_events.c.id == columns.event_id)
        .where(columns.webhook_id == webhook_id)
    )
    if before:
        statement = statement.where(columns.id < before)
    found = await connection.execute(statement.order_by(columns.id.desc()).limit(limit))
    return list(found.mappings())


def _here(store_id: str, webhook_id: str) -> ColumnElement[bool]:
    return (webhooks.c.id == webhook_id) & (webhooks.c.store_id == store_id)
