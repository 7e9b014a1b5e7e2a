from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from service.demo.ab import BASE, DESIGNS, TEST, Views
from service.demo.ab_results import result_of
from tests.unit.training.lab.made_board import made_board
from training.lab.agenda import Job
from training.lab.board import Board
from training.lab.foreman import Ended
from training.lab.page import page
from training.lab.report import Trials, summary, whole_report
from training.lab.sources import Source

_SOURCE = Source("demo", "made up", "nowhere", "i", "f", "c")
_CHOICE = {"share_of_best": 0.7, "null_false_positives": 0.05}


def _ab() -> dict[str, Any]:
    who = list(range(40)) * 10

    def views(every: int, p: float, points: int) -> Views:
        clicked = [number % every == 0 for number in range(400)]
        return Views(who, [p] * 400, [0.05] * 400, [points] * 400, clicked)

    designs = [
        result_of(design, {BASE: views(23, 0.05, 0), TEST: views(3, 0.06, 2)})
        for design in DESIGNS
    ]
    return {"designs": designs, "noticed": 0.5}


@pytest.fixture(scope="module")
def board() -> Board:
    return made_board()


@pytest.fixture(scope="module")
def report(board: Board) -> dict[str, Any]:
    ended = [Ended(Job("demo", "salient", 0), "done", 3.2), Ended(Job("demo", "lr", 0), "no time")]
    trials = Trials(_ab(), _CHOICE, ["<a note>"])
    found = whole_report({"demo": board}, {"demo": _SOURCE}, trials, ended)
    found["summary"]["seconds"] = 12.0
    return found | {"seed": 0, "draws": 300, "split_share": 0.7}


def test_the_last_line_has_exactly_its_keys(report: dict[str, Any]) -> None:
    said = json.loads(json.dumps(report["summary"], allow_nan=False))
    assert list(said) == [
        "arms", "floor1_auc", "floor2_auc", "lightgbm_auc", "salient_gain_ci",
        "choice_share_of_best", "null_false_positives", "seconds",
    ]  # fmt: skip
    assert list(said["arms"]) == ["bm", "mtdl", "amtdl", "salient"]
    for arm in said["arms"].values():
        assert list(arm) == ["auc", "auc_ci", "share_of_ceiling"]
        assert arm["auc_ci"][0] < arm["auc"] < arm["auc_ci"][1]
    assert said["choice_share_of_best"] == 0.7
    assert said["null_false_positives"] == 0.05


def test_the_gain_is_over_the_best_of_the_others(board: Board) -> None:
    found = summary({"demo": board}, Trials(None, None, []))
    assert found["salient_gain_ci"] == list(board.gain("salient", "amtdl").interval)
    assert found["choice_share_of_best"] is None


def test_shares_come_from_the_demo_shop_and_aucs_from_the_first_log(board: Board) -> None:
    first = made_board(with_truth=False)
    found = summary({"rich": first, "demo": board}, Trials(None, None, []))
    assert found["arms"]["salient"]["auc"] == first.auc("salient").value
    assert found["arms"]["salient"]["share_of_ceiling"] > 0.5
    alone = summary({"rich": first}, Trials(None, None, []))
    assert alone["arms"]["salient"]["share_of_ceiling"] is None


def test_a_board_of_nobody_says_nothing(board: Board) -> None:
    found = summary({"demo": Board(board.split, {}, 0)}, Trials(None, None, []))
    assert found["arms"]["bm"] == {"auc": None, "auc_ci": None, "share_of_ceiling": None}
    assert found["floor1_auc"] is None
    assert found["salient_gain_ci"] is None


def test_orderings_hold_fail_or_are_open(report: dict[str, Any]) -> None:
    verdicts = {one["claim"].split(" (")[0]: one["verdict"] for one in report["orderings"]}
    assert verdicts["amtdl above bm by AUC"] == "holds"  # by the noise that was put in
    assert verdicts["AMTDL above all of the collaborative filters by AUC"] == "holds"
    assert verdicts["AMTDL above all of the comparators by AUC"] == "not measured"
    assert verdicts["no selling points against personal ones: the second is clicked more"] == (
        "holds"
    )


def test_the_page_is_one_well_formed_file_with_everything(report: dict[str, Any]) -> None:
    html = page(report)
    for title in (
        "Does the paper's order hold?", "Five A/B designs", "Choosing selling points",
        "Ranked lists", "the paper's Table 3", "ROC", "Ablations", "Learning curve", "Errata",
        "no time",
    ):  # fmt: skip
        assert title in html
    assert html.count("<svg") >= 12
    assert "&lt;a note&gt;" in html
    assert not re.search(r'(src|href)="(?!#)', html)  # nothing is loaded
    assert _Balance.of(html) == []


def test_the_page_of_a_run_that_found_little(board: Board) -> None:
    few = Board(board.split, {"bm": board.scores["bm"]}, 0)
    found = whole_report({"demo": few}, {"demo": _SOURCE}, Trials(None, None, []), [])
    html = page(found | {"seed": 0, "draws": 300, "split_share": 0.7})
    assert "Not run." in html
    assert "not measured" in html


class _Balance(HTMLParser):
    """Finds tags that are not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    @classmethod
    def of(cls, html: str) -> list[str]:
        parser = cls()
        parser.feed(html)
        return parser.open

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        if tag not in {"meta", "br", "link"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
