"""Spread a budget over platforms by a trained allocator, from a history in a file."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import orjson
import typer

from service.commands.budget_parts import BOUND, OTHERS, Part, for_all, parts_of
from service.errors import BadInputError

if TYPE_CHECKING:
    from service.contract.platform_days import PlatformDays
    from service.decision.plan_lines import Plan
    from service.decision.responses import Goal
    from service.decision.terms import Micros

_MICROS: Final = 1_000_000
_MOST: Final = 1e9  # units of the currency, as the optimiser takes them

BundleFolder = Annotated[Path, typer.Argument(help="An allocator bundle's folder.")]
History = Annotated[
    Path, typer.Option(help="Parquet: date, platform, spend, impressions, clicks, conversions.")
]
Out = Annotated[Path, typer.Option("--out", help="JSON file to write.")]
Bounds = Annotated[list[str] | None, typer.Option(help=f"At least: {BOUND}; repeat it.")]


def allocate(  # noqa: PLR0913, PLR0917 - one argument for each option of the command
    bundle: BundleFolder,
    history: History,
    budget: Annotated[float, typer.Option(help="Of the next day, in units of the currency.")],
    out: Out,
    floor: Bounds = None,
    cap: Annotated[list[str] | None, typer.Option(help=f"At most: {BOUND}; repeat it.")] = None,
    max_change: Annotated[
        float | None,
        typer.Option(min=0, help="How far a platform may move from its last day, as --floor."),
    ] = None,
    goal: Annotated[str, typer.Option(help="clicks or conversions.")] = "clicks",
) -> None:
    """Spread a budget over the platforms of a history for the day after it."""
    from service.commands.history_file import read_history
    from service.decision.plans import Policy, plan
    from service.decision.platform_watch import as_known
    from service.inference.allocator import open_allocator

    micros = _budget(budget)
    floors = {name: one.least(micros) for name, one in parts_of(floor or (), "--floor").items()}
    caps = {name: one.most(micros) for name, one in parts_of(cap or (), "--cap").items()}
    change = None if max_change is None else Part("--max-change", max_change).most(micros)
    days = read_history(history, {*floors, *caps} - {OTHERS})
    policy = Policy(
        goal=_goal(goal),
        floors=for_all(floors, days.platforms),
        caps=for_all(caps, days.platforms),
        max_change_ppm=change,
        explore=False,
        parts=max(micros, 1),  # so that amounts are kept to the micro
    )
    before, day = _last_spend(days), days.last_day + timedelta(1)
    days, model = as_known(days, open_allocator(bundle), ())
    spread = plan(days, policy, micros, model, before, day=day)
    out.write_bytes(orjson.dumps(_content(spread, micros), option=orjson.OPT_INDENT_2) + b"\n")
    typer.echo(f"{out}: {len(spread.lines)} platforms, {spread.value:,.1f} {goal} expected")


def _budget(units: float) -> Micros:
    from service.decision.terms import Micros

    if not (math.isfinite(units) and 0 <= units <= _MOST):
        raise BadInputError(f"--budget is {units}, expected an amount from 0 to {_MOST:.0f}")
    return Micros(round(units * _MICROS))


def _goal(name: str) -> Goal:
    from service.decision.responses import Goal

    if name not in set(Goal):
        raise BadInputError(f"--goal is {name!r}, expected one of {[str(one) for one in Goal]}")
    return Goal(name)


def _last_spend(days: PlatformDays) -> dict[str, Micros]:
    spent: list[Micros] = days.metric("spend")[:, -1].astype(int).tolist()
    return dict(zip(days.platforms, spent, strict=True))


def _content(spread: Plan, budget: int) -> dict[str, object]:
    lines = [
        {
            "platform": line.platform,
            "spend_micros": line.spend,
            "share": line.spend / budget if budget else 0.0,
            "predicted": line.predicted,
            "predicted_sd": line.predicted_sd,
            "reason": str(line.reason),
            "detail": line.detail,
        }
        for line in spread.lines
    ]
    return {"platforms": lines, "dual_gap": spread.gap}
