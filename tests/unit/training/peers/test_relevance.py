from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from training.peers.relevance import said_lift, shown_relevance, title_counts
from training.peers.shop import AdRows, FacetRows, Shop

# products 0: words a, b; 1: word a; 2: word c; all under query 0
_HELD = sparse.csr_matrix(np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1]], np.float32))


def _shop() -> Shop:
    ads = AdRows(
        np.zeros(4, int),
        np.array([10.0, 20.0, 20.0, 30.0]),
        np.array([0, 0, 0, 0]),
        np.array([0, 0, 1, 2]),
        np.ones(4, np.int32),
        np.array([1, 0, 0, 1], np.float32),
        sparse.csr_matrix(np.array([[1, 0, 0], [0, 0, 0], [1, 0, 0], [0, 0, 1]], np.float32)),
    )
    facets = FacetRows(
        np.zeros(5, int),
        np.array([10.0, 25.0, 25.0, 31.0, 31.0]),
        np.array([0, 1, 1, 2, 2]),
        np.array([0, 0, 0, 0, 1]),
        np.array([0, 0, 1, 2, 0]),
        np.ones(5, np.int32),
        np.zeros(5, np.float32),
    )
    return Shop(facets, ads, _HELD, np.arange(5), np.arange(3))


def test_relevance_counts_distinct_products_shown_strictly_before() -> None:
    facets = _shop().facets
    pages = np.array([0, 1, 1, 2, 3])  # the last row asks another query
    shop = Shop(
        FacetRows(
            facets.shoppers,
            facets.ts,
            pages,
            facets.queries,
            facets.words,
            facets.places,
            facets.clicks,
        ),
        _shop().ads,
        _HELD,
        np.arange(5),
        np.arange(3),
    )
    share, best = shown_relevance(shop)
    # 10 s: nothing before it; 25 s: products 0 and 1, both hold a, one holds b; 31 s: all three
    assert share == pytest.approx([0, 1, 1 / 2, 1 / 3, 0])
    assert best == pytest.approx([0, 1, 1 / 2, 1 / 2, 0])


def test_popularity_counts_products() -> None:
    # a stands on two products, b and c on one
    expected = np.log1p([2, 2, 1, 1, 2])
    assert title_counts(_shop()) == pytest.approx(expected)


def test_a_said_word_is_lifted_by_clicks_above_what_was_expected() -> None:
    # of the first three ads, two said a: one click, .3 + .2 expected; c was said later only
    lift = said_lift(_shop(), np.array([0.3, 0.1, 0.2, 0.4]))
    a = np.log(21 / 20.5)
    assert lift == pytest.approx([a, a, 0, 0, a])
