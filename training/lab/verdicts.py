"""The orderings that the paper claims, held against our figures: each holds, does not, or is open.

`holds` and `does not hold` need an interval clear of zero; all else is open. A/B designs are
judged by the demo shop's truth.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from training.lab.agenda import ABLATION_SHARE, FLOOR_2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from training.lab.board import Board
    from training.lab.bootstrap import Sampled

HOLDS: Final = "holds"
FAILS: Final = "does not hold"
OPEN: Final = "open"
UNKNOWN: Final = "not measured"

_FILTERS: Final = ("usercf", "fucf", "teucf", "taucf", "mucf")
_COMPARATORS: Final = ("dmp-dgbm", "lstm-pso", "im12cp-wqi", "rf-ffgm")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A claim, what we found, and why."""

    claim: str
    verdict: str
    found: str
    why: str


def orderings(
    board: Board, tables: Mapping[str, Any], ab: Mapping[str, Any] | None = None
) -> list[dict[str, str]]:
    """Judge every ordering of the paper on one log, and the A/B designs where they are given."""
    found = [*_of_arms(board), *_of_cells(tables["sparsity"]), *_of_peers(board)]
    found += [*_of_lists(tables["lists"])]
    found += [_of_design(design) for design in (ab or {"designs": []})["designs"]]
    return [asdict(one) for one in found]


def _of_arms(board: Board) -> Iterator[Verdict]:
    for ours, theirs, paper in (
        ("mtdl", "bm", "the auxiliary task and its attention help: .081 to .163"),
        ("amtdl", "mtdl", "groups of features help: .027 to .053"),
        ("amtdl", "bm", "all of it helps: .152 to .205"),
    ):
        claim = f"{ours} above {theirs} by AUC ({paper})"
        if ours not in board or theirs not in board:
            yield Verdict(claim, UNKNOWN, "", "no time was left to fit both")
            continue
        gain = board.gain(ours, theirs)
        yield Verdict(claim, _judge(gain), _said(gain), _why_arm(board, ours))


def _why_arm(board: Board, arm: str) -> str:
    """Say what the ablations and the floor say of this arm."""
    parts = []
    whole = f"{arm}@{ABLATION_SHARE:g}"
    for change, about in (
        ("no auxiliary task", "without the auxiliary task"),
        ("pooled title", "with a pooled title in place of attention"),
        ("joint", "with the joint loss"),
        ("pretrain", "pre-trained"),
    ):
        name = f"{arm}, {change}@{ABLATION_SHARE:g}"
        if name in board and whole in board:
            parts.append(f"{about} {_said(board.gain(name, whole))}")
    if FLOOR_2 in board:
        gain = _said(board.gain(arm, FLOOR_2))
        parts.append(f"{arm} against the floor that knows nobody {gain}")
    spread = board.seeds_auc(arm)
    if len(spread) > 1:
        parts.append(f"its seeds run from {min(spread):.4f} to {max(spread):.4f}")
    return "; ".join(parts)


def _of_cells(cells: Sequence[Mapping[str, Any]]) -> Iterator[Verdict]:
    claim = "AMTDL gains most over BM for few main and many auxiliary clicks (≤ 6 / > 21)"
    known = [cell for cell in cells if cell["amtdl_gain"]]
    aimed = [cell for cell in known if cell["cell"] == "≤ 6 / > 21"]
    if not aimed:
        yield Verdict(claim, UNKNOWN, "", "nobody in that cell was tested, or an arm is missing")
        return
    best = max(known, key=lambda cell: float(cell["amtdl_gain"]["value"]))
    gains = ", ".join(f"{c['cell']}: {_interval(c['amtdl_gain'])}" for c in known)
    others = [cell for cell in known if cell is not aimed[0]]
    if best is aimed[0] and all(
        aimed[0]["amtdl_gain"]["low"] > cell["amtdl_gain"]["high"] for cell in others
    ):
        verdict = HOLDS
    elif best["amtdl_gain"]["low"] > aimed[0]["amtdl_gain"]["high"]:
        verdict = FAILS
    else:
        verdict = OPEN
    sizes = ", ".join(f"{cell['clicks']:,}" for cell in known)
    yield Verdict(
        claim,
        verdict,
        gains,
        f"the cells hold {sizes} clicks; their intervals say how far that is",
    )


