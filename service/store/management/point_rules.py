"""Rules for selling points, and the report of opt-outs: one query a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from service.decision.point_rules import PointRules
from service.store.selling_point_tables import selling_point_rules

if TYPE_CHECKING:
    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_WHOSE: Final = "(CAST(:advertiser_id AS text) IS NULL OR advertiser_id = :advertiser_id)"
_SAID: Final = (
    "SELECT state AS what, lower(text) AS phrase, product_id, advertiser_id"
    f" FROM selling_point_verdicts WHERE store_id = :store_id AND {_WHOSE}"
    " UNION ALL"
    " SELECT 'listed', lower(phrase), NULL, advertiser_id"
    " FROM selling_point_rules CROSS JOIN LATERAL unnest(banned) AS phrase"
    f" WHERE store_id = :store_id AND {_WHOSE}"
    " UNION ALL"
    " SELECT 'opted_out', '', NULL, advertiser_id"
    f" FROM selling_point_rules WHERE store_id = :store_id AND opted_out AND {_WHOSE}"
)
_PAGE: Final = text(
    "SELECT what, phrase, count(DISTINCT product_id) AS products,"
    " count(DISTINCT advertiser_id) AS merchants, bool_or(advertiser_id IS NULL) AS by_store"
    f" FROM ({_SAID}) AS said"
    ' WHERE (what COLLATE "C", phrase COLLATE "C") > (:what, :phrase)'
    ' GROUP BY what, phrase ORDER BY what COLLATE "C", phrase COLLATE "C" LIMIT :limit'
)
_TOTALS: Final = text(
    f"WITH said AS ({_SAID})"
    " SELECT (SELECT count(*) FROM products WHERE store_id = :store_id) AS products,"
    " count(DISTINCT product_id) FILTER (WHERE what = 'banned') AS products_banned,"
    " count(DISTINCT product_id) FILTER (WHERE what = 'locked') AS products_locked,"
    " (SELECT count(*) FROM advertisers WHERE store_id = :store_id"
    "  AND (CAST(:advertiser_id AS text) IS NULL OR id = :advertiser_id)) AS merchants,"
    " count(DISTINCT advertiser_id) FILTER (WHERE what IN ('banned', 'listed'))"
    "  AS merchants_banning,"
    " count(DISTINCT advertiser_id) FILTER (WHERE what = 'locked') AS merchants_locking,"
    " count(DISTINCT advertiser_id) FILTER (WHERE what = 'opted_out') AS merchants_opted_out"
    " FROM said"
)


async def get_point_rules(
    connection: AsyncConnection, store_id: str, advertiser_id: str | None, *, lock: bool = False
) -> PointRules:
    """The rules of the merchant, or of the store; locked until the transaction ends, if asked."""
    columns = selling_point_rules.c
    statement = select(columns.banned, columns.allowed, columns.opted_out).where(
        columns.store_id == store_id,
        columns.advertiser_id.is_not_distinct_from(advertiser_id),
    )
    if lock:
        statement = statement.with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return PointRules()
    return PointRules(tuple(row.banned), tuple(row.allowed), row.opted_out)


async def put_point_rules(
    connection: AsyncConnection, store_id: str, advertiser_id: str | None, rules: PointRules
) -> None:
    """Make these the rules of the merchant, or of the store."""
    columns = selling_point_rules.c
    values = {
        "banned": list(rules.banned),
        "allowed": list(rules.allowed),
        "opted_out": rules.opted_out,
    }
    statement = insert(selling_point_rules).values(
        store_id=store_id, advertiser_id=advertiser_id, **values
    )
    keys = [columns.store_id, columns.advertiser_id]
    changed = values | {"updated_at": text("now()")}
    await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))


async def opt_outs_page(
    connection: AsyncConnection,
    store_id: str,
    advertiser_id: str | None,
    *,
    after: tuple[str, str],
    limit: int,
) -> list[RowMapping]:
    """What was said of each phrase, and of how many products by how many merchants.

    In the order of what was said and of the phrase, those past `after`. Only what that merchant
    said, if one is given.
    """
    asked = {"store_id": store_id, "advertiser_id": advertiser_id, "limit": limit}
    place = dict(zip(("what", "phrase"), after, strict=True))
    return list((await connection.execute(_PAGE, asked | place)).mappings())


async def opt_out_totals(
    connection: AsyncConnection, store_id: str, advertiser_id: str | None
) -> RowMapping:
    """How many products and merchants there are, and how many of them said what."""
    asked = {"store_id": store_id, "advertiser_id": advertiser_id}
    return (await connection.execute(_TOTALS, asked)).mappings().one()
