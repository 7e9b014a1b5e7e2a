"""A process that charges clicks which others charge at the same time, sound or with a defect.

python charging_process.py DATABASE_URL DEFECT SEED CLICKS CAMPAIGNS APART
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
PLATFORMS = ("web", "app", "mail")


def due_of(number: int, campaigns: int) -> Due:
    """The click of this number; its price is one of 100 to 106."""
    named = (f"imp_{number}", STORE, f"cmp_{number % campaigns}")
    there = PLATFORMS[number // campaigns % len(PLATFORMS)]
    return Due("click", *named, PRICE + number % 7, 1_790_000_000.0, platform=there)


def forget_locks() -> None:
    """The defect: campaigns are read, but not locked."""
    accounts._WAIT = text(  # type: ignore[misc] # put in on purpose
        accounts._LOCK.replace(" FOR NO KEY UPDATE", "")
    )


def forget_platforms() -> None:
    """The defect: the limits of platforms are not looked at."""
    accounts._DAYS = text(  # type: ignore[misc] # put in on purpose
        accounts._DAYS.text.partition(" UNION ALL ")[0]
    )


DEFECTS = {"none": lambda: None, "no_lock": forget_locks, "no_platforms": forget_platforms}


async def charge_all(database_url: str, seed: int, clicks: int, campaigns: int, apart: int) -> int:
    """Charge all the clicks in an order of its own; returns how many this process charged.

    All processes are so many batches `apart` at any time: with 0 they are near the same clicks.
    """
    engine = open_engine(database_url, pool_size=1)
    order = random.Random(seed)  # noqa: S311 - an order
    paid = 0
    batches = [list(range(start, min(start + BATCH, clicks))) for start in range(0, clicks, BATCH)]
    first = seed * apart
    for numbers in batches[first:] + batches[:first]:
        order.shuffle(numbers)
        async with engine.begin() as connection:
            due = [due_of(number, campaigns) for number in numbers]
            paid += len((await charge(connection, due)).paid)
    await engine.dispose()
    return paid


def main(database_url: str, defect: str, *figures: str) -> None:
    """Wait for the word to begin, so that all begin at once."""
    DEFECTS[defect]()
    print("ready", flush=True)  # noqa: T201 - tells the test that the imports are done
    sys.stdin.readline()
    seed, clicks, campaigns, apart = map(int, figures)
    paid = asyncio.run(charge_all(database_url, seed, clicks, campaigns, apart))
    print(paid, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
