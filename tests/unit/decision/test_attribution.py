from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.attribution import (
    Amount,
    Credit,
    Purchase,
    Touch,
    TouchKind,
    credit,
    take_back,
)
from service.decision.terms import Micros

DAY = 86_400.0
CLICK = Touch("imp_1", "cmp_1", "adv_1", "ad_1", "lamp", TouchKind.CLICK, 100.0, 7 * DAY)
BOUGHT = Purchase("lamp", 1_000.0, frozenset({"adv_1"}))


def owed(*touches: Touch, purchase: Purchase = BOUGHT) -> str | None:
    found = credit(purchase, touches)
    # whatever order they are found in
    assert credit(purchase, touches[::-1]) == found
    return found and found.touch.impression_id


@pytest.mark.parametrize("days", [7, 14, 30])
def test_a_click_counts_to_the_last_second_of_its_window(days: int) -> None:
    click = replace(CLICK, window_seconds=days * DAY)
    for late, expected in ((0.0, "imp_1"), (days * DAY, "imp_1"), (days * DAY + 1, None)):
        assert owed(click, purchase=replace(BOUGHT, at=click.at + late)) == expected


def test_what_comes_after_the_order_or_has_no_window_does_not_count() -> None:
    assert owed(replace(CLICK, at=BOUGHT.at + 0.001)) is None
    # views have no window unless the campaign or the store gives them one
    assert owed(replace(CLICK, at=BOUGHT.at, window_seconds=0.0)) is None
    assert owed() is None


def test_the_last_touch_gets_the_credit() -> None:
    later = replace(CLICK, impression_id="imp_2", campaign_id="cmp_2", at=900.0)
    assert owed(CLICK, later) == "imp_2"
    assert owed(CLICK, replace(later, at=CLICK.at)) == "imp_2"  # one of the two, always the same


def test_a_click_goes_before_a_view_and_the_product_itself_before_others() -> None:
    view = replace(CLICK, impression_id="imp_2", kind=TouchKind.VIEW, at=900.0)
    assert owed(CLICK, view) == "imp_1"
    assert owed(view) == "imp_2"
    other = replace(CLICK, impression_id="imp_3", product_id="rug", at=950.0)
    assert owed(CLICK, other) == "imp_1"
    assert owed(other, view) == "imp_3"


def test_another_product_counts_if_its_advertiser_has_this_one_too() -> None:
    other = replace(CLICK, product_id="rug")
    assert credit(BOUGHT, [other]) == Credit(other, halo=True)
    assert credit(BOUGHT, [CLICK]) == Credit(CLICK, halo=False)
    assert owed(replace(other, advertiser_id="adv_2")) is None


def test_the_ad_that_the_shop_names_goes_before_the_last() -> None:
    later = replace(CLICK, impression_id="imp_2", at=900.0)
    assert owed(CLICK, later, purchase=replace(BOUGHT, named="imp_1")) == "imp_1"
    # outside its window it is like any other
    short = replace(CLICK, window_seconds=60.0)
    assert owed(short, later, purchase=replace(BOUGHT, named="imp_1")) == "imp_2"


@pytest.mark.parametrize(
    ("pricing", "price", "product", "pays"),
    [
        ("order", 900_000, "lamp", True),
        ("order", 900_000, "rug", False),  # it did not bid for this order
        ("order", 0, "lamp", False),
        ("click", 250_000, "lamp", False),
    ],
)
def test_an_order_costs_who_bid_for_it(pricing: str, price: int, product: str, pays: bool) -> None:
    touch = replace(CLICK, pricing=pricing, price=price, product_id=product)
    found = credit(BOUGHT, [touch])
    assert found is not None
    assert found.pays is pays


SOLD, NOTHING = Amount(Fraction(3), 30_000_000), Amount(Fraction(0), 0)


def test_a_third_of_the_pieces_takes_a_third_back() -> None:
    back = take_back(SOLD, NOTHING, Fraction(1), None, Micros(100))
    assert back == (Amount(Fraction(1), 10_000_000), 33)
    # 33 + 33 + 34: whole micros, and all of them in the end
    before = Amount(Fraction(2), 20_000_000)
    assert take_back(SOLD, before, Fraction(1), None, Micros(100)).refund == 34


def test_a_value_that_is_told_counts_more_than_pieces() -> None:
    back = take_back(SOLD, NOTHING, Fraction(3), 15_000_000, Micros(100))
    assert back == (Amount(Fraction(3), 15_000_000), 50)


def test_no_more_comes_back_than_was_sold() -> None:
    assert take_back(SOLD, NOTHING, Fraction(9), 10**12, Micros(100)) == (SOLD, 100)
    assert take_back(SOLD, SOLD, Fraction(1), 5, Micros(100)) == (NOTHING, 0)


def test_a_sale_without_value_comes_back_by_pieces() -> None:
    assert take_back(Amount(Fraction(4), 0), NOTHING, Fraction(1), 500, Micros(100)) == (
        Amount(Fraction(1), 0),
        25,
    )
    assert take_back(NOTHING, NOTHING, Fraction(1), None, Micros(100)) == (NOTHING, 0)


@given(
    st.integers(1, 20),
    st.integers(0, 10**9),
    st.integers(0, 10**6),
    st.lists(st.tuples(st.integers(1, 5), st.none() | st.integers(0, 10**9)), max_size=8),
)
def test_returns_add_up_to_their_share(
    quantity: int, value: int, price: int, told: list[tuple[int, int | None]]
) -> None:
    sold, before, refunded = Amount(Fraction(quantity), value), NOTHING, 0
    for pieces, worth in told:
        back = take_back(sold, before, Fraction(pieces), worth, Micros(price))
        assert back.amount.quantity >= 0
        assert min(back.amount.value, back.refund) >= 0
        before = Amount(before.quantity + back.amount.quantity, before.value + back.amount.value)
        refunded += back.refund
    assert before.quantity <= quantity
    assert before.value <= value
    share = Fraction(before.value, value) if value else before.quantity / quantity
    assert refunded == int(price * share)
