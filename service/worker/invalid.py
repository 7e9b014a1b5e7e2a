"""Clicks of one sender that come too often: told apart before anything is stored or charged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog
from redis.exceptions import RedisError

from service.store.click_counts import count_clicks
from service.store.events import SOURCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

    from service.store.events import Event

MOST_CLICKS: Final = 10
"""Of one sender on ads of one campaign, within `store.click_counts.WINDOW_SECONDS`."""

BY: Final = "by"
BROWSER: Final = "browser"
"""Kept with a click that a shopper's own browser sent, from an address that is known."""

log = structlog.get_logger(__name__)


async def judge(redis: Redis | None, events: Sequence[Event]) -> list[Event]:
    """`events` without the senders' hashes; clicks that are one too many do not count.

    Such a click has a key of its own, as other invalid ones do. While Redis does not answer,
    nobody is counted.
    """
    sent = [event for event in events if is_counted(event)]
    counts = dict(zip(map(id, sent), await _counts(redis, sent), strict=True)) if sent else {}
    return [_judged(event, counts.get(id(event), 0)) for event in events]


def is_counted(event: Event) -> bool:
    """Whether this is a valid click whose sender is told apart from others."""
    return event.type == "click" and event.invalid_reason is None and SOURCE in event.payload


async def _counts(redis: Redis | None, clicks: Sequence[Event]) -> list[int]:
    if redis is not None:
        try:
            return await count_clicks(redis, clicks)
        except (RedisError, OSError) as error:
            log.warning("clicks_not_counted", clicks=len(clicks), error=repr(error))
    return [0] * len(clicks)


def _judged(event: Event, count: int) -> Event:
    if SOURCE not in event.payload:
        return event
    payload = {name: value for name, value in event.payload.items() if name != SOURCE}
    if count > MOST_CLICKS:
        key = f"{event.event_key}:too_many"
        return replace(event, invalid_reason="too_many", event_key=key, payload=payload)
    return replace(event, payload={**payload, BY: BROWSER})
