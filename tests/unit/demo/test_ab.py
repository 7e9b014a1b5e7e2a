from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from service.demo.ab import BASE, DESIGNS, NOTICED, TEST, Views, chances, points_of
from service.demo.ab_histories import DAYS, past_clicks, planned_visits
from service.demo.ab_results import result_of
from service.demo.shopping import Aisles
from service.demo.traffic import SimulatedShoppers

_SEED = 1


@pytest.fixture(scope="module")
def people() -> SimulatedShoppers:
    return SimulatedShoppers(_SEED)


@pytest.fixture(scope="module")
def aisles() -> Aisles:
    return Aisles(_SEED)


def _part(text: str, point: str | None = None, *, loud: bool = False) -> dict[str, Any]:
    return {"text": text, "selling_point": point, "highlight": loud}


def test_a_point_in_several_parts_is_one() -> None:
    parts = [
        _part("Tent "),
        _part("sleeps", "sp_1", loud=True),
        _part(" up to "),
        _part("3", "sp_1", loud=True),
        _part(" "),
        _part("storm proof", "sp_2"),
    ]
    assert points_of(parts) == [("sleeps up to 3", True), ("storm proof", False)]


def test_a_point_that_does_not_stand_out_is_read_half_of_the_time(
    people: SimulatedShoppers,
) -> None:
    market = people.model.market
    visit = planned_visits(people, visits=1, seed=3)[0]
    product = market.products[int(np.flatnonzero(market.advertised)[0])]
    phrase = product.true_phrases[0]

    def ad(*, loud: bool) -> dict[str, Any]:
        title = {"parts": [_part(product.product.title), _part(phrase, "sp_1", loud=loud)]}
        return {"product_id": product.product.product_id, "slot": 0, "title": title}

    seen, plain, points = chances(people, visit, ad(loud=True))
    said, also_plain, _ = chances(people, visit, ad(loud=False))
    assert points == 1
    assert plain == also_plain
    shown = people.p_ad_click(visit.shopper, visit.query, product.product.product_id, [phrase], 0)
    assert seen == shown != plain
    assert said == pytest.approx(NOTICED * shown + (1 - NOTICED) * plain)


def test_visits_are_the_same_for_a_seed_and_everybody_agrees_to_be_known(
    people: SimulatedShoppers,
) -> None:
    visits = planned_visits(people, visits=300, seed=4)
    assert visits == planned_visits(people, visits=300, seed=4)
    assert all(visit.consents for visit in visits)
    assert len({visit.shopper for visit in visits}) > 100


def test_the_past_holds_what_shoppers_like(people: SimulatedShoppers, aisles: Aisles) -> None:
    now = 1_800_000_000.0
    events = list(past_clicks(people, aisles, "r", visits=400, seed=1, now=now))
    assert len({event["event_id"] for event in events}) == len(events) > 100
    times = [str(event["occurred_at"]) for event in events]
    assert times == sorted(times)
    assert times[0].startswith("2026-12-26")  # 20 days before 2027-01-15
    assert DAYS == 20
    places = {text: place for place, text in enumerate(people.model.market.phrases)}
    theta = [
        people.model.shoppers.theta[int(event["user"]["id"].rsplit("-", 1)[1])][
            places[event["feature_word"]]
        ]
        for event in events
    ]
    assert np.mean(theta) > 0.2  # over all words it is 0


def test_a_design_is_judged_by_clicks_and_by_the_truth() -> None:
    # 50 shoppers an arm, 20 views each; 1 click of 20 against 2; p .05 plain, .06 with points
    def views(clicks: int, p_click: float, points: int) -> Views:
        who = np.repeat(np.arange(50), 20).tolist()
        clicked = np.tile([True] * clicks + [False] * (20 - clicks), 50).tolist()
        return Views(who, [p_click] * 1000, [0.05] * 1000, [points] * 1000, clicked)

    found = result_of(DESIGNS[0], {BASE: views(1, 0.05, 0), TEST: views(2, 0.06, 2)})
    assert found["arms"]["base"] == {
        "views": 1000,
        "shoppers": 50,
        "clicks": 50,
        "click_rate": 0.05,
        "points_shown": 0.0,
    }
    assert found["lift"]["value"] == pytest.approx(1.0)
    assert found["p_by_views"] < 0.001
    assert found["true_lift"]["value"] == pytest.approx(0.2)
    assert found["true_lift"]["low"] == pytest.approx(0.2)  # no shopper differs


def test_an_arm_that_nobody_saw_is_not_judged() -> None:
    found = result_of(DESIGNS[0], {BASE: Views(), TEST: Views()})
    assert found["lift"] == {"value": None, "low": None, "high": None, "p": None}
    assert found["views_needed_for_true_lift"] is None
    assert found["arms"]["base"]["click_rate"] is None
