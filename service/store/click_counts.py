"""How often one sender clicked on a campaign's ads of late, counted in Redis under hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.store.events import SOURCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

    from service.store.events import Event

WINDOW_SECONDS: Final = 600
_KEPT: Final = 64  # clicks of each sender, the newest


async def count_clicks(redis: Redis, clicks: Sequence[Event]) -> list[int]:
    """How many clicks each one's sender made up to it, itself included, within the window.

    The same click again counts once, whatever becomes of it.
    """
    pipeline = redis.pipeline(transaction=False)
    for click in clicks:
        key = f"{{{click.store_id}}}:clicks:{click.campaign_id}:{click.payload[SOURCE]}"
        pipeline.zadd(key, {click.event_key: click.received_at}, nx=True)
        pipeline.zremrangebyrank(key, 0, -_KEPT - 1)
        pipeline.expire(key, 2 * WINDOW_SECONDS)
        oldest = f"({click.received_at - WINDOW_SECONDS}"
        pipeline.zcount(key, oldest, click.received_at)
    return (await pipeline.execute())[3::4]
