"""What webhooks are to be told, and what came of telling them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

KEPT_DAYS: Final = 30

_CAMPAIGN: Final = (
    "jsonb_build_object('campaign_id', c.id, 'advertiser_id', c.advertiser_id, 'name', c.name,"
    " 'budget_micros', c.budget_micros, 'spent_micros', c.spent_micros)"
)
_SPENT_OUT: Final = (
    "(c.spent_micros >= c.budget_micros OR c.spent_micros + c.refused_micros > c.budget_micros)"
)
# `about` names the budget or the end: with another one, it can come to that again
_BUDGET_LOW: Final = (
    "SELECT c.store_id, c.advertiser_id, 'campaign.budget_low' AS type,"
    " concat_ws(':', c.id, percent, c.budget_micros) AS about,"
    f" {_CAMPAIGN} || jsonb_build_object('percent', percent) AS data"
    " FROM campaigns AS c CROSS JOIN (VALUES (80), (95)) AS mark (percent)"
    " WHERE c.status = 'active' AND c.budget_micros > 0"
    " AND CAST(c.spent_micros AS numeric) * 100 >= CAST(c.budget_micros AS numeric) * percent"
)
_ENDED: Final = (
    "SELECT c.store_id, c.advertiser_id, 'campaign.ended' AS type,"
    " concat_ws(':', c.id, reason, CASE reason WHEN 'budget' THEN CAST(c.budget_micros AS text)"
    "  ELSE CAST(extract(epoch FROM c.ends_at) AS text) END) AS about,"
    f" {_CAMPAIGN} || jsonb_build_object('reason', reason) AS data"
    " FROM campaigns AS c CROSS JOIN LATERAL (SELECT CASE"
    f"  WHEN {_SPENT_OUT} THEN 'budget' WHEN c.ends_at <= now() THEN 'end_date' END AS reason"
    " ) AS told WHERE c.status = 'active' AND reason IS NOT NULL"
)
_IMPORT_DONE: Final = (
    "SELECT j.store_id, j.advertiser_id, 'import.done' AS type, j.id AS about,"
    " jsonb_build_object('job_id', j.id, 'kind', j.kind, 'status', j.status, 'error', j.error,"
    "  'dry_run', coalesce(CAST(j.spec ->> 'dry_run' AS boolean), false), 'lines', j.lines,"
    "  'good', coalesce(CAST(j.result ->> 'good' AS bigint), 0),"
    "  'bad', coalesce(CAST(j.result ->> 'bad' AS bigint), 0)) AS data"
    " FROM jobs AS j WHERE j.kind IN ('product_import', 'import')"
    " AND j.status IN ('done', 'failed') AND j.finished_at > now() - interval '1 day'"
)
# ids that sort by time, as those that the API makes
_ID: Final = (
    "lpad(to_hex(CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)), 12, '0')"
    " || substr(replace(CAST(gen_random_uuid() AS text), '-', ''), 13)"
)
_TELL: Final = (
    "WITH found AS ({found}), made AS ("
    " INSERT INTO webhook_events (id, store_id, advertiser_id, type, about, data)"
    # the unique key finds the repeats: a join may be planned badly while the table is young
    f" SELECT 'evt_' || {_ID}, found.* FROM found"
    " ON CONFLICT DO NOTHING RETURNING id, store_id, advertiser_id, type)"
    " INSERT INTO webhook_deliveries (id, webhook_id, event_id)"
    f" SELECT 'whd_' || {_ID}, w.id, made.id FROM made JOIN webhooks AS w"
    " ON w.store_id = made.store_id AND w.active AND made.type = ANY(w.events)"
    " AND (w.advertiser_id IS NULL OR w.advertiser_id = made.advertiser_id)"
)
_NEWS: Final = [text(_TELL.format(found=one)) for one in (_BUDGET_LOW, _ENDED, _IMPORT_DONE)]
_CLAIM: Final = text(
    "UPDATE webhook_deliveries AS d SET tries = tries + 1,"
    " next_try_at = now() + make_interval(secs => :lease)"
    " FROM webhooks AS w, webhook_events AS e"
    " WHERE d.webhook_id = w.id AND d.event_id = e.id AND d.id IN ("
    "  SELECT id FROM webhook_deliveries WHERE id IN ("
    "   SELECT DISTINCT ON (webhook_id) id FROM webhook_deliveries WHERE status = 'waiting'"
    "   AND next_try_at <= now() AND webhook_id <> ALL(:busy) ORDER BY webhook_id, next_try_at)"
    "  AND status = 'waiting' AND next_try_at <= now() LIMIT :limit FOR UPDATE SKIP LOCKED)"
    " RETURNING d.id, w.id, w.url, w.secret, e.id, e.type, e.created_at, e.data, d.tries"
)
_DELIVERED: Final = text(
    "UPDATE webhook_deliveries SET status = 'delivered', delivered_at = now(),"
    " next_try_at = NULL, last_status = :status, last_error = NULL WHERE id = :delivery_id"
)
_FAILED: Final = text(
    "UPDATE webhook_deliveries SET last_status = :status, last_error = :error,"
    " status = CASE WHEN late THEN 'given_up' ELSE 'waiting' END,"
    " next_try_at = CASE WHEN NOT late THEN now() + make_interval(secs => :pause) END"
    " FROM (SELECT id, created_at + interval '1 day' < now() + make_interval(secs => :pause)"
    "  AS late FROM webhook_deliveries WHERE id = :delivery_id) AS judged"
    " WHERE webhook_deliveries.id = judged.id AND status = 'waiting'"
)
_FORGET: Final = [
    text(f"DELETE FROM {what} AND created_at < now() - make_interval(days => :days)")
    for what in (
        "webhook_deliveries WHERE status <> 'waiting'",
        "webhook_events WHERE type = 'import.done'",
    )
]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event to be told to one webhook."""

    delivery_id: str
    webhook_id: str
    url: str
    secret: str
    event_id: str
    type: str
    created_at: datetime
    data: Mapping[str, Any]
    tries: int  # this one, too


async def gather_news(connection: AsyncConnection) -> int:
    """Note what happened and was not noted yet; returns how many deliveries it makes.

    Each thing is noted once, for the webhooks that there are then.
    """
    return sum([(await connection.execute(news)).rowcount for news in _NEWS])


async def claim_deliveries(
    connection: AsyncConnection, *, busy: Collection[str], limit: int, lease_seconds: float
) -> list[Delivery]:
    """Deliveries that are due, at most one a webhook and none of those `busy`.

    They are the caller's until the lease ends; then somebody else tries.
    """
    values = {"busy": list(busy), "limit": limit, "lease": lease_seconds}
    return [Delivery(*row) for row in await connection.execute(_CLAIM, values)]


async def note_delivered(connection: AsyncConnection, delivery_id: str, status: int) -> None:
    """Say that the webhook has it."""
    await connection.execute(_DELIVERED, {"delivery_id": delivery_id, "status": status})


async def note_failed(
    connection: AsyncConnection,
    delivery_id: str,
    *,
    status: int | None,
    error: str | None,
    pause_seconds: float,
) -> None:
    """Try again after a pause; a day after the event, give up."""
    values = {"delivery_id": delivery_id, "status": status, "error": error, "pause": pause_seconds}
    await connection.execute(_FAILED, values)


async def forget_deliveries(connection: AsyncConnection) -> None:
    """Remove what is older than KEPT_DAYS and not needed to tell repeats."""
    for statement in _FORGET:
        await connection.execute(statement, {"days": KEPT_DAYS})
