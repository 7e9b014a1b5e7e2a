"""What a store decided and was told lately: one query a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, text

from service.store.tables import decisions, events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

LOOKED_AT: Final = 5000
"""Events, newest first by their own time, among which the last to arrive are looked for."""

_OF_AWARDS: Final = ("impression", "view", "click", "conversion", "hide")
_EVENT: Final = [
    events.c[name]
    for name in (
        "type", "received_at", "query", "feature_word", "product_id", "campaign_id",
        "impression_id", "slot", "price_micros", "value_micros", "invalid_reason",
    )
]  # fmt: skip


async def last_decisions(
    connection: AsyncConnection, store_id: str, limit: int
) -> list[RowMapping]:
    """Times and payloads, newest first, and of the profile only whether there was one."""
    columns = decisions.c
    profile = text("'{request,profile}'")
    personal = func.jsonb_typeof(columns.payload.op("#>")(profile)) == "object"
    payload = columns.payload.op("#-")(profile)
    statement = (
        select(columns.ts, payload.label("payload"), personal.label("personal"))
        .where(columns.store_id == store_id)
        .order_by(columns.ts.desc(), columns.request_id.desc())
        .limit(limit)
    )
    return list((await connection.execute(statement)).mappings())


async def events_of_awards(
    connection: AsyncConnection, store_id: str, times: Sequence[object]
) -> list[RowMapping]:
    """What became of the ads of decisions made at `times`: their events carry those times."""
    columns = events.c
    statement = (
        select(columns.impression_id, columns.type, columns.received_at, columns.invalid_reason)
        .where(
            columns.store_id == store_id,
            columns.ts.in_(times),
            columns.type.in_(_OF_AWARDS),
            columns.impression_id.is_not(None),
        )
        .order_by(columns.received_at)
    )
    return list((await connection.execute(statement)).mappings())


async def last_events(connection: AsyncConnection, store_id: str, limit: int) -> list[RowMapping]:
    """The last to arrive of the newest `LOOKED_AT`, but for feature words that were only shown."""
    columns = events.c
    newest = (
        select(events)
        .where(columns.store_id == store_id)
        .order_by(columns.ts.desc(), columns.type.desc(), columns.event_key.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    statement = (
        select(*[newest.c[column.name] for column in _EVENT])
        .where(newest.c.action.is_distinct_from("shown"))
        .order_by(newest.c.received_at.desc(), newest.c.type, newest.c.event_key)
        .limit(limit)
    )
    return list((await connection.execute(statement)).mappings())
