"""`salient` with a deliberate defect.

python defective.py DEFECT COMMAND [OPTION...]
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from service.__main__ import app
from service.api import event_log
from service.api.event_log import EventLog
from service.api.segments import Tended
from service.store import accounts
from service.store.accounts import _lock
from service.store.spool import Spool
from service.worker import consume
from service.worker.allotment import Allotment
from service.worker.consume import Consumer
from service.worker.profiles import refresh_profiles
from service.worker.record import Recorded, record
from tests.faults.defects import MORE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import TextClause
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.api.segments import Send
    from service.store.accounts import Account
    from service.store.events import Event
    from service.store.redis_wire import RedisWire
    from service.store.segment import Segment
    from service.store.stream import Entry

SLOW_DISK_SECONDS = 0.03


async def _release_what_is_sent(_wire: RedisWire, spool: Spool, _send: Send) -> Tended:
    """The defect: what Redis has in its memory counts as safe."""
    await spool.sync()
    spool.end_segment()
    for segment in [one for one in spool.ended if not one.owed]:
        spool.release(segment)
    return Tended()


def _unlink_when_sent() -> None:
    setattr(event_log, "tend_segments", _release_what_is_sent)  # noqa: B010 - on purpose


async def _refresh_at_once(self: Consumer, events: list[Event]) -> None:
    """The defect: no acknowledgement before the profiles are written, whatever Redis says."""
    await refresh_profiles(self.engine, self.redis, events)


def _profiles_first() -> None:
    setattr(Consumer, "_refresh", _refresh_at_once)  # noqa: B010 - on purpose


async def _record_or_forget(engine: AsyncEngine, entries: Sequence[Entry]) -> Recorded:
    """The defect: what an outage keeps from being stored counts as done."""
    try:
        return await record(engine, entries)
    except Exception:
        return Recorded(safe=list(entries))


def _acknowledge_on_outage() -> None:
    setattr(consume, "record", _record_or_forget)  # noqa: B010 - on purpose


def _append_or_raise(self: EventLog, kind: bytes, body: bytes) -> tuple[Segment, int]:
    """The defect: a full disk is the shopper's problem."""
    return self._spool.append(kind, body)


def _disk_errors_pass_through() -> None:
    setattr(EventLog, "_keep", _append_or_raise)  # noqa: B010 - on purpose


def _sync_in_the_loop() -> None:
    """The defect: the redirect waits for the disk."""
    append = Spool.append

    def slowly(self: Spool, kind: bytes, body: bytes) -> tuple[Segment, int]:
        time.sleep(SLOW_DISK_SECONDS)
        return append(self, kind, body)

    setattr(Spool, "append", slowly)  # noqa: B010 - on purpose


async def _no_epoch(self: Allotment, _connection: AsyncConnection) -> bool:
    """The defect: Redis is taken for the one that was told last."""
    first, self._life = self._life is None, "1:some run"
    self._epoch = 1
    return first


def _one_epoch_for_ever() -> None:
    setattr(Allotment, "_begin_epoch", _no_epoch)  # noqa: B010 - on purpose


async def _lock_by_own_clock(
    connection: AsyncConnection, statement: TextClause, campaigns: Collection[str]
) -> dict[str, Account]:
    """The defect: the day is what this process takes for it."""
    held = await _lock(connection, statement, campaigns)
    for account in held.values():
        account.day = datetime.now(UTC).date()
    return held


def _day_by_own_clock() -> None:
    setattr(accounts, "_lock", _lock_by_own_clock)  # noqa: B010 - on purpose


DEFECTS = MORE | {
    "none": lambda: None,
    "unlink_when_sent": _unlink_when_sent,
    "profiles_first": _profiles_first,
    "acknowledge_on_outage": _acknowledge_on_outage,
    "disk_errors_pass_through": _disk_errors_pass_through,
    "sync_in_the_loop": _sync_in_the_loop,
    "one_epoch_for_ever": _one_epoch_for_ever,
    "day_by_own_clock": _day_by_own_clock,
}

if __name__ == "__main__":
    DEFECTS[sys.argv[1]]()
    sys.argv[1:] = sys.argv[2:]
    app()
