from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from training.runs import new_encoder

if TYPE_CHECKING:
    from service.contract.relevance import Relevance

ITEMS = pl.DataFrame(
    {
        "product_uid": ["a", "b", "c", "d"],
        "title": ["Steel Sink", "Oak Sink", "Oak Table", "Steel Lamp"],
        "sp_candidates": [["steel"], ["oak"], ["oak", "Soft Close"], None],
        "price_z": [0.0] * 4,
    }
)
ADS = pl.DataFrame(
    {
        "query": ["sink", "sink", "sink", "oak table"],
        "product_uid": ["a", "a", "b", "c"],
        "click": [1, 0, 0, 1],
    }
)
WORDS = pl.DataFrame({"sf_keyword": ["oak", "oak", "steel", "soft close"]})


def learnt(ads: pl.DataFrame | None = ADS) -> Relevance:
    return new_encoder(ITEMS, (), ads=ads, words=WORDS).relevance


def count(relevance: Relevance, key: str, phrase: str) -> float:
    row = relevance.rows[key]
    held = slice(relevance.starts[row], relevance.starts[row + 1])
    found = dict(zip(relevance.codes[held].tolist(), relevance.counts[held].tolist(), strict=True))
    return float(found.get(relevance.code(phrase), 0.0))


def test_distinct_products_are_counted_by_key_and_attested_phrase() -> None:
    relevance = learnt()
    assert relevance.shown[relevance.rows["sink"]] == 2  # a stands there twice
    assert count(relevance, "sink", "steel") == 1
    assert count(relevance, "=sink", "oak") == 1
    assert count(relevance, "oak tabl", "soft close") == 1
    assert count(relevance, "sink", "soft close") == 0


def test_shares_are_those_of_the_catalogue_and_of_words_shown() -> None:
    encoder = new_encoder(ITEMS, (), ads=ADS, words=WORDS)
    relevance = encoder.relevance
    assert relevance.share[relevance.code("oak")] == pytest.approx(0.5)
    oak = encoder.phrase_table(["oak"])["content"][0, 0]
    assert relevance.said[oak] == pytest.approx(0.5)
    first = encoder.vocabulary.size
    assert relevance.said[first + relevance.code("oak")] == pytest.approx(0.5)
    assert relevance.said[first + relevance.code("soft close")] == pytest.approx(0.25)
    assert relevance.said[0] == relevance.said[first] == 0.0


def test_phrases_count_in_titles_as_often_as_those_are_shown() -> None:
    # of four ads shown two were the "Steel Sink", one "Oak Sink", one "Oak Table"
    items = ITEMS.with_columns(
        sp_candidates=pl.Series([["steel", "sink"], ["oak"], ["oak", "Soft Close"], None])
    )
    relevance = new_encoder(items, (), ads=ADS, words=WORDS).relevance
    code = relevance.code
    both = 2**-0.5  # "steel" and "sink", then "oak" and "sink" share a title
    assert relevance.told[code("steel")] == pytest.approx(2 / 4 * both)
    assert relevance.told[code("oak")] == pytest.approx(1 / 4 * both + 1 / 4)
    assert relevance.squares[code("oak")] == pytest.approx(1 / 4 / 2 + 1 / 4)
    assert relevance.told[code("soft close")] == relevance.told[0] == 0.0


def test_words_that_no_product_attests_are_known_by_their_ids_alone() -> None:
    words = pl.DataFrame({"sf_keyword": ["lamp", "oak"]})
    encoder = new_encoder(ITEMS, (), ads=ADS, words=words)
    relevance, first = encoder.relevance, encoder.vocabulary.size
    lamp = encoder.phrase_table(["lamp"])["content"][0, 0]
    assert relevance.said[lamp] == pytest.approx(0.5)
    assert relevance.said[first:].sum() == pytest.approx(0.5)


def test_who_clicked_changes_nothing() -> None:
    turned = ADS.with_columns(click=1 - pl.col("click"))
    assert learnt(turned).to_bytes() == learnt().to_bytes()


def test_a_catalogue_alone_tells_what_is_common() -> None:
    relevance = learnt(None)
    assert not relevance.rows
    assert relevance.share[relevance.code("steel")] == pytest.approx(0.25)
    assert relevance.told[relevance.code("steel")] == pytest.approx(2 / 4)
