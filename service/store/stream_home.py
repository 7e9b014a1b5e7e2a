"""Which stream this is, and what is left in it: seen in one round trip.

A Redis that was started anew may have lost its last second, an emptied one all it had. The first
shows by the id of the run, the second by a mark inside the stream itself: a group of its own with
a random name.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from service.errors import StoreUnavailableError
from service.store.stream import STREAM

if TYPE_CHECKING:
    from service.store.redis_wire import RedisWire

StreamId = tuple[int, int]
"""Milliseconds and a number among those of one: ids in the order of the stream."""

DEADLINE_SECONDS: Final = 1.0
MARK: Final = b"home-"
_LOOK: Final = b"""
local mark = false
if redis.call('EXISTS', KEYS[1]) == 1 then
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    if string.sub(group[2], 1, #ARGV[2]) == ARGV[2] then mark = group[2] end
  end
end
if not mark then
  mark = ARGV[1]
  redis.call('XGROUP', 'CREATE', KEYS[1], mark, '0', 'MKSTREAM')
end
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
return {run, mark, oldest[1] and oldest[1][1] or ''}
"""


class Home(NamedTuple):
    """One life of one stream: nothing that it took is lost while both stay as they are."""

    run: bytes
    mark: bytes


NOWHERE: Final = Home(b"", b"")


@dataclass(frozen=True, slots=True)
class Look:
    """What the stream was at one moment."""

    home: Home
    oldest: StreamId | None  # the first entry that is not recorded yet


async def look_at_stream(wire: RedisWire) -> Look:
    """See which stream this is, and its oldest entry; a new stream is marked.

    Raises: StoreUnavailableError.
    """
    words = (b"EVAL", _LOOK, b"1", STREAM, MARK + secrets.token_hex(8).encode(), MARK)
    found: Any = await wire.call(*words, deadline_seconds=DEADLINE_SECONDS)
    if not isinstance(found, list) or None in found:
        raise StoreUnavailableError(f"Redis tells nothing of its run: {found!r}")
    run, mark, oldest = found
    return Look(Home(run, mark), stream_id(oldest) if oldest else None)


def stream_id(raw: bytes) -> StreamId:
    """The id of an entry, to compare with others."""
    milliseconds, _, number = raw.partition(b"-")
    return int(milliseconds), int(number)
