"""Where it is known on which day a shopper began, older partitions are left alone."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from redis.asyncio import Redis

from service.store.events import add_events
from service.store.profiles import (
    NEVER,
    WHOLE,
    StoredProfile,
    first_days,
    withdraw,
    write_all,
)
from service.store.shoppers import DAY_SECONDS, late_actions
from tests.unit.store.made import click, fill

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

ANN, BOB, CAT, DAN = (("sto_1", name) for name in ("ann", "bob", "cat", "dan"))
TODAY = int(time.time() // DAY_SECONDS)


async def test_a_first_day_is_known_by_the_profile_or_by_its_absence(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        words = StoredProfile(feature_words=(("oak", 1.0),))
        await write_all(redis, {ANN: replace(words, since=20_000), BOB: words})
        await withdraw(redis, "sto_1", ["cat"])
        shoppers = [ANN, BOB, CAT, DAN]
        assert await first_days(redis, shoppers) == {ANN: 20_000}
        await redis.set(WHOLE, b"1")  # now who has no profile did nothing
        assert await first_days(redis, shoppers) == {ANN: 20_000, DAN: NEVER}
        await redis.flushdb()


async def test_only_days_since_the_first_are_read(connection: AsyncConnection) -> None:
    await fill(connection)
    days = [TODAY - 100, TODAY - 60, TODAY - 2, TODAY]
    word = click(1, type="feature_word", action="clicked", user_id="ann")
    done = [
        replace(word, event_key=f"k{day}", feature_word=f"word {day}", ts=float(day * DAY_SECONDS))
        for day in days
    ]
    await add_events(connection, done)

    async def found(**first: int) -> StoredProfile:
        known = {("sto_1", name): day for name, day in first.items()}
        return (await late_actions(connection, [ANN], known))["sto_1", "ann"]

    def of(*some: int) -> tuple[tuple[str, float], ...]:
        return tuple((f"word {day}", float(day * DAY_SECONDS)) for day in some)

    everything = await found()  # as far back as a profile lives
    assert everything.feature_words == of(TODAY, TODAY - 2, TODAY - 60)
    assert everything.since == TODAY - 60
    late = await found(ann=TODAY - 2)
    assert (late.feature_words, late.since) == (of(TODAY, TODAY - 2), TODAY - 2)
    assert await found(ann=TODAY - 400) == everything
    assert (await late_actions(connection, [BOB], {BOB: TODAY}))[BOB] == StoredProfile()
