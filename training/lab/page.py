"""One HTML page that holds the whole report: no file, font or script beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from training.lab import figures
from training.lab.agenda import BEST_PEER, FLOOR_2, PAPER_ARMS

if TYPE_CHECKING:
    from collections.abc import Mapping

_BY_K = (
    ("precision", "precision at K"),
    ("recall", "recall at K"),
    ("ndcg", "NDCG at K"),
    ("average_precision", "mAP at K"),
    ("mae", "MAE of the first K"),
    ("rmse", "RMSE of the first K"),
    ("coverage", "coverage at K"),
    ("gini", "Gini at K"),
    ("entropy", "entropy at K"),
)
_DRAWN = (*PAPER_ARMS, BEST_PEER, FLOOR_2, "mucf", "usercf", "lr")


def page(report: Mapping[str, Any]) -> str:
    """Write the page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure": _figure, "share": _share, "whole": _whole}
    drawings = {name: _drawings(log) for name, log in report["logs"].items()}
    template = environment.get_template("page.html")
    return template.render(report=report, drawings=drawings, by_k=_BY_K, lifts=_lifts(report))


def _drawings(log: Mapping[str, Any]) -> dict[str, Markup]:
    lists = {name: log["lists"][name] for name in _DRAWN if name in log["lists"]}
    drawn = {figure: figures.by_k(lists, figure, label) for figure, label in _BY_K}
    drawn["roc"] = figures.roc_curves(log["roc"])
    if any(len(points) > 1 for points in log["curve"].values()):
        drawn["curve"] = figures.curve(log["curve"])
    if log["ablations"]:
        rows = [(row["name"], row["difference"]) for row in log["ablations"]]
        drawn["ablations"] = figures.forest(rows, "AUC, against the whole arm")
    return {name: Markup(svg) for name, svg in drawn.items()}  # noqa: S704 - our own drawing


def _lifts(report: Mapping[str, Any]) -> Markup | None:
    designs = (report["ab"] or {"designs": []})["designs"]
    rows = []
    for one in designs:
        rows += [
            (f"{one['about']}: {kind}", one[key]) for kind, key in _KINDS if one[key]["value"]
        ]
    return Markup(figures.forest(rows, "relative lift")) if rows else None  # noqa: S704 - ours


_KINDS = (("clicks", "lift"), ("truth", "true_lift"))


def _figure(one: Mapping[str, float] | None, digits: int = 4, sign: str = "") -> str:
    """Write a figure with its interval."""
    if not one or one["value"] is None:
        return "–"
    form = f"{{:{sign}.{digits}f}}"
    value, low, high = (form.format(one[name]) for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def _share(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}%}"


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
