"""Whether the money adds up: ledger, campaigns, days, platforms, balances and events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_STORE: Final = "(CAST(:store_id AS text) IS NULL OR {table}.store_id = :store_id)"
_CAMPAIGNS: Final = text(
    "SELECT campaigns.id, spent_micros AS spent,"
    " CAST(coalesce(ledger.micros, 0) AS bigint) AS ledger,"
    " CAST(coalesce(days.micros, 0) AS bigint) AS days"
    " FROM campaigns LEFT JOIN (SELECT campaign_id, sum(price_micros) AS micros FROM charges"
    " GROUP BY 1) AS ledger ON ledger.campaign_id = campaigns.id"
    # each day by itself: what one has too much another may have too little
    " LEFT JOIN (SELECT campaign_id, sum(abs(coalesce(booked.micros, 0)"
    "  - coalesce(days.spent_micros, 0))) AS micros FROM (SELECT campaign_id, day,"
    "  sum(price_micros) AS micros FROM charges GROUP BY 1, 2) AS booked"
    "  FULL JOIN campaign_days AS days USING (campaign_id, day) GROUP BY 1"
    " ) AS days ON days.campaign_id = campaigns.id"
    f" WHERE {_STORE.format(table='campaigns')} ORDER BY campaigns.id"
)
_PLATFORMS: Final = text(
    "SELECT campaigns.id, platform, day, CAST(coalesce(booked.micros, 0) AS bigint) AS ledger,"
    " coalesce(days.spent_micros, 0) AS held FROM (SELECT campaign_id, day, platform,"
    " sum(price_micros) AS micros FROM charges WHERE platform IS NOT NULL GROUP BY 1, 2, 3"
    ") AS booked FULL JOIN campaign_platform_days AS days USING (campaign_id, day, platform)"
    " JOIN campaigns ON campaigns.id = campaign_id"
    " WHERE coalesce(booked.micros, 0) <> coalesce(days.spent_micros, 0)"
    f" AND {_STORE.format(table='campaigns')} ORDER BY 1, 3, 2"
)
_BALANCES: Final = text(
    "SELECT advertisers.id, advertisers.spent_micros AS held,"
    " CAST(coalesce(sum(campaigns.spent_micros), 0) AS bigint) AS spent"
    " FROM advertisers LEFT JOIN campaigns ON campaigns.advertiser_id = advertisers.id"
    f" WHERE credit_micros IS NOT NULL AND {_STORE.format(table='advertisers')}"
    " GROUP BY advertisers.id HAVING advertisers.spent_micros"
    " <> coalesce(sum(campaigns.spent_micros), 0) ORDER BY advertisers.id"
)
_KEPT_SINCE: Final = text(  # what is older lies in the default partition, or is dropped
    "SELECT min(CAST(substring(pg_get_expr(relpartbound, pg_class.oid) FROM 'FROM \\(''([^'']+)')"
    " AS timestamptz)) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
    " WHERE inhparent = CAST('events' AS regclass)"
)
_PRICE: Final = (
    "CASE WHEN events.payload ? 'pricing' THEN CASE WHEN events.payload ->> 'pricing'"
    " = events.type THEN CAST(events.payload ->> 'price' AS bigint) END"
    " WHEN events.type = 'click' THEN events.price_micros END"
)
_CHARGED: Final = (
    "WITH paid AS (SELECT charges.*, coalesce((SELECT sum(back.price_micros) FROM charges AS back"
    " WHERE back.impression_id = charges.impression_id AND back.kind = 'refund'"
    " AND back.of_kind = charges.kind AND back.of_key = charges.charge_key), 0) AS back"
    " FROM charges WHERE kind IN ('click', 'impression') AND ts >= :since"
    f" AND {_STORE.format(table='charges')}),"
    f" seen AS (SELECT paid.*, events.ts IS NOT NULL AS there, invalid_reason, {_PRICE} AS price,"
    " EXISTS (SELECT FROM unpaid WHERE unpaid.impression_id = paid.impression_id"
    " AND unpaid.kind = paid.kind AND unpaid.charge_key = paid.charge_key) AS refused"
    " FROM paid LEFT JOIN events ON events.store_id = paid.store_id AND events.ts = paid.ts"
    " AND events.type = paid.kind AND events.event_key = paid.impression_id)"
    " SELECT impression_id, CAST(price_micros + back AS bigint) AS net,"
    # what an event is worth that was erased stands in the charge alone
    " CAST(CASE WHEN there AND NOT refused AND invalid_reason IS NULL"
    "  THEN coalesce(price, price_micros) + back ELSE 0 END AS bigint) AS worth,"
    " CAST(CASE WHEN NOT there OR refused THEN price_micros"
    "  WHEN invalid_reason IS NOT NULL THEN price_micros + back"
    "  ELSE abs(price_micros - coalesce(price, price_micros)) END AS bigint) AS difference"
    " FROM seen"
)
_CHARGED_SUMS: Final = text(
    "SELECT CAST(coalesce(sum(net), 0) AS bigint), CAST(coalesce(sum(worth), 0) AS bigint),"
    " CAST(coalesce(sum(difference), 0) AS bigint),"
    " (array_agg(impression_id) FILTER (WHERE difference <> 0))[1:5]"
    f" FROM ({_CHARGED}) AS charged"
)
_FREE: Final = text(
    f"WITH owing AS (SELECT store_id, type, impression_id, {_PRICE} AS price FROM events"
    " WHERE type IN ('click', 'impression') AND invalid_reason IS NULL AND ts >= :since"
    " AND impression_id IS NOT NULL AND campaign_id IS NOT NULL"
    f" AND {_STORE.format(table='events')})"
    " SELECT CAST(coalesce(sum(price), 0) AS bigint), (array_agg(impression_id))[1:5] FROM owing"
    " WHERE price > 0"
    " AND NOT EXISTS (SELECT FROM charges WHERE charges.impression_id = owing.impression_id"
    " AND charges.kind = owing.type AND charges.charge_key = '')"
    " AND NOT EXISTS (SELECT FROM unpaid WHERE unpaid.impression_id = owing.impression_id"
    " AND unpaid.kind = owing.type AND unpaid.charge_key = '')"
)
_UNPAID: Final = text(
    "SELECT CAST(coalesce(sum(price_micros), 0) AS bigint) FROM unpaid"
    f" WHERE {_STORE.format(table='unpaid')}"
)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the parts hold, in micros, and what of it does not fit.

    `events` is what the valid paid events are worth, less what went unpaid or back; orders, and
    charges from before `since`, stand in it as the ledger has them.
    """

    campaigns: int
    ledger: int
    spent: int
    events: int
    unpaid: int
    difference: int  # all differences, none of which makes up for another
    since: datetime
    found: tuple[str, ...]  # what differs, in words

    def figures(self) -> dict[str, int]:
        """The figures as they are told to programs."""
        return {
            "campaigns": self.campaigns,
            "ledger_micros": self.ledger,
            "spent_micros": self.spent,
            "events_micros": self.events,
            "difference_micros": self.difference,
            "unpaid_micros": self.unpaid,
        }


