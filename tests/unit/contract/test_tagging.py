from __future__ import annotations

import itertools

import numpy as np
import pytest

from service.contract.tagging import (
    CategoryTagger,
    Extracted,
    Known,
    Tagger,
    best_labels,
    impossible,
    spans,
)


def tagger(clues: dict[str, list[float]], **values: Known) -> CategoryTagger:
    """One that knows of length and material: a weight of each of the five labels for each clue."""
    return CategoryTagger(
        attributes=("length", "material"),
        rows={clue: row for row, clue in enumerate(clues)},
        weights=np.array(list(clues.values()), np.float32).reshape(-1, 5),
        steps=np.zeros((6, 5), np.float32),
        values={(words,): {"material": known} for words, known in values.items()},
    )


MEASURES = {"any": [1.0, 0, 0, 0, 0], "u mm": [0, 2.0, 0, 0, 0], "w solid": [0, 0, 0, 2.0, 0],
            "-1 solid": [0, 0, 0, 0, 2.0]}  # fmt: skip


def test_values_are_cut_out_as_they_are_spelled() -> None:
    told = tagger(MEASURES).extract({"title": "Table 40mm, Solid Oak", "description": "50mm"})
    assert told == {
        "length": Extracted("title", "40mm", 6),
        "material": Extracted("title", "Solid Oak", 12),
    }


def test_a_value_known_well_is_looked_up_where_nothing_was_tagged() -> None:
    knows = {"oak": Known(3, 0.6), "pine": Known(9, 0.9), "legs": Known(1, 0.4)}
    of = tagger(MEASURES, **knows)
    assert of.extract({"title": "Oak table, pine legs"})["material"].value == "pine"
    assert of.extract({"title": "Oak table with legs"})["material"].value == "Oak"
    assert of.extract({"title": "Table with legs"}) == {}
    assert of.extract({"title": "Solid oak or pine"})["material"].value == "Solid oak"


def test_no_words_tell_nothing() -> None:
    assert tagger(MEASURES).extract({"title": "", "description": "  "}) == {}


def test_categories_are_known_in_any_case_and_others_tell_nothing() -> None:
    of = Tagger({"home > tables": tagger(MEASURES)})
    assert of.extract("Home > Tables", {"title": "40mm"})["length"].value == "40mm"
    assert of.extract("Home > Chairs", {"title": "40mm"}) == {}


def test_a_value_begins_before_it_goes_on() -> None:
    costs = impossible(2)
    assert costs.shape == (6, 5)
    # into "goes on with the first" only from its beginning or from itself
    assert [row for row in range(6) if costs[row, 2] == 0] == [1, 2]
    assert [row for row in range(6) if costs[row, 4] == 0] == [3, 4]
    assert not costs[:, [0, 1, 3]].any()


@pytest.mark.parametrize("seed", range(20))
def test_the_best_row_of_labels_is_the_best_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(4, 5)).astype(np.float32)
    steps = rng.normal(size=(6, 5)).astype(np.float32) + impossible(2)

    def total(labels: tuple[int, ...]) -> float:
        before = (5, *labels)
        return sum(
            float(scores[at, label] + steps[before[at], label]) for at, label in enumerate(labels)
        )

    best = max(itertools.product(range(5), repeat=4), key=total)
    assert tuple(best_labels(scores, steps)) == best


def test_spans_of_labels() -> None:
    assert list(spans([0, 1, 2, 2, 3, 1, 0, 4])) == [(0, 1, 4), (1, 4, 5), (0, 5, 6)]
    assert list(spans([])) == []
