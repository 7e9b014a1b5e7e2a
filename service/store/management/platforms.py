"""Platforms: they exist by being named in a placement or a campaign."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

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
_SELECT: Final = (
    f"SELECT used.name, said.title_limit,"
    f" (SELECT count(*) FROM placements WHERE store_id = :store_id AND platform = used.name)"
    f"  AS placements,"
    f" (SELECT count(*) FROM campaigns WHERE store_id = :store_id AND status <> 'ended'"
    f"  AND (platforms = '{{}}' OR used.name = ANY(platforms))"
    f"  AND (CAST(:advertiser_id AS text) IS NULL OR advertiser_id = :advertiser_id))"
    f"  AS campaigns"
    f" FROM ({_IN_USE}) AS used"
    f" LEFT JOIN platforms AS said ON said.store_id = :store_id AND said.name = used.name"
)
_ONE: Final = text(f"{_SELECT} WHERE used.name = :name")
_PAGE: Final = text(
    f"{_SELECT} WHERE used.name > :after"
    # a merchant is not told what only its rivals name
    f" AND (CAST(:advertiser_id AS text) IS NULL"
    f"  OR EXISTS (SELECT FROM placements WHERE store_id = :store_id AND platform = used.name)"
    f"  OR EXISTS (SELECT FROM campaigns WHERE store_id = :store_id"
    f"   AND advertiser_id = :advertiser_id AND used.name = ANY(platforms)))"
    f" ORDER BY used.name LIMIT :limit"
)
_LIMIT: Final = text(
    "INSERT INTO platforms (store_id, name, title_limit) VALUES (:store_id, :name, :title_limit)"
    " ON CONFLICT (store_id, name) DO UPDATE SET title_limit = excluded.title_limit"
)
_COUNT: Final = text(
    f"SELECT count(*) FROM (({_IN_USE}) UNION SELECT unnest(CAST(:more AS text[]))) AS used"
)
_KNOWN: Final = text(
    "SELECT EXISTS (SELECT FROM placements WHERE store_id = :store_id AND platform = :name)"
    " AS placed,"
    # a merchant is not told what only its rivals name
    " EXISTS (SELECT FROM campaigns WHERE store_id = :store_id AND :name = ANY(platforms)"
    "  AND (CAST(:advertiser_id AS text) IS NULL OR advertiser_id = :advertiser_id)) AS named"
)
_OF_CAMPAIGNS: Final = text(
    "SELECT id, advertiser_id, platforms FROM campaigns"
    " WHERE store_id = :store_id AND id = ANY(:campaigns)"
    " AND (CAST(:advertiser_id AS text) IS NULL OR advertiser_id = :advertiser_id)"
)


class Known(StrEnum):
    """By whom a platform is named, as far as a caller may know."""

    PLACED = "placed"  # by a placement: the store shows ads there itself
    NAMED = "named"  # by campaigns alone
    NO = "no"


class Reach(NamedTuple):
    """Whose a campaign is, and the platforms that it names; none is all."""

    advertiser_id: str
    platforms: tuple[str, ...]


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


async def get_platform(connection: AsyncConnection, store_id: str, name: str) -> RowMapping | None:
    """The platform of this name, if some placement or campaign names it."""
    values = {"store_id": store_id, "advertiser_id": None, "name": name}
    return (await connection.execute(_ONE, values)).mappings().one_or_none()


async def put_title_limit(
    connection: AsyncConnection, store_id: str, name: str, title_limit: int | None
) -> None:
    """Say how long titles may be on a platform, in graphemes; None leaves it to placements."""
    values = {"store_id": store_id, "name": name, "title_limit": title_limit}
    await connection.execute(_LIMIT, values)


async def count_platforms_with(
    connection: AsyncConnection, store_id: str, more: Sequence[str]
) -> int:
    """How many platforms the store would have with those of `more`.

    Until the transaction ends nobody else is told, so that two cannot both fill the last place.
    """
    await lock_store(connection, store_id)
    values = {"store_id": store_id, "more": list(more)}
    return int((await connection.execute(_COUNT, values)).scalar_one())


async def known_platform(
    connection: AsyncConnection, store_id: str, advertiser_id: str | None, name: str
) -> Known:
    """By whom the platform is named; with an `advertiser_id`, by placements or its campaigns."""
    values = {"store_id": store_id, "advertiser_id": advertiser_id, "name": name}
    placed, named = (await connection.execute(_KNOWN, values)).one()
    if placed:
        return Known.PLACED
    return Known.NAMED if named else Known.NO


async def reach_of_campaigns(
    connection: AsyncConnection,
    store_id: str,
    advertiser_id: str | None,
    campaigns: list[str],
) -> dict[str, Reach]:
    """Where those of `campaigns` run that are there, and the advertiser's."""
    values = {"store_id": store_id, "advertiser_id": advertiser_id, "campaigns": campaigns}
    found = await connection.execute(_OF_CAMPAIGNS, values)
    return {campaign_id: Reach(owner, tuple(named)) for campaign_id, owner, named in found}
