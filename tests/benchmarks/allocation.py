"""`make report-allocation`: a campaign's budget over ten platforms that are shocked thrice.

    SALIENT_DATA=... python -m tests.benchmarks.allocation --seed 1

Sixty made-up worlds (`service/demo/platform_world.py`; the mean of twenty is off by .006 by
chance), each 28 days of a person's splits and 14
of a policy's. All policies meet the same noise. Ours is what the worker does, with the newest
allocator in `--models`; the paper's arm is trained here, on the same made-up history. Then, where
SALIENT_DATA is set, a real month is foretold. The last line is JSON; exit 1 where a target of the
made-up worlds is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table

from service.demo.platform_history import write_history
from service.inference.allocator import newest_allocator, open_allocator
from tests.benchmarks.allocation_compare import (
    ORACLE,
    OURS,
    compare,
    figures_of,
    meets_targets,
    planned,
    policies,
)
from tests.benchmarks.allocation_month import figures, real_month, table_of
from tests.benchmarks.allocation_plots import draw_curves, draw_shares, draw_spend
from tests.benchmarks.allocation_policies import Oracle, Proportional
from tests.benchmarks.allocation_trial import BUDGET_SHARE, make_trial, run
from training.allocator.config import AllocatorArm, AllocatorConfig
from training.allocator.run import train_allocator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.responses import ResponseModel
    from tests.benchmarks.allocation_compare import Results
    from tests.benchmarks.allocation_trial import Trial

HISTORY_SEED: Final = 1  # of the made-up history that shipped allocators learn from
ADVERTISERS, HISTORY_DAYS = 60, 84
NO_MONTH: Final = {"real_month_error": None, "real_month_error_best_baseline": None}


@dataclass(frozen=True, slots=True)
class Asked:
    """The command's options."""

    seed: int
    worlds: int
    budget_share: float
    models: Path
    out: Path


def trained_paper_arm(seed: int, folder: Path) -> ResponseModel:
    """Train the arm p0 on the history that the shipped allocator learnt from."""
    history, bundle = folder / "history.parquet", folder / "p0" / "1"
    write_history(history, HISTORY_SEED, advertisers=ADVERTISERS, days=HISTORY_DAYS)
    bundle.parent.mkdir()
    config = AllocatorConfig(AllocatorArm.P0, seed)
    train_allocator(history, config, bundle, lambda _: None, lambda *_: None)
    return open_allocator(bundle)


def _table(results: Results) -> Table:
    title = "Clicks by the oracle's, mean of all worlds"
    table = Table("policy", "last day", "its worst world", "whole run", title=title)
    for name, shares in results.by_day.items():
        last, whole = shares[:, -1], results.by_run[name].mean()
        table.add_row(name, f"{last.mean():.4f}", f"{last.min():.3f}", f"{whole:.4f}")
    return table


def _draw(out: Path, results: Results, trial: Trial, model: ResponseModel) -> None:
    out.mkdir(parents=True, exist_ok=True)
    draw_shares(results.by_day, out / "shares.png")
    ours = planned(trial, model)
    ran = run(trial, ours)
    shown = {
        OURS: ran,
        ORACLE: run(trial, Oracle(trial)),
        "proportional to return": run(trial, Proportional(trial.budget)),
    }
    draw_spend(trial, shown, out / "spend.png")
    if ours.curves:
        draw_curves(trial, ours.curves, ran.spend[-1], out / "curves.png")


def _asked(arguments: Sequence[str] | None) -> Asked:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--worlds", type=int, default=60)
    parser.add_argument("--budget-share", type=float, default=BUDGET_SHARE)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--out", type=Path, default=Path("report/allocation"))
    return Asked(**vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, draw, print; returns the exit status."""
    asked, console = _asked(arguments), Console(stderr=True)
    model = newest_allocator(asked.models)
    if model is None:
        console.print(f"no allocator in {asked.models} passes the gates: make train")
        return 1
    with TemporaryDirectory() as folder, console.status("training the arm p0"):
        paper = trained_paper_arm(asked.seed, Path(folder))
    numbers = range(asked.seed * asked.worlds, (asked.seed + 1) * asked.worlds)
    trials = [make_trial(number, asked.budget_share) for number in numbers]
    with console.status("") as status:
        results = compare(trials, policies(model, paper), status.update)
    console.print(_table(results))
    _draw(asked.out, results, trials[0], model)
    found = figures_of(results, asked.seed)
    month = real_month(asked.seed)
    if month:
        console.print(table_of([month]))
    print(json.dumps(found | (figures(month) if month else NO_MONTH)))  # noqa: T201
    return 0 if meets_targets(found) else 1


if __name__ == "__main__":
    sys.exit(main())
