from __future__ import annotations

import pytest

from service.decision.keywords import BROAD, EXACT, NO_MATCH, PHRASE, match_keywords
from service.decision.spelling import word_rows
from service.decision.terms import MatchType
from tests.unit.decision.shop import campaign, keyword, product, snapshot

TITLES = [product("1", "Red Running Shoes for Women"), product("2", "Blue Hat")]


def bonus(query: str, text: str, match: MatchType) -> float:
    shop = snapshot(TITLES, [campaign("one", keyword(text, match))])
    words = word_rows(query, shop)
    return float(match_keywords(words, shop).bonus[0])


@pytest.mark.parametrize(
    ("query", "text", "match", "expected"),
    [
        ("red shoes", "red shoes", MatchType.EXACT, EXACT),
        ("red shoe", "Red Shoes", MatchType.EXACT, EXACT),  # stemmed
        ("shoes red", "red shoes", MatchType.EXACT, NO_MATCH),
        ("big red shoes", "red shoes", MatchType.EXACT, NO_MATCH),
        ("big red shoes", "red shoes", MatchType.PHRASE, PHRASE),
        ("red running shoes", "red shoes", MatchType.PHRASE, NO_MATCH),
        ("shoes running red", "red shoes", MatchType.BROAD, BROAD),
        ("runing shoes", "running shoes", MatchType.BROAD, BROAD),  # a slip
        ("shoes", "red shoes", MatchType.BROAD, NO_MATCH),
        ("shoes for women", "women shoes", MatchType.BROAD, BROAD),
        ("the red shoes", "red shoes", MatchType.EXACT, EXACT),  # stop words do not count
        ("women shoes", "shoes for women", MatchType.EXACT, NO_MATCH),
        ("shoes women", "shoes for women", MatchType.EXACT, EXACT),
        ("trousers", "red shoes", MatchType.BROAD, NO_MATCH),
        ("gloves", "gloves", MatchType.BROAD, BROAD),  # in no title at all
    ],
)
def test_match_types(query: str, text: str, match: MatchType, expected: float) -> None:
    assert bonus(query, text, match) == expected


def test_the_closest_keyword_counts() -> None:
    listed = [keyword("red shoes", match) for match in MatchType]
    shop = snapshot(TITLES, [campaign("one", *listed), campaign("two", listed[2])])
    words = word_rows("red shoe", shop)
    assert match_keywords(words, shop).bonus.tolist() == [EXACT, BROAD]


@pytest.mark.parametrize(
    ("query", "match", "refused"),
    [
        ("red shoes", MatchType.EXACT, True),
        ("red shoes women", MatchType.EXACT, False),
        ("red shoes women", MatchType.PHRASE, True),
        ("red women shoes", MatchType.PHRASE, False),
        ("red women shoes", MatchType.BROAD, True),
        ("women shoes", MatchType.BROAD, False),
    ],
)
def test_negatives_match_likewise(query: str, match: MatchType, refused: bool) -> None:
    no = keyword("red shoes", match, negative=True)
    shop = snapshot(TITLES, [campaign("one", "shoes", no)])
    words = word_rows(query, shop)
    assert match_keywords(words, shop).refused.tolist() == [refused]
