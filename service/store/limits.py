"""What a shopper is not shown for a while: campaigns seen often enough, products just bought."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from service.store.profiles import LIFETIME_SECONDS, MOST_LIMITS, CapReached

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import TextClause
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.store.consents import Shopper
    from service.store.profiles import Timed

_OF_SHOPPER: Final = (
    " FROM events e WHERE e.store_id = s.store_id AND e.user_id = s.user_id"
    " AND e.invalid_reason IS NULL AND e.ts >= '{since} 00:00:00+00'"
)
_SHOPPERS: Final = (
    "unnest(CAST(:stores AS text[]), CAST(:users AS text[])) AS s (store_id, user_id)"
)
SINCE: Final = (
    "unnest(CAST(:stores AS text[]), CAST(:users AS text[]), CAST(:since AS timestamptz[]))"
    " AS s (store_id, user_id, since)"
)
_REACH: Final = text(
    "SELECT coalesce(max(just_bought_days), 0), coalesce((SELECT max(cap_seconds) FROM campaigns"
    " WHERE store_id = ANY(:stores) AND cap_impressions IS NOT NULL), 0)"
    " FROM stores WHERE id = ANY(:stores)"
)
_WITH_CAPS: Final = text(
    "SELECT id FROM campaigns WHERE id = ANY(:campaigns) AND cap_impressions IS NOT NULL"
)


def first_late_day(days: int = LIFETIME_SECONDS // 86_400) -> date:
    """The day, by UTC, before which nothing is looked at; so no older partition is opened."""
    return datetime.now(UTC).date() - timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Limits:
    """Which campaigns of each shopper rest, longest first; which products they bought just now."""

    capped: Mapping[Shopper, tuple[CapReached, ...]]
    bought: Mapping[Shopper, Timed]
    bought_days: int  # the longest that any of the shops counts as just now


async def limits_of(
    connection: AsyncConnection, shoppers: Collection[Shopper], since: Sequence[datetime]
) -> Limits:
    """The limits of each shopper, who ordered nothing before their time of `since`."""
    stores = {"stores": list({store_id for store_id, _ in shoppers})}
    bought_days, cap_seconds = (await connection.execute(_REACH, stores)).one()
    capped: dict[Shopper, tuple[CapReached, ...]] = {}
    bought: dict[Shopper, Timed] = {}
    if cap_seconds:
        capped = await _caps_reached(
            connection, shoppers, first_late_day(cap_seconds // 86_400 + 1)
        )
    if bought_days:
        statement = _bought(first_late_day(bought_days + 1))
        bought = await _just_bought(connection, statement, shoppers, since)
    return Limits(capped, bought, bought_days)


@lru_cache(maxsize=4)
def _capped(since: date) -> TextClause:
    # from the shopper's impressions, not from the campaigns: of those a shop may have thousands
    return text(
        "SELECT store_id, user_id, campaign_id, until, cap_impressions, cap_seconds FROM ("
        "  SELECT s.store_id, s.user_id, c.id AS campaign_id, c.cap_impressions, c.cap_seconds,"
        "  extract(epoch FROM shown.ts)::float8 + c.cap_seconds AS until, row_number() OVER ("
        "   PARTITION BY s.store_id, s.user_id, c.id ORDER BY shown.ts DESC) AS place"
        f"  FROM {_SHOPPERS} CROSS JOIN LATERAL (SELECT e.campaign_id, e.ts"
        f"   {_OF_SHOPPER.format(since=since)} AND e.type = 'impression') AS shown"
        "  JOIN campaigns c ON c.id = shown.campaign_id AND c.store_id = s.store_id"
        "  AND shown.ts > now() - make_interval(secs => c.cap_seconds)"
        " ) AS counted WHERE place = cap_impressions ORDER BY until DESC, campaign_id"
    )


async def _caps_reached(
    connection: AsyncConnection, shoppers: Collection[Shopper], since: date
) -> dict[Shopper, tuple[CapReached, ...]]:
    found: defaultdict[Shopper, list[CapReached]] = defaultdict(list)
    for store_id, user_id, *cap in await connection.execute(_capped(since), _named(shoppers)):
        found[store_id, user_id].append(CapReached(*cap))
    return {shopper: tuple(caps) for shopper, caps in found.items()}


@lru_cache(maxsize=4)
def _bought(since: date) -> TextClause:
    return text(
        "SELECT s.store_id, s.user_id, order_line.product_id,"
        " extract(epoch FROM order_line.ts)::float8 + 86400 * st.just_bought_days"
        f" FROM {SINCE} JOIN stores st ON st.id = s.store_id"
        " CROSS JOIN LATERAL ("
        f"  SELECT e.product_id, max(e.ts) AS ts {_OF_SHOPPER.format(since=since)}"
        "  AND e.type = 'conversion' AND e.product_id IS NOT NULL AND e.ts >= s.since"
        "  AND e.ts > now() - make_interval(days => st.just_bought_days)"
        f"  GROUP BY e.product_id ORDER BY 2 DESC LIMIT {MOST_LIMITS}) AS order_line"
        " ORDER BY 4 DESC"
    )


async def _just_bought(
    connection: AsyncConnection,
    statement: TextClause,
    shoppers: Collection[Shopper],
    since: Sequence[datetime],
) -> dict[Shopper, Timed]:
    found: defaultdict[Shopper, list[tuple[str, float]]] = defaultdict(list)
    values = {**_named(shoppers), "since": list(since)}
    for store_id, user_id, *bought in await connection.execute(statement, values):
        found[store_id, user_id].append((bought[0], bought[1]))
    return {shopper: tuple(products) for shopper, products in found.items()}


async def with_caps(connection: AsyncConnection, campaigns: Iterable[str]) -> set[str]:
    """Those of `campaigns` that count how often a shopper saw them."""
    return set(await connection.scalars(_WITH_CAPS, {"campaigns": sorted(campaigns)}))


def _named(shoppers: Collection[Shopper]) -> dict[str, list[str]]:
    return {"stores": [one[0] for one in shoppers], "users": [one[1] for one in shoppers]}
