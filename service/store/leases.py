"""Budgets in Redis: what each campaign has left, and how much of it each server holds.

Of every store there are three keys in one slot:
    left     {campaign: micros left by the ledger}, with the fields of `_STAMP`
    servers  {server: Unix milliseconds, by Redis, at which its leases end}, sorted
    leases   {server: JSON of campaign -> micros}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from service.decision.allowance import Lease, Leases
from service.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis.asyncio import Redis

    from service.store.redis_wire import RedisWire

LEASE_SECONDS: Final = 30.0
"""How long the leases of a server that is gone still count: clicks on what it showed may come."""

EPOCH: Final = "_epoch"
TICK: Final = "_tick"
DELAY: Final = "_delay"
_STAMP: Final = (EPOCH, TICK, DELAY)

DEADLINE_SECONDS: Final = 1.0
_RENEW: Final = b"""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local asked = cjson.decode(ARGV[3])
local others, servers = {}, 1
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do
  redis.call('HDEL', KEYS[3], gone)
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local all = redis.call('HGETALL', KEYS[3])
for i = 1, #all, 2 do
  if all[i] ~= ARGV[1] then
    servers = servers + 1
    for campaign, micros in pairs(cjson.decode(all[i + 1])) do
      others[campaign] = (others[campaign] or 0) + micros
    end
  end
end
local mine, told, any = {}, {}, false
for campaign, wanted in pairs(asked) do
  local left = redis.call('HGET', KEYS[1], campaign)
  if left then
    local free = math.max(tonumber(left) - (others[campaign] or 0), 0)
    local granted = math.min(wanted, free)
    told[#told + 1] = {campaign, granted, free - granted}
    mine[campaign], any = granted, true
  end
end
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], any and cjson.encode(mine) or '{}')
for _, key in ipairs({KEYS[2], KEYS[3]}) do redis.call('PEXPIRE', key, ARGV[2] * 2) end
local stamp = redis.call('HMGET', KEYS[1], '_epoch', '_tick', '_delay')
return {stamp[1] or '', stamp[2] or '', stamp[3] or '', servers,
  #told > 0 and cjson.encode(told) or '[]'}
"""


def keys_of(store_id: str) -> tuple[str, str, str]:
    """The names of a store's keys; the braces keep them in one slot of a cluster."""
    return tuple(f"salient:{{{store_id}}}:{name}" for name in ("left", "servers", "leases"))  # type: ignore[return-value] # three


async def renew_leases(
    wire: RedisWire, store_id: str, server: str, wanted: Mapping[str, int]
) -> Leases:
    """Ask that `server` may have `wanted` micros of each campaign in flight; one round trip.

    Whatever the server held before is replaced.

    Raises: StoreUnavailableError when Redis does not know the budgets (any more).
    """
    keys = [key.encode() for key in keys_of(store_id)]
    lease = str(int(LEASE_SECONDS * 1000)).encode()
    arguments = (server.encode(), lease, orjson.dumps(dict(wanted)))
    words = (b"EVAL", _RENEW, b"3", *keys, *arguments)
    answer: Any = await wire.call(*words, deadline_seconds=DEADLINE_SECONDS)
    if not isinstance(answer, list) or not all(answer):
        raise StoreUnavailableError(f"Redis knows no budgets of {store_id}")
    epoch, tick, delay, servers, told = answer
    leases = {name: Lease(int(granted), int(free)) for name, granted, free in orjson.loads(told)}
    return Leases(int(epoch), tick.decode(), float(delay), int(servers), leases)


async def write_left(
    redis: Redis,
    store_id: str,
    left: Mapping[str, int],
    *,
    stamp: tuple[int, str, float],
    gone: frozenset[str] = frozenset(),
    anew: bool,
) -> None:
    """Write what campaigns have left, at once with its epoch, tick and delay in seconds.

    `anew` forgets what stood there before; otherwise only `gone` campaigns go.
    """
    key = keys_of(store_id)[0]
    pipeline = redis.pipeline(transaction=True)
    if anew:
        pipeline.delete(key)
    elif gone:
        pipeline.hdel(key, *gone)
    fields: dict[Any, Any] = {**left, **dict(zip(_STAMP, stamp, strict=True))}
    pipeline.hset(key, mapping=fields)
    await pipeline.execute()
