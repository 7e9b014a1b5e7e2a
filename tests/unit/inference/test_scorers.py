from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from service.contract import encoder, taste
from service.contract.golden import GoldenRow
from service.contract.history import EMPTY_HISTORY, History
from service.contract.prices import price_z
from service.decision.scorers import Question
from service.decision.terms import Micros, Product
from service.errors import ScorerError
from service.inference.bundle import open_bundle
from service.inference.ranker import OnnxRanker
from service.inference.rows import item_rows, phrase_rows
from service.inference.selling_points import OnnxPhraseScorer
from service.inference.trial import answers
from tests.unit.inference.made_bundles import HISTORY, PHRASES, TITLES

if TYPE_CHECKING:
    from pathlib import Path

    from service.contract.arrays import IntArray
    from service.contract.taste import Clicks, Taste
    from service.inference.bundle import Bundle

PRICE = Micros(30_000_000)
PRODUCTS = [Product(str(n), title, "/p", PRICE) for n, title in enumerate(TITLES)]


@pytest.fixture(scope="module")
def ranking(ranker: Path) -> Bundle:
    return open_bundle(ranker)


@pytest.fixture(scope="module")
def pointing(points: Path) -> Bundle:
    return open_bundle(points)


def rows_of(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int32)


@pytest.mark.parametrize("history", [EMPTY_HISTORY, HISTORY])
def test_candidates_score_as_one_by_one(ranking: Bundle, history: History) -> None:
    scorer = OnnxRanker(ranking, item_rows(ranking, PRODUCTS))
    scores = scorer.score([Question("kitchen sink", history, rows_of(5, 0, 2))])
    for place, product in enumerate((5, 0, 2)):
        row = GoldenRow("kitchen sink", history, {}, TITLES[product], price_z(PRICE))
        alone = answers(ranking, row)
        assert scores.p_click[place] == pytest.approx(alone["p_click"], abs=1e-6)
        assert scores.p_conversion[place] == pytest.approx(alone["p_conversion"], abs=1e-6)


@pytest.mark.parametrize("history", [EMPTY_HISTORY, HISTORY])
def test_phrases_score_as_one_by_one(pointing: Bundle, history: History) -> None:
    scorer = OnnxPhraseScorer(pointing, phrase_rows(pointing, PHRASES))
    scores = scorer.score([Question("kitchen sink", history, rows_of(1, 4, 0))])
    for place, phrase in enumerate((1, 4, 0)):
        row = GoldenRow("kitchen sink", history, {}, phrase=PHRASES[phrase])
        assert scores[place] == pytest.approx(answers(pointing, row)["p_click"], abs=1e-6)


def test_a_click_changes_the_next_score(ranking: Bundle) -> None:
    scorer = OnnxRanker(ranking, item_rows(ranking, PRODUCTS))
    before = scorer.score([Question("light", EMPTY_HISTORY, rows_of(4, 5))]).p_click
    clicked = History((("led", 1.0),), (), ())
    after = scorer.score([Question("light", clicked, rows_of(4, 5))]).p_click
    assert not np.allclose(before, after)


def test_what_is_remembered_is_not_handed_out(ranking: Bundle) -> None:
    scorer = OnnxRanker(ranking, item_rows(ranking, PRODUCTS))
    first = scorer.score([Question("light", EMPTY_HISTORY, rows_of(4, 5))]).p_click
    expected = first.copy()
    first[:] = 0.0
    again = scorer.score([Question("light", EMPTY_HISTORY, rows_of(4, 5))]).p_click
    np.testing.assert_array_equal(again, expected)


def test_the_shopper_does_not_leak_into_what_is_remembered(ranking: Bundle) -> None:
    scorer = OnnxRanker(ranking, item_rows(ranking, PRODUCTS))
    fresh = OnnxRanker(ranking, item_rows(ranking, PRODUCTS))
    scorer.score([Question("light", HISTORY, rows_of(4, 5))])
    other = History((("chrome", 60.0),), (), ())
    np.testing.assert_array_equal(
        scorer.score([Question("light", other, rows_of(4, 5))]).p_click,
        fresh.score([Question("light", other, rows_of(4, 5))]).p_click,
    )


