"""Spread a budget over platforms by a trained allocator, from a history in a file."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import orjson
import typer

from service.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.platform_days import PlatformDays
    from service.decision.plan_lines import Plan
    from service.decision.responses import Goal
    from service.decision.terms import Micros

_MICROS: Final = 1_000_000
_OTHERS: Final = ""  # the name of those that are not named
_MOST: Final = 1e9  # units of the currency, as the optimiser takes them
_BOUND: Final = (
    "PLATFORM=PART, or PART for all others; a share of the budget up to 1, or else units"
    " of the currency"
)

BundleFolder = Annotated[Path, typer.Argument(help="An allocator bundle's folder.")]
History = Annotated[
    Path, typer.Option(help="Parquet: date, platform, spend, impressions, clicks, conversions.")
]
Out = Annotated[Path, typer.Option("--out", help="JSON file to write.")]
Bounds = Annotated[list[str] | None, typer.Option(help=f"At least: {_BOUND}; repeat it.")]


def allocate(  # noqa: PLR0913, PLR0917 - one argument for each option of the command
    bundle: BundleFolder,
    history: History,
    budget: Annotated[float, typer.Option(help="Of the next day, in units of the currency.")],
    out: Out,
    floor: Bounds = None,
    cap: Annotated[list[str] | None, typer.Option(help=f"At most: {_BOUND}; repeat it.")] = None,
    max_change: Annotated[
        float | None,
        typer.Option(min=0, help="How far a platform may move from its last day, as --floor."),
    ] = None,
    goal: Annotated[str, typer.Option(help="clicks or conversions.")] = "clicks",
) -> None:
    """Spread a budget over the platforms of a history for the day after it."""
    from service.decision.plans import Policy, plan
    from service.inference.allocator import open_allocator

    micros = _budget(budget)
    days = _history(history)
    policy = Policy(
        goal=_goal(goal),
        floors=_shares(floor or (), days.platforms, micros, "--floor"),
        caps=_shares(cap or (), days.platforms, micros, "--cap"),
        max_change_ppm=None if max_change is None else _ppm(max_change, micros, "--max-change"),
        explore=False,
    )
    model = open_allocator(bundle)
    spread = plan(days, policy, micros, model, _last_spend(days), day=days.last_day + timedelta(1))
    out.write_bytes(orjson.dumps(_content(spread, micros), option=orjson.OPT_INDENT_2) + b"\n")
    typer.echo(f"{out}: {len(spread.lines)} platforms, {spread.value:,.1f} {goal} expected")


def _budget(units: float) -> Micros:
    from service.decision.terms import Micros

    if not (math.isfinite(units) and 0 <= units <= _MOST):
        raise BadInputError(f"--budget is {units}, expected an amount from 0 to {_MOST:.0f}")
    return Micros(round(units * _MICROS))


def _history(path: Path) -> PlatformDays:
    import polars as pl

    from service.contract.platform_days import PlatformDaysError, platform_days
    from service.contract.platform_table import TABLE_COLUMNS, day_rows

    if not path.is_file():
        raise BadInputError(f"{path}: no such file")
    try:
        table = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInputError(f"{path}: not a parquet file ({error})") from error
    found: list[str] = [name for name in TABLE_COLUMNS if name in table.columns]
    columns = {name: table[name].to_list() for name in found}
    try:
        return platform_days(day_rows(columns))
    except PlatformDaysError as error:
        raise BadInputError(f"{path}: {error}") from error


def _goal(name: str) -> Goal:
    from service.decision.responses import Goal

    if name not in set(Goal):
        raise BadInputError(f"--goal is {name!r}, expected one of {[str(one) for one in Goal]}")
    return Goal(name)


def _shares(
    given: Sequence[str], platforms: Sequence[str], budget: int, option: str
) -> dict[str, int]:
    """Return the parts, in ppm of the budget, of the platforms that `given` bounds."""
    shares: dict[str, int] = {}
    for text in given:
        platform, _, part = text.rpartition("=")
        try:
            value = float(part)
        except ValueError:
            value = math.nan
        if platform in shares or math.isnan(value):
            raise BadInputError(f"{option} {text!r}: expected {_BOUND}, each platform once")
        shares[platform] = _ppm(value, budget, f"{option} {text!r}")
    others = shares.pop(_OTHERS, None)
    return shares if others is None else dict.fromkeys(platforms, others) | shares


def _ppm(part: float, budget: int, option: str) -> int:
    """Return a share of the budget, or an amount of it, in parts per million."""
    if not (math.isfinite(part) and part >= 0):
        raise BadInputError(f"{option}: {part} is no part of a budget")
    if part <= 1:
        return round(part * _MICROS)
    return min(round(part * _MICROS * _MICROS / budget), _MICROS) if budget else 0


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
