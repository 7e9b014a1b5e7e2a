"""What campaigns have paid: never above their budget, never twice for one click."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import text

from service.store.events import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.store.events import Event

_LOCK = text(
    "SELECT id, budget_micros - spent_micros FROM campaigns"
    " WHERE id = ANY(:campaigns) ORDER BY id FOR NO KEY UPDATE"
)
_ALREADY = text("SELECT impression_id FROM charges WHERE impression_id = ANY(:impressions)")
_CHARGE = text(
    "INSERT INTO charges (impression_id, store_id, campaign_id, price_micros, ts)"
    " SELECT * FROM unnest(CAST(:impressions AS text[]), CAST(:stores AS text[]),"
    " CAST(:campaigns AS text[]), CAST(:prices AS bigint[]), CAST(:times AS timestamptz[]))"
    " ON CONFLICT DO NOTHING RETURNING impression_id"
)
_SPEND = text(
    "UPDATE campaigns SET spent_micros = spent_micros + paid.micros"
    " FROM unnest(CAST(:campaigns AS text[]), CAST(:sums AS bigint[])) AS paid (id, micros)"
    " WHERE campaigns.id = paid.id AND spent_micros + paid.micros <= budget_micros"
)
_REFUSE = text(
    "UPDATE campaigns SET refused_micros = least("
    # an older refusal that a raised budget has outgrown no longer counts
    "  CASE WHEN spent_micros + refused_micros > budget_micros THEN refused_micros END,"
    "  refused.micros)"
    " FROM unnest(CAST(:campaigns AS text[]), CAST(:prices AS bigint[])) AS refused (id, micros)"
    " WHERE campaigns.id = refused.id"
)
_SPENT_OUT = text(
    "SELECT store_id, id FROM campaigns WHERE status = 'active'"
    " AND (spent_micros >= budget_micros OR spent_micros + refused_micros > budget_micros)"
)


async def charge_clicks(connection: AsyncConnection, clicks: Sequence[Event]) -> list[Event]:
    """Charge each click to its campaign inside the caller's transaction, if the budget has room.

    The campaigns are locked in the order of their ids, so that two callers never wait for each
    other in a ring, and until the transaction ends. A click whose impression was charged before
    is passed over; so are invalid ones and those without a price. A click that does not fit goes
    unpaid, and its campaign counts as spent out.

    Returns: the clicks that were charged now.
    """
    lines = {c.impression_id: c for c in reversed(clicks) if _chargeable(c)}
    if not lines:
        return []
    campaigns = sorted({click.campaign_id or "" for click in lines.values()})
    locked = await connection.execute(_LOCK, {"campaigns": campaigns})
    left: dict[str, int] = {row[0]: row[1] for row in locked}
    already = await connection.execute(_ALREADY, {"impressions": list(lines)})
    for (impression,) in already:
        del lines[impression]
    # in the order in which they came
    fresh = [click for click in clicks if lines.get(click.impression_id) is click]
    fitting, refused = _fit(fresh, left)
    await _refuse(connection, refused)
    return await _charge(connection, fitting)


def _chargeable(event: Event) -> bool:
    return (
        event.type == "click"
        and event.invalid_reason is None
        and event.impression_id is not None
        and event.price is not None
        and event.price >= 0
    )


def _fit(clicks: Sequence[Event], left: dict[str, int]) -> tuple[list[Event], dict[str, int]]:
    """Split clicks into those that the rests of the budgets pay, and the least price refused."""
    fitting: list[Event] = []
    refused: dict[str, int] = {}
    for click in clicks:
        campaign, price = click.campaign_id or "", int(click.price or 0)
        if campaign not in left:
            continue
        if price <= left[campaign]:
            left[campaign] -= price
            fitting.append(click)
        else:
            refused[campaign] = min(price, refused.get(campaign, price))
    return fitting, refused


async def _refuse(connection: AsyncConnection, refused: dict[str, int]) -> None:
    if refused:
        values = {"campaigns": list(refused), "prices": list(refused.values())}
        await connection.execute(_REFUSE, values)


async def _charge(connection: AsyncConnection, clicks: Sequence[Event]) -> list[Event]:
    if not clicks:
        return []
    rows = {
        "impressions": [click.impression_id for click in clicks],
        "stores": [click.store_id for click in clicks],
        "campaigns": [click.campaign_id for click in clicks],
        "prices": [click.price for click in clicks],
        "times": [moment(click.ts) for click in clicks],
    }
    inserted = {row[0] for row in await connection.execute(_CHARGE, rows)}
    charged = [click for click in clicks if click.impression_id in inserted]
    sums: defaultdict[str, int] = defaultdict(int)
    for click in charged:
        sums[click.campaign_id or ""] += int(click.price or 0)
    spent = {"campaigns": list(sums), "sums": list(sums.values())}
    updated = await connection.execute(_SPEND, spent)
    if updated.rowcount != len(sums):  # the rows are locked, so this cannot be; never overcharge
        raise RuntimeError(f"budgets moved under the lock: {dict(sums)}")
    return charged


async def spent_out_campaigns(connection: AsyncConnection) -> dict[str, set[str]]:
    """The active campaigns of each store that cannot pay another click."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for store_id, campaign_id in await connection.execute(_SPENT_OUT):
        found[store_id].add(campaign_id)
    return dict(found)
