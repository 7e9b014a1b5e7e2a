"""What an export reads of Postgres: awards, events and the catalogue, as they were recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from sqlalchemy import text

from service.store.order_keys import ORDER_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

ASSIGNMENT = pl.Struct({"experiment_id": pl.String(), "arm": pl.String(), "bucket": pl.Int64()})
AWARDS = pl.Schema(
    {
        "request_id": pl.String(),
        "shown": pl.Float64(),  # when the page was decided, Unix seconds
        "user": pl.String(),
        "query": pl.String(),
        "mobile": pl.Int64(),
        "impression_id": pl.String(),
        "product_id": pl.String(),
        "slot": pl.Int64(),  # 0 on top
        "propensity": pl.Float64(),
        "reason": pl.String(),
        "drawn": pl.String(),  # what a lot chose to show in the title, if one did
        "sp_shown": pl.List(pl.String()),
        "experiments": pl.List(ASSIGNMENT),
    }
)
EVENTS = pl.Schema(
    {
        "type": pl.String(),
        "action": pl.String(),
        "happened": pl.Float64(),
        "known": pl.Float64(),  # from when on a history may hold it
        "user": pl.String(),
        "session": pl.String(),
        "impression_id": pl.String(),
        "product_id": pl.String(),
        "query": pl.String(),
        "feature_word": pl.String(),
        "position": pl.Int64(),
        "invalid": pl.Boolean(),
        "owed": pl.String(),  # the impression whose click a purchase was attributed to
    }
)
BATCH = 20_000

_AWARDS = """
SELECT d.request_id,
       extract(epoch FROM d.ts)::float8,
       d.payload #>> '{request,user_id}',
       coalesce(nullif(d.payload #>> '{request,query}', ''),
                d.payload #>> '{request,category}', ''),
       CASE WHEN d.payload #>> '{request,device}' = 'mobile' THEN 1 ELSE 0 END,
       award ->> 'impression_id',
       award ->> 'product_id',
       (award ->> 'slot')::int,
       coalesce(award ->> 'propensity', d.payload ->> 'propensity', '1')::float8,
       coalesce(award ->> 'reason', 'plain'),
       award ->> 'arm',
       ARRAY(SELECT chosen ->> 'text'
             FROM jsonb_array_elements(coalesce(award -> 'chosen', '[]')) AS chosen),
       coalesce(d.payload -> 'experiments', '[]')
FROM decisions AS d
CROSS JOIN LATERAL jsonb_array_elements(d.payload -> 'awards') AS award
WHERE d.store_id = :store_id
  AND d.ts < to_timestamp(:until)
  AND d.payload #>> '{request,user_id}' IS NOT NULL
  AND NOT EXISTS (SELECT FROM shoppers AS s WHERE s.store_id = :store_id
                  AND s.user_id = d.payload #>> '{request,user_id}' AND NOT s.consent)
"""
_EVENTS = f"""
SELECT e.type,
       e.action,
       extract(epoch FROM e.ts)::float8,
       -- ts is when a word was clicked, but when the page of an ad was decided
       extract(epoch FROM CASE e.type WHEN 'feature_word' THEN e.ts
                               ELSE greatest(e.ts, e.received_at) END)::float8,
       e.user_id,
       coalesce(e.session, ''),
       e.impression_id,
       e.product_id,
       coalesce(e.query, ''),
       e.feature_word,
       e.position,
       e.invalid_reason IS NOT NULL,
       owed.impression_id
FROM events AS e
JOIN stores ON stores.id = e.store_id
LEFT JOIN attributions AS owed
  ON e.type = 'conversion' AND owed.store_id = e.store_id AND owed.line = e.line
  AND owed.kind = 'sale' AND owed.touch = 'click' AND NOT owed.halo
  AND owed.order_key = {ORDER_KEY}
WHERE e.store_id = :store_id
  AND e.type IN ('feature_word', 'impression', 'view', 'click', 'conversion')
  AND greatest(e.ts, e.received_at) < to_timestamp(:until)
  -- a purchase that names an impression belongs to that impression's shopper
  AND (e.user_id IS NOT NULL OR e.type = 'conversion' AND e.impression_id IS NOT NULL)
  AND NOT EXISTS (SELECT FROM shoppers AS s WHERE s.store_id = :store_id
                  AND s.user_id = e.user_id AND NOT s.consent)
"""  # noqa: S608 - ours


@dataclass(frozen=True, slots=True)
class RawLog:
    """Everything of consenting shoppers that was known at one moment."""

    awards: pl.DataFrame
    events: pl.DataFrame


async def read_log(connection: AsyncConnection, store_id: str, *, until: float) -> RawLog:
    """Read what the store recorded before `until` (Unix seconds) about consenting shoppers.

    Who withdrew consent since is left out, with all of their past.
    """
    values = {"store_id": store_id, "until": until}
    return RawLog(
        awards=await _frame(connection, _AWARDS, values, AWARDS),
        events=await _frame(connection, _EVENTS, values, EVENTS),
    )


async def _frame(
    connection: AsyncConnection,
    query: str,
    values: Mapping[str, object],
    schema: pl.Schema,
) -> pl.DataFrame:
    frames = [pl.DataFrame(schema=schema)]
    async with connection.stream(text(query), values) as rows:
        async for batch in rows.partitions(BATCH):
            columns = zip(*batch, strict=True)
            frames.append(pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema))
    return pl.concat(frames)
