"""How `make extraction` counts, on cases small enough to check by eye."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from tests.benchmarks.extraction import RANKS, Dictionary, measure, read_examples, split
from tests.benchmarks.extraction_scores import counts, gain_interval, score
from training.extraction.examples import Example

if TYPE_CHECKING:
    from pathlib import Path

GOLD = {"colour": ["Red", "red"], "size": [], "wood": ["Oak"]}


@pytest.mark.parametrize(
    ("told", "right", "asked"),
    [
        ({"colour": "red"}, 1, 1),
        ({"colour": "RED", "size": "M"}, 0, 2),
        ({"colour": "Red", "wood": "Oak", "brand": "Acme"}, 2, 2),
        ({}, 0, 0),
    ],
)
def test_a_told_value_is_right_if_it_is_a_gold_one(
    told: dict[str, str], right: int, asked: int
) -> None:
    assert counts(told, GOLD) == (right, asked, 2)
    strictly = counts(told, GOLD, strict=True)
    assert strictly == (right, asked + ("brand" in told), 2)


def test_scores_of_counts() -> None:
    # 3 right of 4 told, of 6 there are
    scores = score(np.array([[1, 2, 4], [2, 2, 2]]))
    assert (scores.precision, scores.recall, scores.f1) == (0.75, 0.5, 0.6)
    assert score(np.zeros((1, 3), np.int64)).f1 == 0


def test_the_interval_holds_the_gain_and_narrows_with_products() -> None:
    own = np.tile([[1, 1, 1], [1, 1, 1], [0, 1, 1]], (100, 1))
    other = np.tile([[1, 1, 1], [0, 1, 1], [0, 1, 1]], (100, 1))
    low, high = gain_interval(own, other, 0)
    assert low < 1 / 3 < high
    few_low, few_high = gain_interval(own[:9], other[:9], 0)
    assert few_high - few_low > high - low


def test_the_dictionary_takes_whole_words_of_its_own_category() -> None:
    seen = [
        Example("a", "", attributes={"wood": ["Oak"]}),
        Example("a", "", attributes={"wood": ["Oak", "White Oak"]}),
        Example("b", "", attributes={"wood": ["Teak"]}),
    ]
    text = Example("a", "White Oak and Teak Croak")
    assert Dictionary(seen, RANKS["longest"]).tell(text) == {"wood": "White Oak"}
    assert Dictionary(seen, RANKS["most frequent"]).tell(text) == {"wood": "Oak"}
    assert not Dictionary(seen, RANKS["longest"]).tell(Example("a", "Oaks"))


def test_a_set_is_read_split_and_measured(tmp_path: Path) -> None:
    path = tmp_path / "attr.parquet"
    rows = [
        {
            "category": "Tables",
            "title": f"Brand{n % 5} {n}cm {wood} Table",
            "description": None,
            "target_scores_json": json.dumps({"wood": {f"{wood} ": 1}, "size": {"n/a": 1}}),
        }
        for n, wood in enumerate(["Oak", "Pine", "Teak", "Ash"] * 10)
    ]
    pl.DataFrame(rows).write_parquet(path)
    examples = read_examples(path)
    assert examples[1].attributes == {"wood": ["Pine"], "size": []}
    learnt, held = split(examples, 3)
    assert (len(learnt), len(held)) == (28, 12)
    assert split(examples, 3) == (learnt, held) != split(examples, 4)
    assert measure(examples, 3)["f1"] == 1
