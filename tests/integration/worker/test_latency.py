from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from service.store.profiles import decode_profile, profile_key
from tests.integration.worker.shop import NOW, as_entries, eventually, feature_word, open_shop
from tests.integration.worker.test_consume import running

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.store.stream import EventStream
    from service.worker.consume import Consumer


async def test_a_click_is_in_the_profile_well_within_a_second(
    engine: AsyncEngine, stream: EventStream, consumer: Consumer, redis: Redis
) -> None:
    store, _ = await open_shop(engine)
    key = profile_key(store.store_id, "ann")
    took = []
    async with running(consumer):
        for number in range(20):
            word = f"oak {number}"
            await stream.append(as_entries([feature_word(store, word, number)]))
            started = time.monotonic()

            async def known(word: str = word) -> bool:
                raw = await redis.get(key)
                assert raw is None or isinstance(raw, bytes)
                history, _ = decode_profile(raw, NOW)
                return bool(history.feature_words) and history.feature_words[0][0] == word

            await eventually(known)
            took.append(time.monotonic() - started)
    assert max(took) < 1
    assert median(took) < 0.2
