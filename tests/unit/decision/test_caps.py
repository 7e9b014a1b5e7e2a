"""What a shopper has seen often enough, or bought just now, stays out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from service.decision.eligible import pick_candidates
from service.decision.retrieve import retrieve
from tests.unit.decision.shop import ask, campaign, product, snapshot

if TYPE_CHECKING:
    from service.decision.terms import Shopper

SOCKS = [product("1", "Wool Socks"), product("2", "Wool Socks")]
DAILY = (3, 86_400)
SHOP = snapshot(
    SOCKS, [campaign("open", "socks"), campaign("capped", "socks", cap=DAILY, bid=200_000)]
)


def left(**known: object) -> tuple[list[str], dict[str, int]]:
    query = ask("socks")
    shopper: Shopper = replace(query.shopper, **known)  # type: ignore[arg-type]
    query = replace(query, shopper=shopper)
    picked = pick_candidates(retrieve(query, SHOP), query, SHOP, now=1.0, spent_out=frozenset())
    return sorted(SHOP.ads.ids[row] for row in picked.rows), dict(picked.filtered)


EVERY = ["ad_capped_1", "ad_capped_2", "ad_open_1", "ad_open_2"]


def test_a_campaign_whose_cap_is_reached_stays_out_for_this_shopper() -> None:
    reached = left(capped={"cmp_capped": DAILY, "cmp_gone": DAILY})
    assert reached == (["ad_open_1", "ad_open_2"], {"capped": 2})
    assert left() == (EVERY, {})


@pytest.mark.parametrize("then", [(2, 86_400), (3, 3_600)])
def test_a_cap_that_was_changed_since_is_counted_anew(then: tuple[int, int]) -> None:
    assert left(capped={"cmp_capped": then}) == (EVERY, {})
    assert left(capped={"cmp_open": then}) == (EVERY, {})  # it has no cap any more


def test_what_was_bought_just_now_is_not_advertised_by_anyone() -> None:
    bought = left(bought=frozenset({"2", "gone"}))
    assert bought == (["ad_capped_1", "ad_open_1"], {"just_bought": 2})
