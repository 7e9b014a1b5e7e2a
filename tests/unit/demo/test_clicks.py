"""The click model, recomputed by hand from its equations."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from service.demo.clicks import ClickModel
from service.demo.market import NO_PHRASE, Market, make_market
from service.demo.shoppers import Shoppers, make_shoppers
from service.demo.traffic import SimulatedShoppers
from service.demo.worlds import BASE, WORLDS, World

SEED = 2


@pytest.fixture(scope="module")
def market() -> Market:
    return make_market(SEED)


@pytest.fixture(scope="module")
def shoppers() -> Shoppers:
    return make_shoppers(SEED)


def test_a_chip_is_clicked_by_place_taste_relevance_and_popularity(
    market: Market, shoppers: Shoppers
) -> None:
    query, phrase, shopper, position = 7, int(np.argmax(market.chip_weight[7])), 3, 4
    model = ClickModel(BASE, market, shoppers)
    found = model.chip(*(np.array([x]) for x in (shopper, query, phrase, position)))
    logit = (
        BASE.chip_base
        + BASE.chip_taste * shoppers.theta[shopper, phrase]
        + BASE.chip_relevance * (1.0 - 0.5)  # the heaviest phrase of the query: relevance 1
        + BASE.chip_popularity * market.popularity_z[phrase]
    )
    assert found[0] == pytest.approx(4.0**-BASE.chip_decay / (1.0 + math.exp(-logit)))


def test_an_ad_is_clicked_by_slot_relevance_title_points_and_price(
    market: Market, shoppers: Shoppers
) -> None:
    both = np.flatnonzero((market.title_phrases != NO_PHRASE).all(axis=1) & market.advertised)
    product, query, shopper, slot = int(both[0]), 0, 11, 2
    first, second = market.true_phrases[product, 2:4]
    found = ClickModel(BASE, market, shoppers).ad(
        np.array([shopper]),
        np.array([query]),
        np.array([product]),
        np.array([slot]),
        np.array([[first, second]]),
    )
    theta = shoppers.theta[shopper]
    a, b = theta[market.title_phrases[product]]
    wa, wb = math.exp(1.5 * a), math.exp(1.5 * b)
    worse, better = sorted((theta[first], theta[second]))
    logit = (
        BASE.ad_base
        + BASE.ad_relevance * 1.0  # query 0 asks for type 0 by name
        + BASE.ad_taste * (wa * a + wb * b) / (wa + wb)
        + BASE.point_taste * (better + BASE.point_second * worse)
        - BASE.point_cost * 2
        - BASE.ad_price * shoppers.thrift[shopper] * market.price_z[product]
        + BASE.quality_spread * market.quality[product]
    )
    assert found[0] == pytest.approx(2.0**-BASE.slot_decay / (1.0 + math.exp(-logit)))


def test_a_conversion_weighs_all_that_is_true_of_the_product(
    market: Market, shoppers: Shoppers
) -> None:
    product, shopper = 5, 20
    found = ClickModel(BASE, market, shoppers).conversion(
        np.array([shopper]), np.array([0]), np.array([product])
    )
    phrases = market.true_phrases[product]
    liking = shoppers.theta[shopper, phrases[phrases != NO_PHRASE]].mean()
    logit = (
        BASE.buy_base
        + BASE.buy_relevance * 1.0
        + BASE.buy_taste * liking
        - BASE.buy_price * shoppers.thrift[shopper] * market.price_z[product]
    )
    assert found[0] == pytest.approx(1.0 / (1.0 + math.exp(-logit)))


@pytest.mark.parametrize(
    ("world", "helps"), [(BASE, True), (WORLDS["null"], False)], ids=["base", "null"]
)
def test_selling_points_matter_but_for_the_null_world(
    world: World, helps: bool, market: Market, shoppers: Shoppers
) -> None:
    rows = np.arange(400)
    query, product, slot = np.zeros_like(rows), np.full_like(rows, 1), np.ones_like(rows)
    best = shoppers.theta[rows].argmax(axis=1)[:, None]
    model = ClickModel(world, market, shoppers)
    plain = model.ad(rows, query, product, slot, np.full_like(best, NO_PHRASE))
    told = model.ad(rows, query, product, slot, best)
    assert bool((told > plain).all()) == helps
    assert bool((told == plain).all()) != helps


def test_the_shifted_world_looks_less_far_down(market: Market, shoppers: Shoppers) -> None:
    shift = WORLDS["shift"]
    assert shift == replace(
        BASE, name="shift", chip_decay=shift.chip_decay, slot_decay=shift.slot_decay,
        point_taste=shift.point_taste,
    )  # fmt: skip
    assert shift.slot_decay > BASE.slot_decay
    assert shift.chip_decay > BASE.chip_decay
    assert 0 < shift.point_taste < BASE.point_taste
    one = np.array([0])
    slots = (np.array([1]), np.array([4]))
    none = np.array([[NO_PHRASE]])
    ratios = [
        float(ClickModel(w, market, shoppers).ad(one, one, one, slots[1], none)[0]
              / ClickModel(w, market, shoppers).ad(one, one, one, slots[0], none)[0])
        for w in (BASE, shift)
    ]  # fmt: skip
    assert ratios[1] < ratios[0]


def test_relevance_knows_type_category_and_named_phrase(market: Market) -> None:
    named = next(q for q, query in enumerate(market.queries) if query.kind == 0 and query.phrase)
    phrase = market.query_phrase[named]
    has = (market.true_phrases == phrase).any(axis=1)
    same = market.product_kind == 0
    with_it, without = np.flatnonzero(same & has)[0], np.flatnonzero(same & ~has)[0]
    neighbour = np.flatnonzero(~same & has & (market.product_category == 0))[0]
    stranger = np.flatnonzero(market.product_category == 5)[0]
    products = np.array([with_it, without, neighbour, stranger])
    found = market.relevance(np.full(4, named), products)
    assert found.tolist() == pytest.approx([1.0, 0.75, 0.4, 0.0])


def test_simulated_shoppers_answer_by_text() -> None:
    traffic = SimulatedShoppers(SEED)
    query = traffic.queries[0]
    plain = traffic.p_ad_click(3, query.upper(), "100001", (), 0)
    lower = traffic.p_ad_click(3, query, "100001", (), 3)
    assert 0 < lower < plain < 1
    assert plain == traffic.p_ad_click(3, query, "100001", (), 0)
    cost = traffic.p_ad_click(3, query, "100001", ("never heard of",), 0)
    assert cost <= plain
    assert 0 < traffic.p_chip_click(3, query, "Machine Washable", 1) < 1
    assert 0 < traffic.p_conversion(3, query, "100001") < 1


def test_simulated_shoppers_do_not_click_what_the_shop_does_not_know() -> None:
    traffic = SimulatedShoppers(SEED)
    query = traffic.queries[0]
    assert traffic.p_ad_click(3, "zzz", "100001", (), 0) == 0.0
    assert traffic.p_ad_click(3, query, "999", (), 0) == 0.0
    assert traffic.p_chip_click(3, query, "never heard of", 1) == 0.0
    assert traffic.p_conversion(3, query, "999") == 0.0
