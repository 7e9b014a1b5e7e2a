"""After the rows are committed: the profiles of the shoppers that they touch."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from sqlalchemy import text

from service.store.limits import with_caps
from service.store.profiles import LIFETIME_SECONDS, WHOLE, first_days, withdraw, write_all
from service.store.shoppers import DAY_SECONDS, late_actions, lock_shoppers, withdrawn_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.store.consents import Shopper
    from service.store.events import Event

TELLING = frozenset({"click", "search", "hide", "conversion"})

_KNOWN = text(
    "SELECT store_id, user_id FROM events"
    " WHERE user_id IS NOT NULL AND ts > now() - make_interval(secs => :seconds)"
    " UNION SELECT store_id, user_id FROM shoppers WHERE user_id IS NOT NULL AND NOT consent"
    " ORDER BY store_id, user_id"
)
BATCH = 200


async def rebuild_profiles(engine: AsyncEngine, redis: Redis) -> int:
    """Write the profile of every shopper of late, for a Redis that lost them.

    In the place of a profile stands that its shopper withdrew consent, where that is so.

    Returns: how many. May run beside `refresh_profiles`: both write what Postgres holds.
    """
    async with engine.connect() as connection:
        known = await connection.execute(_KNOWN, {"seconds": LIFETIME_SECONDS})
        shoppers = [(row.store_id, row.user_id) for row in known]
    for start in range(0, len(shoppers), BATCH):
        await write_anew(engine, redis, dict.fromkeys(shoppers[start : start + BATCH], 0))
    await redis.set(WHOLE, b"1")
    return len(shoppers)


def shoppers_touched(events: Iterable[Event]) -> dict[Shopper, int]:
    """Whose profiles hold what happened here, and the first day, from 1970 on, that it did."""
    return _first_days(event for event in events if is_telling(event))


def _first_days(events: Iterable[Event]) -> dict[Shopper, int]:
    found: dict[Shopper, int] = {}
    for event in events:
        if event.user_id is not None:
            shopper, day = (event.store_id, event.user_id), int(event.ts // DAY_SECONDS)
            found[shopper] = min(day, found.get(shopper, day))
    return found


async def refresh_profiles(engine: AsyncEngine, redis: Redis, events: Sequence[Event]) -> int:
    """Write anew the profile of every consenting shopper who did something; returns how many.

    A profile is a function of what Postgres holds, so doing it again changes nothing. An event
    without consent carries no user id and touches none. Two workers with the same shopper take
    turns: the later one reads what the earlier one committed.
    """
    shoppers = await _counting(engine, events)
    for shopper, day in shoppers_touched(events).items():
        shoppers[shopper] = min(day, shoppers.get(shopper, day))
    await write_anew(engine, redis, shoppers)
    return len(shoppers)


async def _counting(engine: AsyncEngine, events: Iterable[Event]) -> dict[Shopper, int]:
    """Who was shown an ad of a campaign that counts how often."""
    shown = [one for one in events if one.type == "impression" and one.user_id is not None]
    campaigns = {one.campaign_id for one in shown if one.campaign_id is not None}
    if not campaigns:
        return {}
    async with engine.connect() as connection:
        counted = await with_caps(connection, campaigns)
    return _first_days(one for one in shown if one.campaign_id in counted)


async def write_anew(engine: AsyncEngine, redis: Redis, shoppers: Mapping[Shopper, int]) -> None:
    """Write these shoppers' profiles as Postgres has them, with what they did since a day or now.

    Raises: OutOfMemoryError where Redis has no room; those who withdrew are forgotten even then.
    """
    touched = sorted(shoppers)
    if not touched:
        return
    async with engine.begin() as connection:
        await lock_shoppers(connection, touched)
        withdrawn = await withdrawn_of(connection, touched)
        for store_id, pairs in groupby(sorted(withdrawn), key=itemgetter(0)):
            await withdraw(redis, store_id, [user_id for _, user_id in pairs])
        left = [one for one in touched if one not in withdrawn]
        days = await first_days(redis, left)
        since = {one: min(day, shoppers[one]) for one, day in days.items()}
        await write_all(redis, await late_actions(connection, left, since))


def is_telling(event: Event) -> bool:
    """Tell whether a profile holds what happened here; most events are only shown things."""
    if event.type == "feature_word":
        return event.action == "clicked"
    return event.type in TELLING
