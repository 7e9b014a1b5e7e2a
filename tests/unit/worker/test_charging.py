from __future__ import annotations

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
