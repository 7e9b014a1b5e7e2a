"""Platforms: they exist by being named in a placement or a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from service.store.management.stores import lock_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_IN_USE: Final = (
    "SELECT platform AS name FROM placements WHERE store_id = :store_id"
    " UNION SELECT unnest(platforms) FROM campaigns WHERE store_id = :store_id"
)
_PAGE: Final = text(
    f"SELECT used.name,"
    f" (SELECT count(*) FROM placements WHERE store_id = :store_id AND platform = used.name)"
    f"  AS placements,"
    f" (SELECT count(*) FROM campaigns WHERE store_id = :store_id AND status <> 'ended'"
    f"  AND (platforms = '{{}}' OR used.name = ANY(platforms))"
    f"  AND (CAST(:advertiser_id AS text) IS NULL OR advertiser_id = :advertiser_id))"
    f"  AS campaigns"
    f" FROM ({_IN_USE}) AS used WHERE used.name > :after"
    # a merchant is not told what only its rivals name
    f" AND (CAST(:advertiser_id AS text) IS NULL"
    f"  OR EXISTS (SELECT FROM placements WHERE store_id = :store_id AND platform = used.name)"
    f"  OR EXISTS (SELECT FROM campaigns WHERE store_id = :store_id"
    f"   AND advertiser_id = :advertiser_id AND used.name = ANY(platforms)))"
    f" ORDER BY used.name LIMIT :limit"
)
_COUNT: Final = text(
    f"SELECT count(*) FROM (({_IN_USE}) UNION SELECT unnest(CAST(:more AS text[]))) AS used"
)


async def platforms_page(
    connection: AsyncConnection,
    store_id: str,
    advertiser_id: str | None,
    *,
    after: str,
    limit: int,
) -> list[RowMapping]:
    """Platforms by name, those past `after`, with how many placements and campaigns run there.

    Ended campaigns do not count. With an `advertiser_id`, only its own campaigns do.
    """
    values = {"store_id": store_id, "advertiser_id": advertiser_id, "after": after, "limit": limit}
    return list((await connection.execute(_PAGE, values)).mappings())


async def count_platforms_with(
    connection: AsyncConnection, store_id: str, more: Sequence[str]
) -> int:
    """How many platforms the store would have with those of `more`.

    Until the transaction ends nobody else is told, so that two cannot both fill the last place.
    """
    await lock_store(connection, store_id)
    values = {"store_id": store_id, "more": list(more)}
    return int((await connection.execute(_COUNT, values)).scalar_one())
