"""The paper's tables and figures on one log, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.lab.agenda import ABLATION_SHARE, CURVE, FLOOR_1, FLOOR_2, PAPER_ARMS, VARIATIONS
from training.lab.board import plain, told
from training.lab.bootstrap import Sampled, mean
from training.lab.coverage import spread
from training.lab.errors import mean_absolute_error, probabilities, root_mean_square_error
from training.lab.lists import MOST, Lists
from training.lab.sparsity import cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from training.lab.board import Board

_LIST_FIGURES: Final = ("precision", "recall", "ndcg", "average_precision")
_ROC_POINTS: Final = 60


def auc_table(board: Board) -> list[dict[str, Any]]:
    """Return the AUC of everybody who learnt from all, the best first."""
    names = [name for name in board.scores if "@" not in name]
    rows = [
        {
            "name": name,
            "auc": told(board.auc(name)),
            "seeds": board.seeds_auc(name),
            "above_floor_2": told(board.gain(name, FLOOR_2)) if FLOOR_2 in board else None,
            "share_of_way": told(board.share_of_way(name, FLOOR_1)),
        }
        for name in names
    ]
    return sorted(rows, key=lambda row: -board.auc(str(row["name"])).value)


def sparsity_table(board: Board) -> list[dict[str, Any]]:
    """Return the paper's Table 3: AUC by what is known of the shopper, and what AMTDL gains."""
    arms = board.known(PAPER_ARMS)
    rows = []
    for cell in cells(board.split):
        redraw = board.redraw.rows(cell.rows)
        labels = board.labels[cell.rows]
        found = {
            arm: mean([redraw.auc(labels, scores[cell.rows]) for scores in board.scores[arm]])
            for arm in arms
        }
        both = {"bm", "amtdl"} <= set(found)
        rows.append(
            {
                "cell": cell.name,
                "rows": int(cell.rows.sum()),
                "clicks": int(labels.sum()),
                "shoppers": len(np.unique(board.split.shoppers[cell.rows])),
                "auc": {arm: told(figure) for arm, figure in found.items()},
                "amtdl_gain": told(found["amtdl"] - found["bm"]) if both else None,
            }
        )
    return rows


def list_tables(board: Board, names: Iterable[str]) -> dict[str, Any]:
    """Return precision, recall, NDCG and mAP at K, MAE, RMSE, coverage, Gini and entropy at K."""
    found: dict[str, Any] = {}
    for name in board.known(names):
        # of several seeds the first: a list is what one model shows
        scores = board.scores[name][0]
        lists = Lists.of(board.split.requests, scores, board.labels, seed=board.seed)
        found[name] = _of_lists(board, lists) | _errors(board, lists, scores)
        found[name] |= _spread(board, lists)
    return found


def _of_lists(board: Board, lists: Lists) -> dict[str, list[dict[str, Any] | None]]:
    redraw = board.redraw.rows(lists.firsts)
    return {
        figure: [told(redraw.mean(getattr(lists, figure)(k))) for k in range(1, MOST + 1)]
        for figure in _LIST_FIGURES
    }


def _errors(board: Board, lists: Lists, scores: NDArray[Any]) -> dict[str, list[Any]]:
    p = probabilities(board.labels, scores, board.redraw.owners)
    kinds: dict[str, Callable[..., Sampled]] = {
        "mae": mean_absolute_error,
        "rmse": root_mean_square_error,
    }
    found: dict[str, list[Any]] = {name: [] for name in kinds}
    for k in range(1, MOST + 1):
        rows = lists.recommended(k)
        for name, measure in kinds.items():
            figure = measure(board.redraw.rows(rows), board.labels[rows], p[rows])
            found[name].append(told(figure))
    return found


def _spread(board: Board, lists: Lists) -> dict[str, list[Any]]:
    words = board.split.facets["sf_keyword"].to_numpy()[board.split.tested]
    _, numbers = np.unique(words.astype(str), return_inverse=True)
    at = [spread(numbers, board.redraw.owners, lists.recommended(k)) for k in range(1, MOST + 1)]
    return {
        name: [plain(o.value, o.low, o.high) for o in (one[name] for one in at)]
        for name in ("coverage", "gini", "entropy")
    }


def roc(board: Board, names: Iterable[str]) -> dict[str, list[tuple[float, float]]]:
    """Return points (false positive rate, true positive rate) of each contender's first seed."""
    return {name: _roc(board.labels, board.scores[name][0]) for name in board.known(names)}


def _roc(labels: NDArray[Any], scores: NDArray[Any]) -> list[tuple[float, float]]:
    order = np.argsort(-scores, kind="stable")
    clicked = labels[order] > 0
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)  # ties stay together
    hits = np.cumsum(clicked)[last] / max(clicked.sum(), 1)
    false = np.cumsum(~clicked)[last] / max((~clicked).sum(), 1)
    x = np.linspace(0, 1, _ROC_POINTS)
    y = np.interp(x, np.append(0, false), np.append(0, hits))
    return [(round(float(a), 4), round(float(b), 4)) for a, b in zip(x, y, strict=True)]


def ablation_table(board: Board) -> list[dict[str, Any]]:
    """Return what each ablation loses against the arm that it is of, both on the same part."""
    rows = []
    for name in VARIATIONS:
        whole, changed = (f"{one}@{ABLATION_SHARE:g}" for one in (name.split(", ")[0], name))
        if whole in board and changed in board:
            rows.append(
                {
                    "name": name,
                    "auc": told(board.auc(changed)),
                    "whole": told(board.auc(whole)),
                    "difference": told(board.gain(changed, whole)),
                }
            )
    return rows


def learning_curve(board: Board) -> dict[str, list[dict[str, Any]]]:
    """Return the AUC of the arms by the share of the log that they learnt from, one seed each."""
    curve: dict[str, list[dict[str, Any]]] = {}
    for arm in board.known(PAPER_ARMS):
        points = [
            {"share": share, "auc": told(board.auc(f"{arm}@{share:g}"))}
            for share in CURVE
            if f"{arm}@{share:g}" in board
        ]
        first = board.redraw.auc(board.labels, board.scores[arm][0])
        curve[arm] = [*points, {"share": 1.0, "auc": told(first)}]
    return curve