def _of_peers(board: Board) -> Iterator[Verdict]:
    for kind, names in (("collaborative filters", _FILTERS), ("comparators", _COMPARATORS)):
        known = board.known(names)
        claim = f"AMTDL above all of the {kind} by AUC"
        if not known or "amtdl" not in board:
            yield Verdict(claim, UNKNOWN, "", "no time was left to fit them")
            continue
        best = max(known, key=lambda name: board.auc(name).value)
        gain = board.gain("amtdl", best)
        found = f"against the best, {best}: {_said(gain)}"
        why = "; ".join(f"{name} {board.auc(name).value:.4f}" for name in ("amtdl", *known))
        if len(known) < len(names):
            why += "; not fitted: " + ", ".join(name for name in names if name not in known)
        yield Verdict(claim, _judge(gain), found, why)


def _of_lists(lists: Mapping[str, Any]) -> Iterator[Verdict]:
    for figure, k, more in (
        ("precision", 1, True), ("recall", 6, True), ("mae", 5, False), ("rmse", 5, False),
        ("coverage", 5, True),
    ):  # fmt: skip
        best = "highest" if more else "lowest"
        claim = f"AMTDL has the {best} {figure} at K = {k}"
        rows = {
            name: table[figure][k - 1] for name, table in lists.items() if table[figure][k - 1]
        }
        if "amtdl" not in rows or len(rows) < 2:  # noqa: PLR2004 - itself and one other
            yield Verdict(claim, UNKNOWN, "", "there is nobody to compare with")
            continue
        ours = rows.pop("amtdl")
        rows.pop("salient", None)  # the paper did not know it
        best_name = (max if more else min)(rows, key=lambda name: float(rows[name]["value"]))
        theirs = rows[best_name]
        apart = (ours["low"] > theirs["high"], theirs["low"] > ours["high"])
        ahead, behind = apart if more else apart[::-1]
        verdict = HOLDS if ahead else FAILS if behind else OPEN
        found = f"{_figure(ours)} against {best_name} {_figure(theirs)}"
        why = "intervals of each, which are wider than one of the difference would be"
        yield Verdict(claim, verdict, found, why)


def _of_design(design: Mapping[str, Any]) -> Verdict:
    """Judge by the truth, which is what endless traffic would show; say what the clicks said."""
    lift, truth, paper = design["lift"], design["true_lift"], design["paper"]
    claim = f"{design['about']}: the second is clicked more ({paper['lift']:+.1%})"
    if lift["value"] is None:
        return Verdict(claim, UNKNOWN, "", "one of the arms was never clicked")
    verdict = HOLDS if truth["low"] > 0 else FAILS if truth["high"] < 0 else OPEN
    found = (
        f"by the truth {truth['value']:+.1%} [{truth['low']:+.1%}, {truth['high']:+.1%}]; "
        f"by clicks {lift['value']:+.1%} [{lift['low']:+.1%}, {lift['high']:+.1%}], "
        f"p {lift['p']:.2g}"
    )
    shown = [design["arms"][arm]["points_shown"] for arm in ("base", "test")]
    views = design["arms"]["base"]["views"]
    needed = design["views_needed_for_true_lift"]
    why = f"titles showed {shown[0]:.2f} and {shown[1]:.2f} points on average; {views:,} views"
    if needed is not None:
        why += f", where the true lift needs {needed:,}"
    return Verdict(claim, verdict, found, why)


def _judge(gain: Sampled) -> str:
    return HOLDS if gain.is_above_zero else FAILS if gain.is_below_zero else OPEN


def _said(figure: Sampled) -> str:
    low, high = figure.interval
    return f"{figure.value:+.4f} [{low:+.4f}, {high:+.4f}]"


def _interval(figure: Mapping[str, float]) -> str:
    return f"{figure['value']:+.4f} [{figure['low']:+.4f}, {figure['high']:+.4f}]"


def _figure(figure: Mapping[str, float]) -> str:
    return f"{figure['value']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]"
