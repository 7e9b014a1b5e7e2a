"""The stream between the servers and the worker: at least once, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from redis.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

STREAM: Final = b"salient:events"
GROUP: Final = "worker"
_NAME: Final = STREAM.decode()
MOST_AT_ONCE: Final = 2_000
_ACKNOWLEDGE: Final = """
local ids = {}
for id in string.gmatch(ARGV[2], '%S+') do ids[#ids + 1] = id end
redis.call('XACK', KEYS[1], ARGV[1], unpack(ids))
return redis.call('XDEL', KEYS[1], unpack(ids))
"""
"""All ids in one word: to write each of them twice took longer than to decode its event."""


class Entry(NamedTuple):
    """One event or decision in the stream; `body` is JSON."""

    id: str
    kind: str  # event | decision
    body: bytes


class EventStream:
    """The stream as one consumer of the worker's group sees it."""

    def __init__(self, redis: Redis, consumer: str) -> None:
        self._redis = redis
        self._consumer = consumer

    async def append(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        """Write (kind, body) pairs, in order; returns once Redis has them."""
        pipeline = self._redis.pipeline(transaction=False)
        for kind, body in entries:
            pipeline.xadd(STREAM, {b"k": kind, b"b": body})
        await pipeline.execute()

    async def ensure_group(self) -> bool:
        """Make the stream and the group, from the oldest entry on, if they are not there.

        Returns: whether the group is new, because Redis is, or was emptied.
        """
        try:
            await self._redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
            return False
        return True

    async def read(self, count: int = 500, block_seconds: float = 0.5) -> list[Entry]:
        """Up to `count` new entries, waiting for the first of them."""
        answer = await self._redis.xreadgroup(
            GROUP, self._consumer, {_NAME: ">"}, count=count, block=int(block_seconds * 1000)
        )
        return [entry for _, entries in _pairs(answer) for entry in _entries(entries)]

    async def oldest(self, count: int = 500) -> list[Entry]:
        """The first `count` entries, whoever has them: for a Redis too full to make the group."""
        found: Any = await self._redis.xrange(STREAM, count=count)
        return _entries(found)

    async def hold(self, ids: Sequence[str]) -> None:
        """Keep these for a while longer, so that no other consumer takes them for abandoned."""
        await self._redis.xclaim(STREAM, GROUP, self._consumer, 0, list(ids), justid=True)

    async def acknowledge(self, ids: Sequence[str]) -> None:
        """Say that `ids` are done: they leave the group and the stream."""
        if not ids:
            return
        for start in range(0, len(ids), MOST_AT_ONCE):
            some = " ".join(ids[start : start + MOST_AT_ONCE])
            done: Any = self._redis.eval(_ACKNOWLEDGE, 1, _NAME, GROUP, some)
            await done

    async def claim_abandoned(self, count: int = 500, idle_seconds: float = 2.0) -> list[Entry]:
        """Take over up to `count` entries that some consumer took and has not finished."""
        answer: Any = await self._redis.xautoclaim(
            STREAM, GROUP, self._consumer, int(idle_seconds * 1000), count=count
        )
        return _entries(answer[1])

    async def deliveries(self, ids: Sequence[str]) -> dict[str, int]:
        """How often each of `ids` was handed out, those that are pending still."""
        pipeline = self._redis.pipeline(transaction=False)
        for entry_id in ids:
            pipeline.xpending_range(STREAM, GROUP, min=entry_id, max=entry_id, count=1)
        answers: list[list[dict[str, Any]]] = await pipeline.execute()
        return {
            entry_id: int(found[0]["times_delivered"])
            for entry_id, found in zip(ids, answers, strict=True)
            if found
        }

    async def waiting(self) -> int:
        """How many entries are not acknowledged yet."""
        return int(await self._redis.xlen(STREAM))

    async def lag_seconds(self) -> float:
        """How long the oldest entry has waited, by the clock of Redis; 0 where none waits."""
        found: Any = await self._redis.xrange(STREAM, count=1)
        if not found:
            return 0.0
        now: Any = await self._redis.time()
        appended = int(found[0][0].partition(b"-")[0]) / 1000
        return max(0.0, float(now[0]) + float(now[1]) / 1e6 - appended)

    async def newest(self) -> str | None:
        """The id of the last entry that is not acknowledged yet."""
        found: Any = await self._redis.xrevrange(STREAM, count=1)
        return found[0][0].decode() if found else None

    async def holds_up_to(self, entry_id: str) -> bool:
        """Whether an entry is left that came no later than `entry_id`."""
        return bool(await self._redis.xrange(STREAM, max=entry_id, count=1))


def _pairs(answer: Any) -> list[tuple[bytes, Any]]:
    # RESP3 answers with a map of lists of lists, RESP2 with a list of pairs
    if isinstance(answer, dict):
        return [(name, batch) for name, groups in answer.items() for batch in groups]
    return list(answer or [])


def _entries(raw: Sequence[Any]) -> list[Entry]:
    made = []
    for entry_id, fields in raw:
        if fields:  # deleted entries come without
            kind = fields.get(b"k", b"").decode(errors="replace")
            made.append(Entry(entry_id.decode(), kind, fields.get(b"b", b"")))
    return made
