from __future__ import annotations

import pytest

from service.contract.spans import tokens
from training.extraction.examples import Example, labels_of
from training.extraction.known_values import known_values
from training.extraction.learn import learn_tagger
from training.extraction.perceptron import Labelled, Perceptron

WOODS = ("Solid Oak", "Walnut", "White Pine", "Teak", "Ash")


def tables() -> list[Example]:
    """Titles of one pattern: brand, length, wood, noun."""
    return [
        Example(
            "Tables",
            f"{brand} {length}cm {wood} Table",
            attributes={"brand": [brand], "length": [f"{length}cm"], "wood": [wood]},
        )
        for brand in ("Acme", "Lumo", "Norr")
        for length, wood in enumerate(WOODS, 40)
    ]


def test_labels_stand_where_the_values_do_the_longest_first() -> None:
    example = Example("", "", attributes={"a": ["oak", "solid oak"], "b": ["40 cm", ""]})
    line = tokens("Oak 40 cm solid oak")
    assert labels_of(line, example, ("a", "b")) == [1, 3, 4, 1, 2]


def test_what_stands_where_values_stood_is_found_though_never_seen() -> None:
    tagger = learn_tagger(tables())
    told = tagger.extract("tables", {"title": "Brio 77cm Red Cedar Table"})
    assert {name: one.value for name, one in told.items()} == {
        "brand": "Brio",
        "length": "77cm",
        "wood": "Red Cedar",
    }


def test_equal_seeds_learn_equal_weights() -> None:
    one, two = (learn_tagger(tables(), seed=5).categories["tables"] for _ in range(2))
    assert one.rows == two.rows
    assert one.weights.tobytes() == two.weights.tobytes()
    assert one.steps.tobytes() == two.steps.tobytes()


def test_a_category_without_attributes_is_left_out() -> None:
    assert list(learn_tagger([*tables(), Example("Chairs", "Chair")]).categories) == ["tables"]


def test_the_share_of_a_value_counts_who_holds_its_words() -> None:
    said = [
        Example("", "Red shoe", attributes={"colour": ["Red"]}),
        Example("", "Red carpet", attributes={"colour": []}),
        Example("", "Red wine"),
        Example("", "Blue shoe", attributes={"colour": ["Red", "one two three four five six 7"]}),
    ]
    values = known_values(said)
    # right in 1; 1 wrong, 1 that does not name colour, and half a product of caution
    assert values["red",]["colour"].products == 2
    assert values["red",]["colour"].share == 1 / (1 + 1 + 0.3 + 0.5)
    assert list(values) == [("red",)]


def test_a_products_own_value_is_no_clue_to_itself() -> None:
    woods = ("Oak", "Pine", "Teak", "Ash")
    once = [Example("x", f"{wood} table", attributes={"wood": [wood]}) for wood in woods]
    assert not any(clue.startswith("begins") for clue in learn_tagger(once).categories["x"].rows)
    twice = learn_tagger([*once, *once]).categories["x"]
    assert any(clue.startswith("begins") for clue in twice.rows)


def test_weights_are_the_mean_over_the_texts() -> None:
    perceptron = Perceptron(clues=1, attributes=1)
    perceptron.fit([Labelled([[0]], [1])], epochs=2, seed=0)
    weights, steps = perceptron.averages
    # 0 at the start; 1 after the first look, which was wrong, and after the second, which was not
    assert weights.tolist() == [[pytest.approx(-2 / 3), pytest.approx(2 / 3), 0]]
    assert steps[3].tolist() == [pytest.approx(-2 / 3), pytest.approx(2 / 3), 0]
