"""Tills that charge a campaign's clicks on two platforms while something else is done."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from time import time
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import IntegrityError

from service.store.ledger import Due, charge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncEngine

TILLS: Final = 3
PRICE: Final = 9_700  # micros a click


@dataclass
class Charges:
    """What the tills saw."""

    paid: int = 0
    broken: int = 0  # charges that the schema alone refused


@asynccontextmanager
async def open_tills(
    engine: AsyncEngine, store_id: str, campaign_id: str
) -> AsyncIterator[Charges]:
    """Charge clicks on web and app, one transaction each, until the context ends."""
    stop, charges = asyncio.Event(), Charges()

    async def charge_on_and_on(till: int) -> None:
        for number in count():
            if stop.is_set():
                return
            due = Due(
                "click", f"imp_{campaign_id}_{till}_{number}", store_id, campaign_id, PRICE,
                time(), platform=("web", "app")[number % 2],
            )  # fmt: skip
            try:
                async with engine.begin() as connection:
                    done = await charge(connection, [due])
            except IntegrityError:
                charges.broken += 1
            else:
                charges.paid += sum(one.price for one in done.paid)

    tills = [asyncio.create_task(charge_on_and_on(till)) for till in range(TILLS)]
    try:
        yield charges
    finally:
        stop.set()
        await asyncio.gather(*tills)
