"""The report's figures, as SVG that stands inside the page."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

_COLOURS: Final = {
    "salient": "#0b6e4f", "amtdl": "#c1440e", "mtdl": "#e08e45", "bm": "#b7a57a",
    "lightgbm": "#2b4c7e",
}  # fmt: skip
_WIDTH, _HEIGHT = 6.4, 3.6  # inches


def by_k(tables: Mapping[str, Mapping[str, Any]], figure: str, label: str) -> str:
    """Draw a figure at K = 1..10 for each contender, the band its interval for our own arms."""
    drawing, axes = _axes("K", label)
    for name, table in tables.items():
        points = [(k, one) for k, one in enumerate(table[figure], start=1) if one]
        if points:
            _line(axes, name, [k for k, _ in points], [one for _, one in points])
    return _svg(drawing, axes)


def curve(points: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Draw the learning curve: AUC by the share that was learnt from."""
    drawing, axes = _axes("share of the log learnt from", "AUC")
    for name, line in points.items():
        _line(axes, name, [one["share"] for one in line], [one["auc"] for one in line])
    axes.set_xscale("log", base=2)
    axes.set_xticks([0.125, 0.25, 0.5, 1.0], labels=["1/8", "1/4", "1/2", "all"])
    return _svg(drawing, axes)


def roc_curves(curves: Mapping[str, Sequence[Sequence[float]]]) -> str:
    """Draw ROC curves; the dotted line is chance."""
    drawing, axes = _axes("false positive rate", "true positive rate")
    axes.plot([0, 1], [0, 1], ":", color="#999", linewidth=1)
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), label=name, **_style(name))
    return _svg(drawing, axes)


def forest(rows: Sequence[tuple[str, Mapping[str, float]]], label: str) -> str:
    """Draw figures with their intervals under one another, and a line at zero."""
    drawing = Figure(figsize=(_WIDTH + 1.5, 0.9 + 0.32 * len(rows)), layout="constrained")
    axes = drawing.subplots()
    for place, (_, one) in enumerate(rows):
        axes.plot([one["low"], one["high"]], [place, place], color="#2b4c7e", linewidth=2)
        axes.plot(one["value"], place, "o", color="#2b4c7e", markersize=4)
    axes.axvline(0, color="#999", linewidth=1, linestyle=":")
    axes.set_yticks(range(len(rows)), labels=[name for name, _ in rows])
    axes.invert_yaxis()
    axes.set_xlabel(label)
    return _svg(drawing, axes, legend=False)


def _line(axes: Axes, name: str, x: Sequence[float], figures: Sequence[Mapping[str, Any]]) -> None:
    style = _style(name)
    axes.plot(x, [one["value"] for one in figures], label=name, marker="o", markersize=3, **style)
    if name in _COLOURS:
        low, high = ([one[side] for one in figures] for side in ("low", "high"))
        axes.fill_between(x, low, high, color=style["color"], alpha=0.12, linewidth=0)


def _style(name: str) -> dict[str, Any]:
    known = name in _COLOURS
    return {
        "color": _COLOURS.get(name, f"C{sum(map(ord, name)) % 10}"),
        "linewidth": 1.8 if known else 0.9,
        "linestyle": "-" if known else "--",
    }


def _axes(x: str, y: str) -> tuple[Figure, Axes]:
    drawing = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
    axes = drawing.subplots()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(visible=True, alpha=0.25)
    return drawing, axes


def _svg(drawing: Figure, axes: Axes, *, legend: bool = True) -> str:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if legend and axes.get_legend_handles_labels()[1]:
        axes.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    out = StringIO()
    # the same figures give the same file: no date, no random ids
    with mpl.rc_context({"svg.hashsalt": "salient", "svg.fonttype": "none"}):
        drawing.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue().split("?>", 1)[-1].split(">", 1)[-1].strip()
