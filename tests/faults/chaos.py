"""`make chaos`: events come in, everything is killed in turn, and every key is accounted for.

A producer in a process of its own tells events to two servers and shops there; two workers store
and charge. Meanwhile a schedule drawn from the seed kills a server, a worker, Valkey and Postgres,
cuts Valkey's file as a power cut does, and empties it. The last line is JSON; the exit status is 1
where an event is missing, an effect came twice, a campaign paid too much, a thousandth of five of
a day's budget went unpaid, or a part needed more than five seconds to catch up.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import redis
from rich.console import Console
from rich.table import Table

from service.store.stream import STREAM
from tests.faults import kills
from tests.faults.chaos_accounts import Accounts, by_kind, settle
from tests.faults.chaos_events import CLICK_SHARE, VIEWS_A_SECOND
from tests.faults.chaos_house import House, open_house
from tests.faults.chaos_keys import counted
from tests.faults.chaos_samples import Samples
from tests.faults.chaos_shop import open_chaos_shop
from tests.running_shop import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from service.store.embedded.valkey import Valkey

KINDS: Final = ("server", "worker", "valkey", "postgres", "power", "flush")
MOST_EVENTS_A_SECOND: Final = 3000.0
SECONDS_A_FAULT: Final = 8.0
EVENTS_A_FAULT: Final = 25_000
DOWN_SECONDS: Final = (0.5, 1.5)
PATIENCE_SECONDS: Final = 60.0
HOPELESS_SECONDS: Final = 12.0  # what is not stored by then is lost
UNPAID_SHARE: Final = 0.005
RECOVERY_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Blow:
    """One fault, as it went."""

    kind: str
    sent: int  # events before it
    down_seconds: float
    recovery_seconds: float  # from the restart until all that was sent before it was stored


def schedule(seed: int, faults: int) -> list[str]:
    """The kinds of so many faults: all kinds, in a new order every round."""
    lot = random.Random(seed)  # noqa: S311 - a plan, no secret
    kinds: list[str] = []
    while len(kinds) < faults:
        kinds += lot.sample(KINDS, len(KINDS))
    return kinds[:faults]


def strike(house: House, kind: str, lot: random.Random) -> float:
    """Take a part away for a while and bring it back; returns how many seconds it was gone.

    Where Valkey loses what it held, the workers stood still before: nothing was stored meanwhile.
    """
    began = time.monotonic()
    down = lot.uniform(*DOWN_SECONDS)
    valkey = house.stores.valkey
    if kind in {"server", "worker"}:
        process = lot.choice(house.servers if kind == "server" else house.workers)
        process.kill()
        time.sleep(down)
        process.start()
    elif kind == "postgres":
        kills.stop_postgres_at_once(house.stores.postgres)
        time.sleep(down)
        house.stores.postgres.start(tied=True)
    elif kind == "valkey":
        kills.kill_valkey(valkey)
        time.sleep(down)
        valkey.start(tied=True)
    else:
        with kills.frozen(*(process.pid for process in house.workers)):
            lose(valkey, kind)
    return time.monotonic() - began


def lose(valkey: Valkey, kind: str) -> None:
    """Take from Valkey what it did not sync yet, or all that it holds."""
    if kind == "power":
        kills.cut_power_of_valkey(valkey)
        valkey.start(tied=True)
    else:
        time.sleep(1)
        kills.empty_valkey(valkey)


def until(done: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> float:
    """How long it took until `done`; `seconds` where it never came."""
    began = time.monotonic()
    while not done():
        if time.monotonic() - began > seconds:
            return seconds
        time.sleep(0.05)
    return time.monotonic() - began


def blow(house: House, kind: str, samples: Samples, lot: random.Random) -> Blow:
    """One fault, and the wait until what was sent before it is stored."""
    samples.read()
    sent = counted(house.folder / "keys")
    down = strike(house, kind, lot)
    recovery = until(samples.all_stored, HOPELESS_SECONDS)
    samples.give_up()
    until(lambda: all(process.is_ready() for process in house.processes))
    return Blow(kind, sent, down, recovery)


def produce(house: House, events: int, seed: int) -> subprocess.Popen[bytes]:
    """Start the producer; it needs at least `SECONDS_A_FAULT` for each fault."""
    ports = [process.port for process in house.servers]
    rate = min(MOST_EVENTS_A_SECOND, events / (faults_of(events) * SECONDS_A_FAULT))
    words = [house.folder, events, rate, seed, *ports]
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.faults.chaos_events", *map(str, words)],
        cwd=CHECKOUT,
        env={**os.environ, **house.environment, "PYTHONPATH": str(CHECKOUT)},
    )


def faults_of(events: int) -> int:
    """How many faults a run of so many events meets; each kind at least once."""
    return max(len(KINDS), events // EVENTS_A_FAULT)


def reached(log: Path, due: int, producer: subprocess.Popen[bytes]) -> bool:
    """Whether so many events were taken, or no more will be."""
    return counted(log) >= due or producer.poll() is not None


def drain(house: House) -> None:
    """Wait until nothing is left, or nothing has moved for a while."""
    left, moved = waiting(house), time.monotonic()
    while left and time.monotonic() - moved < PATIENCE_SECONDS:
        time.sleep(0.5)
        before, left = left, waiting(house)
        moved = time.monotonic() if left < before else moved


def waiting(house: House) -> int:
    """How many entries the stream holds, and bytes the servers' segments."""
    with redis.Redis.from_url(house.stores.valkey.url()) as client:
        entries: Any = client.xlen(STREAM)
    spool = house.folder / "state" / "spool"
    return int(entries) + sum(path.stat().st_size for path in spool.glob("*.spool"))


