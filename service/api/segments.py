"""Every second: which segments are recorded and may go, and which must be sent again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from service.errors import StoreUnavailableError
from service.store.segment import read_segment
from service.store.stream_home import look_at_stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.store.redis_wire import RedisWire
    from service.store.segment import Segment
    from service.store.spool import Spool
    from service.store.stream_home import Home

    Send = Callable[[bytes, bytes, tuple[Segment, int]], asyncio.Future[bytes]]

BATCH: Final = 500


class Tended(NamedTuple):
    """How many entries were sent from segments, and how many torn lines they had."""

    sent: int = 0
    torn: int = 0


async def tend_segments(wire: RedisWire, spool: Spool, send: Send) -> Tended:
    """Release what is recorded, send what the stream lacks, take over what the dead left.

    Raises: StoreUnavailableError when Redis does not take it all; the rest is tried next time.
    """
    look = await look_at_stream(wire)
    spool.home = look.home
    for segment in list(spool.ended):
        if segment.is_recorded(look):
            spool.release(segment)
    with suppress(StoreUnavailableError):  # whoever needed that sync was told
        await spool.sync()
    if spool.holds_current() and (not spool.ended or spool.current_home() != look.home):
        spool.end_segment()
    spool.adopt()
    sent = torn = 0
    for segment in list(spool.ended):
        if not segment.owed and not segment.is_settled_in(look.home):
            done = await _send_again(segment, look.home, send)
            sent, torn = sent + done.sent, torn + done.torn
    return Tended(sent, torn)


async def _send_again(segment: Segment, home: Home, send: Send) -> Tended:
    """Send from the first entry on that the stream may lack, and remember how far it came."""
    entries, torn = await asyncio.to_thread(read_segment, segment.path)
    newly_torn, segment.torn = torn - segment.torn, torn
    first = segment.move_to(home)
    for start in range(first, len(entries), BATCH):
        segment.unsent_from = start
        sent = [
            send(kind, body, (segment, number))
            for number, (kind, body) in enumerate(entries[start : start + BATCH], start)
        ]
        answers = await asyncio.gather(*sent, return_exceptions=True)
        missed = [number for number, one in enumerate(answers, start) if _failed(one)]
        if missed:
            segment.unsent_from = missed[0]
            raise StoreUnavailableError(f"Redis took {missed[0]} of {len(entries)} entries")
    segment.unsent_from = None
    return Tended(max(0, len(entries) - first), newly_torn)


def _failed(answer: bytes | BaseException) -> bool:
    return isinstance(answer, BaseException)
