"""After the rows are committed: the profiles of the shoppers that they touch."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import text

from service.store.profiles import write_profiles
from service.store.shoppers import recent_actions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.store.events import Event

TELLING = frozenset({"click", "search", "hide"})

_LOCK = text(
    "SELECT pg_advisory_xact_lock(shopper) FROM ("
    " SELECT DISTINCT hashtextextended(:store_id || user_id, 0) AS shopper"
    " FROM unnest(CAST(:user_ids AS text[])) AS user_id ORDER BY 1) AS shoppers"
)


async def refresh_profiles(engine: AsyncEngine, redis: Redis, events: Iterable[Event]) -> int:
    """Write anew the profile of every consenting shopper who did something; returns how many.

    A profile is a function of what Postgres holds, so doing it again changes nothing. An event
    without consent carries no user id and touches none. Two workers with the same shopper take
    turns: the later one reads what the earlier one committed.
    """
    shoppers: defaultdict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.user_id is not None and is_telling(event):
            shoppers[event.store_id].add(event.user_id)
    for store_id, user_ids in sorted(shoppers.items()):
        async with engine.begin() as connection:
            await _take_turns(connection, store_id, sorted(user_ids))
            profiles = await recent_actions(connection, store_id, sorted(user_ids))
            await write_profiles(redis, store_id, profiles)
    return sum(map(len, shoppers.values()))


def is_telling(event: Event) -> bool:
    """Tell whether a profile holds what happened here; most events are only shown things."""
    if event.type == "feature_word":
        return event.action == "clicked"
    return event.type in TELLING


async def _take_turns(connection: AsyncConnection, store_id: str, user_ids: list[str]) -> None:
    await connection.execute(_LOCK, {"store_id": store_id, "user_ids": user_ids})
