from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.unit.training.lab.made_board import made_board, made_split
from training.lab.agenda import FLOOR_1, Job
from training.lab.board import Board, load_scores, told
from training.lab.foreman import Ended
from training.lab.tables import ablation_table, auc_table, learning_curve, list_tables, roc
from training.metrics import auc

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def board() -> Board:
    return made_board()


def test_the_auc_of_seeds_is_their_mean(board: Board) -> None:
    each = [auc(board.labels, scores) for scores in board.scores["amtdl"]]
    assert board.seeds_auc("amtdl") == each
    assert board.auc("amtdl").value == pytest.approx(np.mean(each))


def test_the_share_of_the_way_is_one_for_the_truth_and_nought_for_the_floor(board: Board) -> None:
    split = made_split()
    assert board.truth is not None
    scores = {"truth": [board.truth["p_click"]], FLOOR_1: board.scores[FLOOR_1]}
    same = Board(split, scores, seed=0, truth=board.truth)
    whole, nothing = same.share_of_way("truth", FLOOR_1), same.share_of_way(FLOOR_1, FLOOR_1)
    assert whole is not None
    assert nothing is not None
    assert (whole.value, nothing.value) == (1.0, 0.0)


def test_without_the_truth_there_is_no_share() -> None:
    assert made_board(with_truth=False).share_of_way("salient", FLOOR_1) is None


def test_scores_are_found_by_contender_and_share(tmp_path: Path) -> None:
    ended = []
    for job in (Job("a", "bm", 1), Job("a", "bm", 0), Job("a", "bm", 0, 0.5), Job("b", "bm", 0)):
        (tmp_path / job.log).mkdir(exist_ok=True)
        np.save(tmp_path / job.log / f"{job.key}.npy", np.array([job.seed + job.share]))
        ended.append(Ended(job, "done"))
    ended.append(Ended(Job("a", "mtdl", 0), "failed"))
    found = load_scores(tmp_path, ended, "a")
    assert {name: [float(s[0]) for s in scores] for name, scores in found.items()} == {
        "bm": [1.0, 2.0],  # seeds in order
        "bm@0.5": [0.5],
    }


def test_the_best_stands_first(board: Board) -> None:
    table = auc_table(board)
    values = [row["auc"]["value"] for row in table]
    assert values == sorted(values, reverse=True)
    assert table[0]["name"] == "salient"
    assert not any("@" in row["name"] for row in table)


def test_ablations_are_held_against_the_arm_on_the_same_half(board: Board) -> None:
    (row,) = ablation_table(board)
    assert row["name"] == "amtdl, joint"
    expected = board.auc("amtdl, joint@0.5").value - board.auc("amtdl@0.5").value
    assert row["difference"]["value"] == pytest.approx(expected)
    assert row["difference"]["high"] < 0


def test_the_curve_ends_with_all_of_the_log(board: Board) -> None:
    curve = learning_curve(board)
    assert [point["share"] for point in curve["amtdl"]] == [0.5, 1.0]
    assert [point["share"] for point in curve["bm"]] == [1.0]
    assert curve["amtdl"][-1]["auc"]["value"] == pytest.approx(board.seeds_auc("amtdl")[0])


def test_roc_goes_from_corner_to_corner_and_holds_the_auc(board: Board) -> None:
    points = np.array(roc(board, ["salient"])["salient"])
    assert points[0].tolist() == [0, 0]
    assert points[-1].tolist() == [1, 1]
    area = np.trapezoid(points[:, 1], points[:, 0])
    assert area == pytest.approx(board.seeds_auc("salient")[0], abs=0.005)


def test_lists_are_measured_at_every_k(board: Board) -> None:
    table = list_tables(board, ["salient", "nobody"])
    assert list(table) == ["salient"]
    for figure in ("precision", "recall", "ndcg", "average_precision", "mae", "rmse", "coverage"):
        assert len(table["salient"][figure]) == 10
    recall = [one["value"] for one in table["salient"]["recall"]]
    assert recall == sorted(recall)
    assert recall[3] == recall[9] == 1.0  # pages show four words


def test_what_is_not_known_is_told_as_null() -> None:
    assert told(None) is None
    assert told(Board(made_split(), {}, 0).redraw.mean(np.full(720, np.nan))) is None