def test_no_candidates_give_no_scores(ranking: Bundle, pointing: Bundle) -> None:
    ranker = OnnxRanker(ranking, item_rows(ranking, PRODUCTS))
    scorer = OnnxPhraseScorer(pointing, phrase_rows(pointing, PHRASES))
    for history in (EMPTY_HISTORY, HISTORY):
        assert ranker.score([Question("light", history, rows_of())]).p_click.shape == (0,)
        assert scorer.score([Question("light", history, rows_of())]).shape == (0,)


def test_rows_can_be_saved_and_mapped(ranking: Bundle, tmp_path: Path) -> None:
    rows = item_rows(ranking, PRODUCTS)
    np.save(tmp_path / "rows.npy", rows)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    kept = OnnxRanker(ranking, rows).score([Question("led", HISTORY, rows_of(1, 2))]).p_click
    found = OnnxRanker(ranking, mapped).score([Question("led", HISTORY, rows_of(1, 2))]).p_click
    np.testing.assert_array_equal(kept, found)


def test_a_row_depends_on_its_own_product_only(ranking: Bundle) -> None:
    np.testing.assert_array_equal(
        item_rows(ranking, PRODUCTS)[3:4], item_rows(ranking, PRODUCTS[3:4])
    )


def test_rows_of_another_model_are_refused(ranking: Bundle, pointing: Bundle) -> None:
    with pytest.raises(ScorerError, match="this model makes"):
        OnnxRanker(ranking, phrase_rows(pointing, PHRASES))
    with pytest.raises(ScorerError, match="this model makes"):
        OnnxPhraseScorer(pointing, item_rows(ranking, PRODUCTS))


def test_a_row_out_of_range_is_a_scorer_error(ranking: Bundle, pointing: Bundle) -> None:
    with pytest.raises(ScorerError, match="IndexError"):
        OnnxRanker(ranking, item_rows(ranking, PRODUCTS)).score(
            [Question("x", HISTORY, rows_of(999))]
        )
    with pytest.raises(ScorerError, match="IndexError"):
        OnnxPhraseScorer(pointing, phrase_rows(pointing, PHRASES)).score(
            [Question("x", HISTORY, rows_of(99))]
        )


def test_a_row_of_nan_is_a_scorer_error(ranking: Bundle) -> None:
    rows = item_rows(ranking, PRODUCTS)
    rows["vector"][2] = np.nan
    scorer = OnnxRanker(ranking, rows)
    with pytest.raises(ScorerError, match="NaN or infinity"):
        scorer.score([Question("sink", HISTORY, rows_of(1, 2))])
    assert scorer.score([Question("sink", HISTORY, rows_of(1, 3))]).p_click.shape == (2,)


@pytest.mark.parametrize("query", ["", "\ud800", "👩‍💻" * 60, "a " * 128, "1/2 " * 64, "\x00"])
def test_any_query_gets_scores(ranking: Bundle, query: str) -> None:
    scorer = OnnxRanker(ranking, item_rows(ranking, PRODUCTS))
    history = History(((query, 0.0),) * 50, ((query, 1e12),) * 50, ((query, 5.0),) * 20)
    scores = scorer.score([Question(query, history, rows_of(*range(len(PRODUCTS))))])
    assert ((scores.p_click >= 0) & (scores.p_click <= 1)).all()


