"""A process that charges clicks which others charge at the same time, sound or with a defect.

python charging_process.py DATABASE_URL DEFECT SEED CLICKS CAMPAIGNS
"""

from __future__ import annotations

import asyncio
import random
import sys

from sqlalchemy import text

from service.store import accounts
from service.store.ledger import Due, charge
from service.store.postgres import open_engine

BATCH = 40
PRICE = 100
STORE = "sto_1"


def due_of(number: int, campaigns: int) -> Due:
    """The click of this number; its price is one of 100 to 106."""
    name = f"imp_{number}"
    price = PRICE + number % 7
    return Due("click", name, STORE, f"cmp_{number % campaigns}", price, 1_790_000_000.0)


def forget_locks() -> None:
    """The defect: campaigns are read, but not locked."""
    accounts._WAIT = text(  # type: ignore[misc] # put in on purpose
        accounts._LOCK.replace(" FOR NO KEY UPDATE", "")
    )


async def charge_all(database_url: str, seed: int, clicks: int, campaigns: int) -> int:
    """Charge all the clicks in an order of its own; returns how many this process charged."""
    engine = open_engine(database_url, pool_size=1)
    # all processes are near the same clicks at the same time, each in another order
    order = random.Random(seed)  # noqa: S311 - an order
    paid = 0
    for start in range(0, clicks, BATCH):
        numbers = list(range(start, min(start + BATCH, clicks)))
        order.shuffle(numbers)
        async with engine.begin() as connection:
            due = [due_of(number, campaigns) for number in numbers]
            paid += len((await charge(connection, due)).paid)
    await engine.dispose()
    return paid


def main(database_url: str, defect: str, *figures: str) -> None:
    """Wait for the word to begin, so that all begin at once."""
    if defect == "no_lock":
        forget_locks()
    print("ready", flush=True)  # noqa: T201 - tells the test that the imports are done
    sys.stdin.readline()
    seed, clicks, campaigns = map(int, figures)
    print(asyncio.run(charge_all(database_url, seed, clicks, campaigns)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
