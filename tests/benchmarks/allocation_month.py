"""How well the response model foretells a month that it has not seen, beside simple minds.

    SALIENT_DATA=... python -m tests.benchmarks.allocation_month [--seed N]

Every forecaster learns once from the days before the held-out ones. Then each held-out day is
foretold from all days before it and from what was really spent on it; days without a row are no
part of it. The measure was fixed before any model was tried on the held-out month:

    error = sum |expected - real| / sum real          over platform days, of the goal's counts

Its uncertainty: blocks of seven days in a row are drawn anew, 2,000 times, for all alike, since
the errors of neighbouring days and of the platforms of one day go together.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.benchmarks.allocation_columns import first_days
from tests.benchmarks.allocation_data import ONLINE_ADS, kag_facebook, meridian, online_ads, robyn
from tests.benchmarks.allocation_forecasts import BASELINES, Past, answering
from training.lab.bootstrap import Sampled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from service.decision.tables import Floats
    from tests.benchmarks.allocation_data import Held
    from tests.benchmarks.allocation_forecasts import Forecast

BLOCK_DAYS: Final = 7
DRAWS: Final = 2_000
OURS: Final = "response model"


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The error of each forecaster on one history, drawn anew alike."""

    name: str
    errors: Mapping[str, Sampled]

    @property
    def best(self) -> str:
        """The baseline of the least error: chosen in hindsight, which favours the baselines."""
        others = [name for name in self.errors if name in BASELINES]
        return min(others, key=lambda name: self.errors[name].value)

    @property
    def difference(self) -> Sampled:
        """Our error less that of the best baseline."""
        return self.errors[OURS] - self.errors[self.best]

    @property
    def verdict(self) -> str:
        """What the interval of the difference says."""
        if self.difference.is_below_zero:
            return "below the best baseline"
        if self.difference.is_above_zero:
            return "above the best baseline"
        return "not to be told from the best baseline"


def compare(held: Held, learn: Callable[[Past], Forecast], seed: int) -> Compared:
    """Foretell the held-out days by what `learn` makes of the past, and by all baselines."""
    past = Past(first_days(held.days, held.first), held.goal, held.season, seed)
    forecasts = {OURS: learn(past)} | {name: fit(past) for name, fit in BASELINES.items()}
    draws = drawn_days(held.days.known.shape[1] - held.first, seed)
    missed = {name: day_errors(held, forecast) for name, forecast in forecasts.items()}
    errors = {name: error_of(*each, draws) for name, each in missed.items()}
    return Compared(held.name, errors)


def day_errors(held: Held, forecast: Forecast) -> tuple[Floats, Floats]:
    """Return by held-out day (T,) the absolute errors summed over platforms, and the counts."""
    numbers = range(held.first, held.days.known.shape[1])
    real, known = held.days.metric(held.goal), held.days.known
    missed, counted = np.zeros(len(numbers)), np.zeros(len(numbers))
    for place, number in enumerate(numbers):
        spend = held.days.metric("spend")[:, number]
        expected = forecast(first_days(held.days, number), spend)
        missed[place] = np.abs(expected - real[:, number])[known[:, number]].sum()
        counted[place] = real[known[:, number], number].sum()
    return missed, counted


def error_of(missed: Floats, counted: Floats, draws: Floats) -> Sampled:
    """Return sum of `missed` (T,) by sum of `counted` (T,), and what it would be by `draws`."""
    value = float(missed.sum() / counted.sum())
    return Sampled(value, (draws @ missed) / (draws @ counted))


def drawn_days(count: int, seed: int) -> Floats:
    """Draw how often each of `count` days comes (DRAWS, count): blocks of days, round the end."""
    rng = np.random.default_rng([seed, count])
    blocks = -(-count // BLOCK_DAYS)
    starts = rng.integers(count, size=(DRAWS, blocks, 1))
    days = ((starts + np.arange(BLOCK_DAYS)) % count).reshape(DRAWS, -1)[:, :count]
    weights = np.zeros((DRAWS, count))
    np.add.at(weights, (np.arange(DRAWS)[:, None], days), 1.0)
    return weights


def learnt(past: Past) -> Forecast:
    """Learn the allocator from the past as `python -m training allocator` does."""
    from tests.benchmarks.allocation_learnt import allocator_from

    return answering(allocator_from(past.days, past.seed), past.goal)


def real_month(seed: int) -> Compared | None:
    """Compare on the held-out month of `online_ads`; None where SALIENT_DATA does not hold it."""
    folder = Path(os.environ.get("SALIENT_DATA", ""))
    return compare(online_ads(folder), learnt, seed) if (folder / ONLINE_ADS).is_file() else None


def figures(compared: Compared) -> dict[str, Any]:
    """Return what a report's last line says of it."""
    low, high = compared.difference.interval
    return {
        "real_month_error": round(compared.errors[OURS].value, 4),
        "real_month_error_best_baseline": round(compared.errors[compared.best].value, 4),
        "real_month_best_baseline": compared.best,
        "real_month_difference_interval": [round(low, 4), round(high, 4)],
        "real_month_verdict": compared.verdict,
        "real_month_errors": {
            name: round(compared.errors[name].value, 4) for name in compared.errors
        },
    }


def table_of(results: list[Compared]) -> Table:
    """Return the errors of all forecasters with their intervals, a history a column."""
    table = Table("", *(result.name for result in results), title="error, one day ahead")
    for name in (OURS, *BASELINES):
        table.add_row(name, *(_cell(result.errors[name]) for result in results))
    table.add_row("ours less the best", *(_cell(result.difference) for result in results))
    table.add_row("", *(result.verdict for result in results))
    return table


def _cell(figure: Sampled) -> str:
    low, high = figure.interval
    return f"{figure.value:.4f} [{low:.4f}, {high:.4f}]"


def main() -> None:
    """Print the table, then the line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or 0))
    seed = parser.parse_args().seed
    folder = os.environ.get("SALIENT_DATA")
    if not folder:
        sys.exit("SALIENT_DATA must name the folder that holds the histories of platforms")
    readers = (online_ads, kag_facebook, robyn, meridian)
    results = [compare(read(Path(folder)), learnt, seed) for read in readers]
    Console(width=160).print(table_of(results))
    sys.stdout.write(json.dumps(figures(results[0])) + "\n")


if __name__ == "__main__":
    main()