def run(folder: Path, events: int, seed: int, defect: str = "") -> tuple[Accounts, list[Blow]]:
    """The whole run, in a folder of its own."""
    blows: list[Blow] = []
    lot = random.Random(seed)  # noqa: S311 - a plan, no secret
    with open_house(folder) as house:
        url = house.stores.urls.database_url
        shop = open_chaos_shop(url, VIEWS_A_SECOND * CLICK_SHARE)
        shop.write(folder / "shop.json")
        house.add(defect)
        house.start()
        producer = produce(house, events, seed)
        try:
            until((folder / "samples").exists)
            samples = Samples(folder / "samples", url, shop.store_id)
            kinds = schedule(seed, faults_of(events))
            for number, kind in enumerate(kinds, 1):
                due = events * number // (len(kinds) + 1)
                until(partial(reached, folder / "keys", due, producer))
                blows.append(blow(house, kind, samples, lot))
            assert producer.wait() == 0, "the producer failed"
        finally:
            producer.kill()
            producer.wait()
        drain(house)
        return settle(folder, url, shop), blows


def verdict(accounts: Accounts, blows: Sequence[Blow]) -> tuple[dict[str, Any], bool]:
    """The last line, and whether all of it is as it must be."""
    told = {
        "events": accounts.events,
        "missing": len(accounts.missing) + accounts.uncharged,
        "double": accounts.double,
        "overcharge_micros": accounts.overcharge_micros,
        "unpaid_share": round(accounts.unpaid_share, 6),
        "recovery_s": round(max((one.recovery_seconds for one in blows), default=0.0), 2),
    }
    exact = not any(told[name] for name in ("missing", "double", "overcharge_micros"))
    well = exact and accounts.balance_micros == 0 and accounts.unpaid_share <= UNPAID_SHARE
    return told, well and told["recovery_s"] <= RECOVERY_SECONDS


def missing_after(missing: NDArray[Any], blows: Sequence[Blow]) -> list[int]:
    """How many of the missing were sent before each fault, and after the one before it."""
    edges = [0, *(one.sent + 1 for one in blows)]
    pairs = itertools.pairwise(edges)
    return [int(((missing >= a) & (missing < b)).sum()) for a, b in pairs]


def report(folder: Path, accounts: Accounts, blows: Sequence[Blow], console: Console) -> None:
    """What each fault did, and what is wrong in the end."""
    table = Table("fault", "sent before", "down s", "recovery s", "missing before it")
    lost = missing_after(accounts.missing, blows)
    for one, missing in zip(blows, lost, strict=True):
        table.add_row(
            one.kind,
            f"{one.sent:,}",
            f"{one.down_seconds:.2f}",
            f"{one.recovery_seconds:.2f}",
            str(missing),
        )
    console.print(table)
    console.print(
        f"missing {by_kind(folder, accounts)}, repeated {accounts.repeated},"
        f" invented {accounts.invented}, uncharged {accounts.uncharged},"
        f" charged twice {accounts.double_charges}, off balance {accounts.balance_micros} micros"
    )
    console.print((folder / "produced").read_text())


def main() -> None:
    """Run, report, and say by the exit status whether all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--defect", default="", help="run with a defect: it must fail")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="salient-") as name:
        began = time.monotonic()
        accounts, blows = run(Path(name), given.events, given.seed, given.defect)
        console = Console(stderr=False)
        report(Path(name), accounts, blows, console)
        console.print(f"{time.monotonic() - began:.0f} s")
    told, well = verdict(accounts, blows)
    sys.stdout.write(json.dumps(told) + "\n")
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
