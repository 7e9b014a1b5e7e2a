"""How far what is recorded lies behind what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from service.store.stream import STREAM

if TYPE_CHECKING:
    from redis.asyncio import Redis

_AGE: Final = """
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
if not oldest[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return now - tonumber(string.match(oldest[1][1], '^%d+'))
"""


async def lag_seconds(redis: Redis) -> float:
    """The age of the oldest entry that is not recorded yet, by the clock of Redis; 0 for none."""
    milliseconds: Any = await redis.eval(_AGE, 1, STREAM)
    return max(int(milliseconds), 0) / 1000
