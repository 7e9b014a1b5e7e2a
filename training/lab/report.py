"""The report: every table of every log, the verdicts, and the one line that sums it up."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from training.lab.agenda import BEST_PEER, FLOOR_1, FLOOR_2, PAPER_ARMS, Job
from training.lab.board import told
from training.lab.errata import errata
from training.lab.tables import (
    ablation_table,
    auc_table,
    learning_curve,
    list_tables,
    roc,
    sparsity_table,
)
from training.lab.verdicts import orderings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training.lab.board import Board
    from training.lab.foreman import Ended
    from training.lab.sources import Source

_OF_ROC: Final = (*PAPER_ARMS, BEST_PEER, FLOOR_1, FLOOR_2)


@dataclass(frozen=True, slots=True)
class Trials:
    """What other commands found: A/B designs over REST, choices by the demo shop's truth."""

    ab: Mapping[str, Any] | None
    choice: Mapping[str, Any] | None
    notes: Sequence[str]  # why something is missing


def log_report(source: Source, board: Board) -> dict[str, Any]:
    """Return all tables of one log."""
    split = board.split
    plain = [name for name in board.scores if "@" not in name and ", " not in name]
    return {
        "about": source.about,
        "rows": {
            "learnt": len(split.learnt),
            "tested": len(split.tested),
            "tested_clicks": int(board.labels.sum()),
            "ads_learnt": len(split.earlier),
            "shoppers_tested": board.redraw.weights.shape[1],
        },
        "auc": auc_table(board),
        "truth": {name: told(figure) for name, figure in board.truths().items()},
        "impersonal_share": board.impersonal_share(FLOOR_1),
        "sparsity": sparsity_table(board),
        "lists": list_tables(board, plain),
        "roc": roc(board, _OF_ROC),
        "ablations": ablation_table(board),
        "curve": learning_curve(board),
    }


def whole_report(
    boards: Mapping[str, Board], sources: Mapping[str, Source], trials: Trials, ended: list[Ended]
) -> dict[str, Any]:
    """Return everything, the first log's orderings judged; `summary` lacks its seconds."""
    logs = {name: log_report(sources[name], board) for name, board in boards.items()}
    first = next(iter(boards))
    for name, log in logs.items():
        log["orderings"] = orderings(boards[name], log)
    return {
        "summary": summary(boards, trials),
        "first": first,
        "orderings": orderings(boards[first], logs[first], trials.ab),
        "logs": logs,
        "ab": trials.ab,
        "choice": trials.choice,
        "notes": list(trials.notes),
        "errata": [asdict(one) for one in errata()],
        "plan": plan(ended),
    }


def summary(boards: Mapping[str, Board], trials: Trials) -> dict[str, Any]:
    """Return what the last line of the command says; what was not measured is null."""
    first = next(iter(boards.values()))
    demo = boards.get("demo")
    choice = trials.choice or {}
    return {
        "arms": {name: _arm(name, first, demo) for name in PAPER_ARMS},
        "floor1_auc": _auc(first, FLOOR_1),
        "floor2_auc": _auc(first, FLOOR_2),
        "lightgbm_auc": _auc(first, BEST_PEER),
        "salient_gain_ci": _gain(first),
        "choice_share_of_best": choice.get("share_of_best"),
        "null_false_positives": choice.get("null_false_positives"),
        "seconds": None,
    }


def _arm(name: str, first: Board, demo: Board | None) -> dict[str, Any]:
    figure = told(first.auc(name)) if name in first else None
    share = None
    if demo is not None and name in demo:
        share = told(demo.share_of_way(name, FLOOR_1))
    return {
        "auc": figure["value"] if figure else None,
        "auc_ci": [figure["low"], figure["high"]] if figure else None,
        "share_of_ceiling": share["value"] if share else None,
    }


def _auc(board: Board, name: str) -> float | None:
    if name not in board:
        return None
    value = board.auc(name).value
    return None if math.isnan(value) else value


def _gain(board: Board) -> list[float] | None:
    """Return the interval of the gain over the best of floors, LightGBM and AMTDL."""
    others = board.known((FLOOR_1, FLOOR_2, BEST_PEER, "amtdl"))
    if "salient" not in board or not others:
        return None
    best = max(others, key=lambda name: board.auc(name).value)
    return list(board.gain("salient", best).interval)


def plan(ended: Sequence[Ended]) -> list[dict[str, Any]]:
    """Return what became of each job, in order of when it ended."""
    return [
        {
            "log": one.job.log,
            "contender": _name(one.job),
            "seed": one.job.seed,
            "state": one.state,
            "seconds": round(one.seconds, 1),
            "why": one.why,
        }
        for one in ended
    ]


def _name(job: Job) -> str:
    return job.contender if job.share == 1.0 else f"{job.contender}, on {job.share:g} of the log"
