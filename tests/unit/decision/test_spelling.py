from __future__ import annotations

import pytest

from service.decision.spelling import UNKNOWN, word_row
from tests.unit.decision.shop import product, snapshot

SHOP = snapshot(
    [
        product("1", "Hammer Drill Refrigerator"),
        product("2", "Hummer Hammer 5 mm"),
        product("3", "Mug Hammock"),
    ],
    [],
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hammer", "hammer"),
        ("hamer", "hammer"),  # one too few
        ("hammmer", "hammer"),
        ("hamemr", "hammer"),  # swapped
        ("hommer", "hammer"),  # as near to "hummer", but two products carry "hammer"
        ("refrrigr", "refriger"),  # two slips from eight letters
        ("refrigre", "refriger"),
    ],
)
def test_a_word_is_understood_with_a_slip(typed: str, meant: str) -> None:
    assert SHOP.words.texts[word_row(typed, SHOP)] == meant
    assert SHOP.words.texts[word_row(typed, SHOP)] == meant  # remembered


@pytest.mark.parametrize("typed", ["mgu", "jammer", "5mn", "hmmxr", "xylophone", "zzzz"])
def test_a_word_too_far_away_is_unknown(typed: str) -> None:
    assert word_row(typed, SHOP) == UNKNOWN