async def reconcile(
    engine: AsyncEngine, store_id: str | None = None, since: datetime | None = None
) -> Reconciled:
    """Hold ledger, campaigns, days, platforms, balances and events against each other at a moment.

    Events are compared from `since` on, and no further back than they are kept.
    """
    isolated = engine.execution_options(isolation_level="REPEATABLE READ")
    async with isolated.connect() as connection:
        return await compare(connection, store_id, since)


async def compare(
    connection: AsyncConnection, store_id: str | None = None, since: datetime | None = None
) -> Reconciled:
    """The same inside the caller's transaction, which must see one moment."""
    only = {"store_id": store_id}
    kept: datetime = (await connection.execute(_KEPT_SINCE)).scalar_one()
    begin = kept if since is None else max(since, kept)
    rows = (await connection.execute(_CAMPAIGNS, only)).all()
    balances = (await connection.execute(_BALANCES, only)).all()
    platforms = (await connection.execute(_PLATFORMS, only)).all()
    compared = {**only, "since": begin}
    net, worth, off, charged = (await connection.execute(_CHARGED_SUMS, compared)).one()
    free, uncharged = (await connection.execute(_FREE, compared)).one()
    ledger = sum(row.ledger for row in rows)
    differing = sum(abs(row.ledger - row.spent) + row.days for row in rows)
    differing += sum(abs(row.held - row.spent) for row in balances)
    differing += sum(abs(row.held - row.ledger) for row in platforms)
    return Reconciled(
        campaigns=len(rows),
        ledger=ledger,
        spent=sum(row.spent for row in rows),
        events=ledger - net + worth + free,
        unpaid=(await connection.execute(_UNPAID, only)).scalar_one(),
        difference=differing + off + free,
        since=begin,
        found=(*_told(rows, balances), *_off_there(platforms), *_named(charged, uncharged)),
    )


def _told(rows: Any, balances: Any) -> list[str]:
    told = [
        f"{row.id}: ledger {row.ledger}, spent {row.spent}, its days are off by {row.days}"
        for row in rows
        if row.ledger != row.spent or row.days
    ]
    return told + [
        f"{row.id}: its balance counts {row.held} as spent, its campaigns {row.spent}"
        for row in balances
    ]


def _off_there(platforms: Any) -> list[str]:
    return [
        f"{row.id} on {row.platform}, {row.day}: ledger {row.ledger}, its limit counts {row.held}"
        for row in platforms
    ]


def _named(charged: list[str] | None, uncharged: list[str] | None) -> list[str]:
    told = []
    if charged:
        told.append(f"charges that no valid event of that price stands behind: {charged}")
    if uncharged:
        told.append(f"valid paid events that are neither charged nor unpaid: {uncharged}")
    return told
