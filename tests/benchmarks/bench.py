"""`make bench`: what a request costs, against the floor measured in the same run.

The service runs with its shipped models on the demo shop, 50,000 ads by repetition, 100 candidates
a request, one serving process, stores of its own. Closed loop for requests a second and CPU time a
request; open loop at half that rate for latencies. Rounds of service and floor alternate, since
these machines are noisy, and the median of each counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.benchmarks.hot_path_floor import measure, measure_in_a_row, profile_read_us
from tests.benchmarks.hot_path_pieces import CANDIDATES
from tests.benchmarks.hot_path_setup import prepared
from tests.benchmarks.hot_path_shop import ADS
from tests.benchmarks.running_service import leave_on_sigterm
from tests.benchmarks.stages import Stages

if TYPE_CHECKING:
    from rich.progress import Progress

    from tests.benchmarks.hot_path_setup import Prepared

CONNECTIONS, OPEN_CONNECTIONS = 8, 32
TARGET_RATIO = 2.5
_ROUNDS, _OPEN_ROUNDS = 5, 3
_WARMUP_SECONDS = 12.0  # a server that has just started remembers nothing yet
_CLOSED_SECONDS, _CONSTANT_SECONDS, _OPEN_SECONDS = 4.0, 2.0, 6.0
_HTTP, _PROFILE = "HTTP: a constant ASGI answer", "one raw pipelined profile read"


@dataclass(frozen=True, slots=True)
class Loop:
    """A load run, reduced to figures."""

    requests_per_s: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    statuses: dict[str, int]


def drive(
    port: int, pid: int, requests: Path, seconds: float, rate: float | None = None, seed: int = 0
) -> Loop:
    """Load a server from a process of its own.

    Raises: RuntimeError if any answer was not a 200.
    """
    plan = {
        "port": port,
        "requests": str(requests),
        "connections": CONNECTIONS if rate is None else OPEN_CONNECTIONS,
        "seconds": seconds,
        "server_pid": pid,
        "rate": rate,
        "seed": seed,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.hot_path_load"],
        input=json.dumps(plan),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seen: dict[str, Any] = json.loads(done.stdout)
    if set(seen["statuses"]) != {"200"}:
        raise RuntimeError(f"not every answer was a 200: {seen['statuses']}")
    p50, p99 = np.percentile(seen["latencies_us"], [50, 99]) / 1000
    return Loop(
        requests_per_s=seen["answered"] / seen["seconds"],
        cpu_us=seen["server_cpu_seconds"] * 1e6 / seen["answered"],
        p50_ms=float(p50),
        p99_ms=float(p99),
        statuses=seen["statuses"],
    )


def floor_round(ready: Prepared) -> dict[str, float]:
    """Every piece of the floor once, in microseconds of CPU a request."""
    constant = drive(ready.constant_port, ready.constant_pid, ready.requests, _CONSTANT_SECONDS)
    read = profile_read_us(ready.socket_path, ready.profile_keys[:CONNECTIONS])
    return {_HTTP: constant.cpu_us, _PROFILE: read} | {
        piece.name: measure(piece) for piece in ready.pieces
    }


def measure_all(ready: Prepared, progress: Progress) -> tuple[list[Loop], dict[str, float], float]:
    """Alternate service and floor.

    Returns: the service's closed loops; the medians of the floor's pieces; of them in a row.
    """
    task = progress.add_task("closed loop and floor", total=_ROUNDS)
    closed, floors, rows = [], [], []
    for turn in range(_ROUNDS):
        closed.append(drive(ready.port, ready.pid, ready.requests, _CLOSED_SECONDS, seed=turn))
        floors.append(floor_round(ready))
        rows.append(measure_in_a_row(ready.pieces) + floors[-1][_HTTP] + floors[-1][_PROFILE])
        progress.advance(task)
    pieces = {name: median(floor[name] for floor in floors) for name in floors[0]}
    return closed, pieces, median(rows)


def measure_latency(ready: Prepared, rate: float, progress: Progress) -> list[Loop]:
    """Open loop at a fixed rate: latencies as shoppers see them."""
    task = progress.add_task(f"open loop at {rate:.0f} requests/s", total=_OPEN_ROUNDS)
    loops = []
    for turn in range(_OPEN_ROUNDS):
        loops.append(
            drive(ready.port, ready.pid, ready.requests, _OPEN_SECONDS, rate, seed=100 + turn)
        )
        progress.advance(task)
    return loops


def report(console: Console, pieces: dict[str, float], request_us: float) -> None:
    """Print what each piece costs, and its share of the request's CPU time."""
    table = Table(title="One request, microseconds of CPU (medians)")
    for heading in ("piece", "us", "share of the request"):
        table.add_column(heading, justify="left" if heading == "piece" else "right")
    for name, taken in pieces.items():
        table.add_row(name, f"{taken:.1f}", f"{taken / request_us:.1%}")
    floor = sum(pieces.values())
    table.add_section()
    table.add_row("the floor: their sum", f"{floor:.1f}", f"{floor / request_us:.1%}")
    rest = request_us - floor
    table.add_row("everything else in the service", f"{rest:.1f}", f"{rest / request_us:.1%}")
    table.add_row("the request, as measured", f"{request_us:.1f}", "100.0%")
    console.print(table)


def summary(
    closed: list[Loop], opened: list[Loop], floor_us: float, rate: float
) -> dict[str, float]:
    """The figures of the last line."""
    cpu_us = median(loop.cpu_us for loop in closed)
    return {
        "requests_per_s": round(median(loop.requests_per_s for loop in closed), 1),
        "cpu_us_per_request": round(cpu_us, 1),
        "floor_us": round(floor_us, 1),
        "ratio_to_floor": round(cpu_us / floor_us, 3),
        "p50_ms": round(median(loop.p50_ms for loop in opened), 3),
        "p99_ms": round(median(loop.p99_ms for loop in opened), 3),
        "open_loop_rate": round(rate, 1),
    }


def main() -> int:
    """Measure, print, and say by the exit status whether the target is met."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models", type=Path, default=Path("models"))
    options = parser.parse_args()
    leave_on_sigterm()
    console = Console(stderr=False)
    with (
        tempfile.TemporaryDirectory(prefix="salient-bench-") as folder,
        Stages(console) as progress,
        prepared(Path(folder), options.models, options.seed, progress) as ready,
    ):
        drive(ready.port, ready.pid, ready.requests, _WARMUP_SECONDS, seed=99)
        closed, pieces, in_a_row = measure_all(ready, progress)
        rate = median(loop.requests_per_s for loop in closed) / 2
        opened = measure_latency(ready, rate, progress)
    report(console, pieces, median(loop.cpu_us for loop in closed))
    console.print(
        f"{ADS} ads, {ready.queries} queries of {CANDIDATES} candidates, "
        f"answers of {ready.answer_bytes} bytes"
    )
    cpu_us = median(loop.cpu_us for loop in closed)
    console.print(
        f"the same pieces one after the other, as a request does them: {in_a_row:.1f} us; "
        f"the request is {cpu_us / in_a_row:.2f} times that"
    )
    told = summary(closed, opened, sum(pieces.values()), rate)
    sys.stdout.write(json.dumps(told) + "\n")
    return int(told["ratio_to_floor"] > TARGET_RATIO)


if __name__ == "__main__":
    sys.exit(main())
