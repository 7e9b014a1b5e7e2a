"""Conversions and returns that wait for a verdict, the ads behind them, and the verdicts."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert as upsert

from service.decision.attribution import Touch, TouchKind
from service.store.attribution_tables import attributions
from service.store.events import PLATFORM, moment
from service.store.order_keys import ORDER_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import RowMapping, TextClause
    from sqlalchemy.ext.asyncio import AsyncConnection

SETTLE_SECONDS: Final = 5.0
"""How long after it was recorded an order is looked at: its clicks may come a little later."""

BRAND_DAYS: Final = 365
_LONGEST: Final = "interval '31 days'"  # the longest window, and the life of a token
_MOST_TOUCHES: Final = 200  # of one shopper, the latest first


def _claim(kind: str) -> str:
    return (
        # the type stands here as it does in the index
        f"WITH due AS (SELECT store_id, type, event_key, ts FROM event_keys WHERE type = '{kind}'"
        f" AND attribute_at <= now() - make_interval(secs => {SETTLE_SECONDS})"
        " ORDER BY attribute_at LIMIT :most FOR UPDATE SKIP LOCKED)"
        " SELECT due.store_id, due.event_key, e.line, e.quantity, e.ts,"
        # amounts in another currency cannot be added up
        " CASE WHEN coalesce(e.currency, stores.currency) = stores.currency"
        "  THEN e.value_micros END AS value_micros,"
        f" {ORDER_KEY} AS order_key,"
    )


def _due(kind: str) -> TextClause:
    return text(
        f"SELECT EXISTS (SELECT FROM event_keys WHERE type = '{kind}'"
        f" AND attribute_at <= now() - make_interval(secs => {SETTLE_SECONDS}))"
    )


_DUE: Final = {kind: _due(kind) for kind in ("conversion", "return")}
_EVENT: Final = (
    " FROM due LEFT JOIN stores ON stores.id = due.store_id"
    # one look-up a row, in the one partition that it stands in
    " LEFT JOIN LATERAL (SELECT * FROM events WHERE events.store_id = due.store_id"
    "  AND events.ts = due.ts AND events.type = due.type AND events.event_key = due.event_key"
    "  AND events.invalid_reason IS NULL LIMIT 1) AS e ON true"
)
_CONVERSIONS: Final = text(
    _claim("conversion") + " e.user_id, e.product_id, e.impression_id, e.payload, e.order_id,"
    " coalesce(products.brand, '') AS brand,"
    " extract(epoch FROM now() - e.received_at)::float8 AS age"
    f"{_EVENT} LEFT JOIN products"
    " ON products.store_id = e.store_id AND products.product_id = e.product_id"
)
_RETURNS: Final = text(
    _claim("return")
    + " encode(sha256(stores.salt || convert_to(e.payload ->> 'return_id', 'UTF8')), 'hex')"
    f" AS part, extract(epoch FROM now() - e.received_at)::float8 AS age{_EVENT}"
)
_TOUCH: Final = (
    "SELECT t.impression_id, t.campaign_id, c.advertiser_id, t.ad_id, t.product_id, t.type,"
    " extract(epoch FROM greatest(t.ts, t.received_at))::float8 AS at,"
    " CASE t.type WHEN 'click' THEN 86400.0 * coalesce(c.attribution_days,"
    "  stores.attribution_days) ELSE 3600.0 * coalesce(c.view_through_hours,"
    "  stores.view_through_hours) END::float8 AS window_seconds, t.payload"
    " FROM events AS t JOIN campaigns AS c ON c.id = t.campaign_id"
    " WHERE t.store_id = stores.id AND t.invalid_reason IS NULL"
    " AND t.received_at <= wanted.at AND t.ad_id IS NOT NULL AND t.product_id IS NOT NULL"
    " AND (t.type = 'click' OR t.type = 'view'"
    "  AND coalesce(c.view_through_hours, stores.view_through_hours) > 0)"
)
_OF_SHOPPERS: Final = text(
    "SELECT wanted.number, touch.* FROM unnest(CAST(:numbers AS int[]), CAST(:stores AS text[]),"
    " CAST(:users AS text[]), CAST(:times AS timestamptz[]))"
    " AS wanted (number, store_id, user_id, at) JOIN stores ON stores.id = wanted.store_id"
    f" CROSS JOIN LATERAL ({_TOUCH} AND t.user_id = wanted.user_id"
    f"  AND t.ts > wanted.at - {_LONGEST} AND t.ts <= wanted.at"
    f"  ORDER BY t.ts DESC LIMIT {_MOST_TOUCHES}) AS touch"
)
_NAMED: Final = text(
    "SELECT wanted.number, touch.* FROM unnest(CAST(:numbers AS int[]), CAST(:stores AS text[]),"
    " CAST(:impressions AS text[]), CAST(:since AS timestamptz[]),"
    " CAST(:until AS timestamptz[]), CAST(:times AS timestamptz[]))"
    " AS wanted (number, store_id, impression_id, since, until, at)"
    " JOIN stores ON stores.id = wanted.store_id"
    f" CROSS JOIN LATERAL ({_TOUCH} AND t.event_key = wanted.impression_id"
    "  AND t.ts BETWEEN wanted.since AND wanted.until LIMIT 2) AS touch"
)
_ADVERTISERS: Final = text(
    "SELECT DISTINCT ads.store_id, ads.product_id, campaigns.advertiser_id"
    " FROM unnest(CAST(:stores AS text[]), CAST(:products AS text[]))"
    " AS bought (store_id, product_id) JOIN ads USING (store_id, product_id)"
    " JOIN campaigns ON campaigns.id = ads.campaign_id"
)
_KNOWN_BRANDS: Final = text(
    "SELECT wanted.number FROM unnest(CAST(:numbers AS int[]), CAST(:stores AS text[]),"
    " CAST(:users AS text[]), CAST(:brands AS text[]), CAST(:orders AS text[]),"
    " CAST(:times AS timestamptz[])) AS wanted (number, store_id, user_id, brand, order_id, at)"
    " WHERE EXISTS (SELECT FROM events AS e JOIN products USING (store_id, product_id)"
    "  WHERE e.store_id = wanted.store_id AND e.user_id = wanted.user_id"
    f"  AND e.ts >= wanted.at - interval '{BRAND_DAYS} days' AND e.ts < wanted.at"
    "  AND e.type = 'conversion' AND e.invalid_reason IS NULL"
    "  AND e.order_id IS DISTINCT FROM wanted.order_id AND products.brand = wanted.brand)"
)
_SALES: Final = text(
    "SELECT sale.*, coalesce(back.quantity, 0) AS quantity_back,"
    " coalesce(back.value_micros, 0) AS value_back, back.parts FROM attributions AS sale"
    " LEFT JOIN LATERAL (SELECT -sum(quantity) AS quantity,"
    "  CAST(-sum(value_micros) AS bigint) AS value_micros, array_agg(part) AS parts"
    "  FROM attributions AS one WHERE one.kind = 'return' AND one.store_id = sale.store_id"
    "  AND one.order_key = sale.order_key AND one.line = sale.line) AS back ON true"
    " WHERE sale.kind = 'sale' AND (sale.store_id, sale.order_key, sale.line) IN (SELECT * FROM"
    "  unnest(CAST(:stores AS text[]), CAST(:orders AS text[]), CAST(:lines AS text[])))"
)
_LOCK_SALES: Final = text(
    "SELECT FROM attributions AS sale WHERE kind = 'sale' AND (store_id, order_key, line) IN"
    " (SELECT * FROM unnest(CAST(:stores AS text[]), CAST(:orders AS text[]),"
    "  CAST(:lines AS text[]))) ORDER BY store_id, order_key, line FOR NO KEY UPDATE"
)
_SETTLE: Final = text(
    "UPDATE event_keys SET attribute_at = now() + make_interval(secs => given.seconds)"
    " FROM unnest(CAST(:stores AS text[]), CAST(:keys AS text[]), CAST(:seconds AS float8[]))"
    " AS given (store_id, event_key, seconds) WHERE event_keys.store_id = given.store_id"
    " AND event_keys.type = :type AND event_keys.event_key = given.event_key"
)


async def anything_due(connection: AsyncConnection, kind: str) -> bool:
    """Whether a conversion, or a return, waits for its verdict: cheaper to ask than to claim."""
    return bool((await connection.execute(_DUE[kind])).scalar_one())


async def claim_conversions(connection: AsyncConnection, *, most: int) -> Sequence[RowMapping]:
    """Conversions without a verdict that nobody else looks at, held until the transaction ends.

    `line` is None where the event is gone or invalid.
    """
    return (await connection.execute(_CONVERSIONS, {"most": most})).mappings().all()


async def claim_returns(connection: AsyncConnection, *, most: int) -> Sequence[RowMapping]:
    """Returns without a verdict, as `claim_conversions` has it."""
    return (await connection.execute(_RETURNS, {"most": most})).mappings().all()


async def touches_of_shoppers(
    connection: AsyncConnection, orders: Mapping[int, RowMapping]
) -> dict[int, list[Touch]]:
    """The touches before each of the numbered conversions by the shopper who bought."""
    values: dict[str, list[Any]] = {
        "numbers": list(orders),
        "stores": [one["store_id"] for one in orders.values()],
        "users": [one["user_id"] for one in orders.values()],
        "times": [one["ts"] for one in orders.values()],
    }
    return _by_number(await connection.execute(_OF_SHOPPERS, values))


async def named_touches(
    connection: AsyncConnection,
    orders: Mapping[int, RowMapping],
    shown: Mapping[int, tuple[float, float]],
) -> dict[int, list[Touch]]:
    """The touches of the impression that the shop named with each of the numbered conversions.

    `shown` says between when the ads were decided, in Unix seconds.
    """
    chosen = [orders[number] for number in shown]
    values: dict[str, list[Any]] = {
        "numbers": list(shown),
        "stores": [one["store_id"] for one in chosen],
        "impressions": [one["impression_id"] for one in chosen],
        "since": [moment(since) for since, _ in shown.values()],
        "until": [moment(until) for _, until in shown.values()],
        "times": [one["ts"] for one in chosen],
    }
    return _by_number(await connection.execute(_NAMED, values))


def _by_number(rows: Iterable[Any]) -> dict[int, list[Touch]]:
    found: defaultdict[int, list[Touch]] = defaultdict(list)
    for row in rows:
        pricing, price = row.payload.get("pricing", "click"), row.payload.get("price", 0)
        touch = Touch(
            row.impression_id,
            row.campaign_id,
            row.advertiser_id,
            row.ad_id,
            row.product_id,
            TouchKind(row.type),
            row.at,
            row.window_seconds,
            pricing,
            price,
            row.payload.get(PLATFORM),
        )
        found[row.number].append(touch)
    return found


async def advertisers_of(
    connection: AsyncConnection, products: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], frozenset[str]]:
    """Who advertises each of `products`, given as (store id, product id)."""
    wanted = sorted(set(products))
    values = {"stores": [one[0] for one in wanted], "products": [one[1] for one in wanted]}
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for store_id, product_id, advertiser_id in await connection.execute(_ADVERTISERS, values):
        found[store_id, product_id].add(advertiser_id)
    return {product: frozenset(names) for product, names in found.items()}


async def buyers_of_before(
    connection: AsyncConnection, orders: Mapping[int, RowMapping]
) -> set[int]:
    """Which of the numbered conversions are of shoppers who bought the brand in the year before.

    Other lines of the same order do not count.
    """
    values: dict[str, list[Any]] = {
        "numbers": list(orders),
        "stores": [one["store_id"] for one in orders.values()],
        "users": [one["user_id"] for one in orders.values()],
        "brands": [one["brand"] for one in orders.values()],
        "orders": [one["order_id"] for one in orders.values()],
        "times": [one["ts"] for one in orders.values()],
    }
    return set((await connection.execute(_KNOWN_BRANDS, values)).scalars())


async def add_attributions(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Note verdicts; one that is there already stays."""
    if rows:
        await connection.execute(upsert(attributions).on_conflict_do_nothing(), rows)


async def sales_of(
    connection: AsyncConnection, lines: Iterable[tuple[str, str, str]]
) -> dict[tuple[str, str, str], RowMapping]:
    """The attributed sales of `lines` (store id, order key, line), and what came back of each.

    They are held until the transaction ends.
    """
    wanted = sorted(set(lines))
    values = {
        "stores": [one[0] for one in wanted],
        "orders": [one[1] for one in wanted],
        "lines": [one[2] for one in wanted],
    }
    await connection.execute(_LOCK_SALES, values)
    found = (await connection.execute(_SALES, values)).mappings()
    return {(one["store_id"], one["order_key"], one["line"]): one for one in found}


async def settle(
    connection: AsyncConnection, kind: str, next_seconds: Mapping[tuple[str, str], float | None]
) -> None:
    """Say for (store id, event key) in how many seconds to look again; None is never."""
    values: dict[str, Any] = {
        "type": kind,
        "stores": [one[0] for one in next_seconds],
        "keys": [one[1] for one in next_seconds],
        "seconds": list(next_seconds.values()),
    }
    await connection.execute(_SETTLE, values)
