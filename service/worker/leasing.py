"""How a serving process keeps its leases on budgets: asked for anew ten times a second."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

from service.store.leases import renew_leases
from service.worker import counts

if TYPE_CHECKING:
    from collections import defaultdict
    from collections.abc import Callable

    from service.decision.allowance import Allowance
    from service.decision.live import Live
    from service.store.redis_wire import RedisWire

log = structlog.get_logger(__name__)

RENEW_EVERY_SECONDS: Final = 0.1


async def keep_leases(
    allowances: defaultdict[str, Allowance], wire: RedisWire, live: dict[str, Live]
) -> None:
    """Renew for ever; without Redis what was leased last has to last."""
    lessee, away = Lessee(allowances, wire), False
    while True:
        try:
            await lessee.renew(live)
            away = False
        except Exception as error:  # ads go on
            counts.LEASES_UNREAD.inc()
            if not away:
                log.warning("leases_unread", error=repr(error))
            away = True
        await asyncio.sleep(RENEW_EVERY_SECONDS)


@dataclass(slots=True)
class Lessee:
    """One serving process as the others know it, with its allowances by store."""

    allowances: defaultdict[str, Allowance]
    wire: RedisWire
    server: str = field(default_factory=lambda: secrets.token_hex(8))
    clock: Callable[[], float] = time.perf_counter

    async def renew(self, live: dict[str, Live]) -> None:
        """Renew the leases on what is in flight, and stop campaigns that are short of theirs.

        Raises: what the first store met whose leases could not be renewed.
        """
        failed: Exception | None = None
        for store_id in list(live):
            try:
                short = await self._renew(store_id)
            except Exception as error:
                failed = failed or error
                short = self.allowances[store_id].short(away=True)
            current = live.get(store_id)
            if current is not None and short != current.short:
                live[store_id] = current.stopping(short=short)
        if failed is not None:
            raise failed

    async def _renew(self, store_id: str) -> frozenset[str]:
        allowance = self.allowances[store_id]
        if not allowance.flights:
            return frozenset()
        wanted = allowance.wanted()
        leases = await renew_leases(self.wire, store_id, self.server, wanted)
        return allowance.short(away=not allowance.renewed(leases, self.clock()))
