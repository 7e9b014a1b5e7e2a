"""`make bench-pacing`: how much of the best is bought, and how near to its budget a day ends.

    SALIENT_DATA=... python -m tests.benchmarks.pacing --seed 1

A day of real auctions is bought with a quarter, an eighth and a sixteenth of what all of them
cost. The measure is the clicks of the best single multiplier, known only in hindsight. Beside the
controller stand a PID controller that was tuned on the first tenth of the same auctions, and
throttling at the full bid. Then eight made-up days of which only the week before is known. The
last line is JSON: the least of the three budgets, the worst of the eight days.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.benchmarks.pacing_replay import (
    Auctions,
    Bidder,
    Paced,
    Pid,
    Throttled,
    best_gains,
    clicks_in_hindsight,
    clicks_of,
    read_auctions,
)
from tests.benchmarks.pacing_shapes import SHAPES, end_of_day_error

BUDGETS: Final = (4, 8, 16)  # parts of the full cost
LEAST_SHARE, MOST_ERROR = 0.95, 0.02
TUNED_ON = 0.1
BUDGET_OF_DAY = 0.25  # of what the full bid would spend

Shares = dict[str, float]


def replay(auctions: Auctions, part: int, seed: int) -> Shares:
    """The clicks of each bidder by those of hindsight, for one budget."""
    budget = auctions.cost / part
    price = auctions.cost / len(auctions.prices)
    early = auctions.first(TUNED_ON)
    gains = best_gains(early, budget * TUNED_ON)
    bidders: dict[str, Bidder] = {
        "share_of_hindsight": Paced(budget, auctions.ticks, price),
        "pid": Pid(budget / auctions.ticks, gains),
        "throttling": Throttled(
            Paced(budget, auctions.ticks, price),
            Random(seed),  # noqa: S311 - the same draws every run
        ),
    }
    best = clicks_in_hindsight(auctions, budget)
    return {name: clicks_of(one, auctions, budget) / best for name, one in bidders.items()}


def end_of_day(seed: int, *, told: bool) -> Shares:
    """The error of each shape of day."""
    errors = {}
    for number, shape in enumerate(SHAPES):
        day = shape(np.random.default_rng([seed, number]))
        errors[shape.__name__] = end_of_day_error(day, told=told, part=BUDGET_OF_DAY, seed=seed)
    return errors


def _show_replay(console: Console, replays: dict[int, Shares]) -> None:
    table = Table("budget", "ours", "PID", "throttling", title="Clicks by those of hindsight")
    for part, shares in replays.items():
        table.add_row(f"1/{part}", *[f"{share:.4f}" for share in shares.values()])
    console.print(table)


def _show_days(console: Console, told: Shares, untold: Shares) -> None:
    table = Table("day", "a week is known", "nothing is known", title="|spent - budget| / budget")
    for name, error in told.items():
        table.add_row(name.replace("_", " "), f"{error:.4f}", f"{untold[name]:.4f}")
    console.print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    console = Console(stderr=True)
    data = os.environ.get("SALIENT_DATA")
    auctions = read_auctions(Path(data)) if data else None
    names = ("share_of_hindsight", "pid", "throttling")
    least: dict[str, float | None] = dict.fromkeys(names)
    if auctions is None:
        console.print("SALIENT_DATA does not name a folder with real auctions: no replay, null")
    else:
        replays = {part: replay(auctions, part, seed) for part in BUDGETS}
        _show_replay(console, replays)
        least = {name: min(shares[name] for shares in replays.values()) for name in names}
    told = end_of_day(seed, told=True)
    _show_days(console, told, end_of_day(seed, told=False))
    result = least | {"end_of_day_error": max(told.values())}
    rounded = {name: None if it is None else round(it, 4) for name, it in result.items()}
    print(json.dumps(rounded))  # noqa: T201
    return int(_missed(rounded))


def _missed(result: dict[str, float | None]) -> bool:
    """Whether a target is missed; what was not measured misses none."""
    ours, pid, throttling = (result[name] for name in ("share_of_hindsight", "pid", "throttling"))
    if (result["end_of_day_error"] or 0.0) > MOST_ERROR:
        return True
    if ours is None or pid is None or throttling is None:
        return False
    return ours < LEAST_SHARE or ours <= max(pid, throttling)


if __name__ == "__main__":
    sys.exit(main())
