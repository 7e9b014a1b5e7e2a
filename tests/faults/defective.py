"""`salient` with a deliberate defect.

python defective.py DEFECT COMMAND [OPTION...]
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from service.__main__ import app
from service.api import event_log
from service.api.segments import Tended

if TYPE_CHECKING:
    from service.api.segments import Send
    from service.store.redis_wire import RedisWire
    from service.store.spool import Spool


async def _release_what_is_sent(_wire: RedisWire, spool: Spool, _send: Send) -> Tended:
    """The defect: what Redis has in its memory counts as safe."""
    await spool.sync()
    spool.end_segment()
    for segment in [one for one in spool.ended if not one.owed]:
        spool.release(segment)
    return Tended()


def _unlink_when_sent() -> None:
    setattr(event_log, "tend_segments", _release_what_is_sent)  # noqa: B010 - on purpose


DEFECTS = {"none": lambda: None, "unlink_when_sent": _unlink_when_sent}

if __name__ == "__main__":
    DEFECTS[sys.argv[1]]()
    sys.argv[1:] = sys.argv[2:]
    app()
