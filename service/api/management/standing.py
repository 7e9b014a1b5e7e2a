"""What Redis holds of a shopper, as management routes read and write it; else 503."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from service.api.schemas.users import Done, Profile
from service.errors import StoreUnavailableError
from service.store.profiles import read_profile, withdraw, write_profiles
from service.store.shoppers import recent_actions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.store.profiles import Timed


async def write_standing(
    redis: Redis | None,
    connection: AsyncConnection,
    store_id: str,
    user_id: str,
    *,
    consent: bool,
) -> None:
    """Put the profile, or in its place that consent was withdrawn, where ads look for it.

    Raises: StoreUnavailableError; then it is not known what Redis holds, and the transaction of
    `connection` must not be committed.
    """
    with _reachable(redis) as there:
        if consent:
            profiles = await recent_actions(connection, store_id, [user_id])
            await write_profiles(there, store_id, profiles)
        else:
            await withdraw(there, store_id, [user_id])


async def profile_in_force(redis: Redis | None, store_id: str, user_id: str) -> Profile | None:
    """The profile that ads are chosen by, if there is one.

    Raises: StoreUnavailableError.
    """
    with _reachable(redis) as there:
        stored = await read_profile(there, store_id, user_id)
    if stored is None:
        return None
    return Profile(
        feature_words=_shown(stored.feature_words),
        clicked_products=_shown(stored.titles),
        queries=_shown(stored.queries),
        hidden_ads=stored.hidden,
        selling_points_seen=dict(stored.seen),
        capped_campaigns={one.campaign_id: _moment(one.until) for one in stored.capped},
        bought_products={product: _moment(until) for product, until in stored.bought},
    )


def _shown(done: Timed) -> tuple[Done, ...]:
    return tuple(Done(text=text, at=_moment(ts)) for text, ts in done)


def _moment(ts: float) -> datetime:
    return datetime.fromtimestamp(ts, UTC)


@contextmanager
def _reachable(redis: Redis | None) -> Iterator[Redis]:
    if redis is None:
        raise StoreUnavailableError("no Redis is configured; set REDIS_URL")
    try:
        yield redis
    except (RedisError, OSError) as error:
        raise StoreUnavailableError("Redis does not answer, or not in time; try again") from error
