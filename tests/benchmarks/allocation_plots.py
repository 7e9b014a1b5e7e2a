"""The figures of the allocation report, as PNG files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.figure import Figure

from tests.benchmarks.allocation_trial import DAYS, NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from service.decision.responses import Responses
    from service.decision.tables import Floats
    from tests.benchmarks.allocation_trial import Outcome, Trial

_SIZE: Final = (8.0, 4.5)  # inches
_SHOWN: Final = {"salient": "#0b6e4f", "proportional": "#c1440e"}


def draw_shares(shares: Mapping[str, Floats], file: Path) -> None:
    """Draw each policy's share of the oracle's value by day; shares (S, DAYS) of S worlds."""
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.subplots()
    for name, of_worlds in shares.items():
        axes.plot(
            range(1, DAYS + 1), of_worlds.mean(axis=0), label=name, color=_SHOWN.get(name),
            linewidth=2.5 if name in _SHOWN else 1,
        )  # fmt: skip
    axes.axhline(1, color="#999", linestyle=":")
    axes.set_xlabel("day")
    axes.set_ylabel("clicks by those of the oracle")
    axes.legend(fontsize="small")
    figure.savefig(file)


def draw_spend(trial: Trial, outcomes: Mapping[str, Outcome], file: Path) -> None:
    """Draw how the budget of one world was split, day by day, a panel for each policy."""
    figure = Figure(figsize=(_SIZE[0], 2.2 * len(outcomes)), layout="constrained")
    panels = figure.subplots(len(outcomes), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, outcome) in zip(panels, outcomes.items(), strict=True):
        axes.stackplot(
            range(1, DAYS + 1), 100 * outcome.spend.T / trial.budget, labels=NAMES, step="mid"
        )
        for shock in trial.world.shocks:
            axes.axvline(shock.day - len(trial.past) + 1, color="black", linestyle=":")
        axes.set_title(f"{name}; dotted: shocks", fontsize="small")
        axes.set_ylabel("% of budget")
    panels[-1].set_xlabel("day")
    figure.savefig(file)


def draw_curves(trial: Trial, learnt: Responses, spend: Floats, file: Path) -> None:
    """Draw true (dotted) and learnt curves of the last day, spend (P,) as dots."""
    figure = Figure(figsize=(_SIZE[0], 7), layout="constrained")
    grid = np.linspace(0, 0.6 * trial.budget, 100)
    wide = np.repeat(grid[:, None], len(NAMES), axis=1)
    truth = trial.world.steady(trial.world.days - 1, wide)
    for place, axes in enumerate(figure.subplots(5, 2, sharex=True).ravel()):
        axes.plot(100 * grid / trial.budget, truth[:, place], ":", color="black")
        axes.plot(100 * grid / trial.budget, learnt.value(wide)[:, place], color="#0b6e4f")
        axes.axvline(100 * spend[place] / trial.budget, color="#c1440e", linewidth=1)
        axes.set_title(NAMES[place], fontsize="small")
    figure.supxlabel("% of budget")
    figure.supylabel("clicks a day")
    figure.savefig(file)
