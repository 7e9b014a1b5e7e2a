from __future__ import annotations

from typing import Any

from service.decision.terms import Micros
from service.store.ledger import Due
from service.worker.charging import dues_of
from tests.unit.store.made import click


def test_only_a_valid_click_with_a_price_and_a_campaign_costs_something() -> None:
    free = [
        click(1, type="view"),
        click(2, invalid_reason="bot"),
        click(3, price=None),
        click(4, price=Micros(-1)),
        click(5, price=Micros(0)),
        click(6, impression_id=None),
        click(7, campaign_id=None),  # type: ignore[arg-type] # told so
    ]
    assert dues_of([*free, click(8, 300)]) == [
        Due("click", "imp_8", "sto_1", "cmp_1", 300, 1_790_000_000.25)
    ]


def test_an_impression_costs_what_its_token_said_and_a_click_on_it_nothing() -> None:
    sold: dict[str, Any] = {"price": Micros(0), "payload": {"pricing": "impression", "price": 40}}
    events = [click(1, type="impression", **sold), click(1, **sold), click(1, type="view", **sold)]
    assert dues_of(events) == [Due("impression", "imp_1", "sto_1", "cmp_1", 40, 1_790_000_000.25)]
    assert dues_of([click(2, type="impression", invalid_reason="bot", **sold)]) == []
    # an impression of an ad that is paid by click has the click's price
    assert dues_of([click(3, type="impression", price=Micros(300))]) == []


def test_orders_are_paid_for_elsewhere_and_what_is_not_known_nowhere() -> None:
    for pricing in ("order", "minute"):
        sold: dict[str, Any] = {
            "price": Micros(0),
            "payload": {"pricing": pricing, "price": 900_000},
        }
        assert dues_of([click(1, **sold), click(1, type="impression", **sold)]) == []
    broken: dict[str, Any] = {"payload": {"pricing": "impression", "price": "40"}}
    assert dues_of([click(1, type="impression", **broken)]) == []


def test_a_due_names_the_platform_that_its_token_said() -> None:
    told = [click(1, payload={"platform": "web"}), click(2), click(3, payload={"platform": 7})]
    assert [due.platform for due in dues_of(told)] == ["web", None, None]
    sold: dict[str, Any] = {"pricing": "impression", "price": 40, "platform": "app"}
    (due,) = dues_of([click(4, type="impression", payload=sold)])
    assert (due.price, due.platform) == (40, "app")