def test_two_models_of_one_encoding_read_a_shopper_once(
    ranking: Bundle, pointing: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranker = OnnxRanker(ranking, item_rows(ranking, PRODUCTS))
    scorer = OnnxPhraseScorer(pointing, phrase_rows(pointing, PHRASES))
    other = History(HISTORY.feature_words[:1])
    measured: list[object] = []
    measure = taste.measure_taste

    def counting(clicks: Clicks, size: int) -> Taste:
        measured.append(clicks)
        return measure(clicks, size)

    def both(history: History) -> tuple[list[float], list[float]]:
        clicks = ranker.score([Question("kitchen sink", history, rows_of(5, 0))]).p_click
        return clicks.tolist(), scorer.score(
            [Question("kitchen sink", history, rows_of(1, 4))]
        ).tolist()

    monkeypatch.setattr(encoder, "measure_taste", counting)
    first, second, again = both(HISTORY), both(other), both(HISTORY)
    assert len(measured) == 3
    assert first == again != second


def company(count: int) -> list[Question]:
    """Questions of shoppers with little, much and no history, each with its own candidates."""
    histories = [
        HISTORY,
        EMPTY_HISTORY,
        History((("chrome", 9.0),), (("Oak Table", 2e6),)),
        HISTORY,
    ]
    queries = ["kitchen sink", "led light", "", "oak"]
    rows = [rows_of(5, 0, 2), rows_of(1), rows_of(), rows_of(4), rows_of(3, 1, 4, 0)]
    return [Question(queries[n % 4], histories[n * 3 % 4], rows[n % 5]) for n in range(count)]


@pytest.mark.parametrize("count", [2, 3, 9])
def test_company_changes_no_bit_of_a_score(ranking: Bundle, pointing: Bundle, count: int) -> None:
    ranker = OnnxRanker(ranking, item_rows(ranking, PRODUCTS))
    scorer = OnnxPhraseScorer(pointing, phrase_rows(pointing, PHRASES))
    questions = company(count)
    together = ranker.score(questions)
    alone = [ranker.score([one]) for one in questions]
    for name in ("p_click", "p_conversion"):
        expected = np.concatenate([getattr(one, name) for one in alone])
        np.testing.assert_array_equal(getattr(together, name), expected)
    expected = np.concatenate([scorer.score([one]) for one in questions])
    np.testing.assert_array_equal(scorer.score(questions), expected)


def test_a_ranker_begins_with_what_was_gathered_of_rows_that_stayed(
    ranking: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = OnnxRanker(ranking, item_rows(ranking, PRODUCTS))
    same, dearer = rows_of(4, 5), rows_of(0, 2)
    for history in (EMPTY_HISTORY, HISTORY):
        old.score([Question("light", history, same), Question("light", history, dearer)])
    changed = [
        replace(one, price=Micros(90_000_000)) if one is PRODUCTS[2] else one for one in PRODUCTS
    ]
    new = OnnxRanker(ranking, item_rows(ranking, changed))
    fresh = OnnxRanker(ranking, item_rows(ranking, changed))
    new.begin_with(old)
    gathered, gather = [], OnnxRanker._gather

    def told(ranker: OnnxRanker, query: str, chosen: IntArray) -> Any:
        gathered.append(chosen.tolist())
        return gather(ranker, query, chosen)

    monkeypatch.setattr(OnnxRanker, "_gather", told)
    for history in (EMPTY_HISTORY, HISTORY):
        for rows in (same, dearer):
            found, expected = (
                one.score([Question("light", history, rows)]).p_click for one in (new, fresh)
            )
            np.testing.assert_array_equal(found, expected)
    # the new one gathers what changed only, the fresh one both
    assert sorted(gathered) == [[0, 2], [0, 2], [4, 5]]


def test_nothing_is_taken_over_from_rows_of_another_shape_or_model(
    ranking: Bundle, pointing: Bundle, points: Path
) -> None:
    question = Question("light", EMPTY_HISTORY, rows_of(0, 1))
    old, phrases = (
        OnnxRanker(ranking, item_rows(ranking, PRODUCTS)),
        phrase_rows(pointing, PHRASES),
    )
    old.score([question])
    new = OnnxRanker(ranking, item_rows(ranking, PRODUCTS[:3]))
    new.begin_with(old)
    assert len(new._candidates) == len(new._strangers) == 0
    before = OnnxPhraseScorer(pointing, phrases)
    before.score([question])
    for bundle, known in ((pointing, 1), (open_bundle(points), 0)):
        after = OnnxPhraseScorer(bundle, phrases)
        after.begin_with(before)
        assert len(after._strangers) == known
