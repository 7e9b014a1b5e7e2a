from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from service.decision.accounts import account_of, stopped_on
from service.decision.decide import Case, decide_together
from tests.unit.decision.shop import TOP, ask, campaign, known, product, snapshot

if TYPE_CHECKING:
    from service.decision.terms import Decision

APP = replace(TOP, name="app_top", platform="app")
SHOP = snapshot(
    [product("1", "Wool coat")],
    [campaign("a", "wool"), campaign("b", "wool")],
    placements=[TOP, APP],
)


def decided(*spent_out: str) -> list[Decision]:
    """What the web and the app show, decided together."""
    cases = [Case(ask("wool", placement=at), 0.0, 1) for at in (TOP, APP)]
    scorers = known(SHOP, {"1": 0.1})
    return decide_together(cases, SHOP, scorers, spent_out=frozenset(spent_out))


def sold(decision: Decision) -> list[str]:
    return [one.campaign_id for one in decision.awards]


def test_an_account_that_is_used_up_stops_its_campaign_on_that_platform_only() -> None:
    web, app = decided(account_of("cmp_a", "web"))
    assert sold(web) == ["cmp_b"]
    assert web.filtered == {"spent_out": 1}
    assert web.spent_out == ("cmp_a",)
    assert len(sold(app)) == 1  # of one product the higher bid stays, or either of two alike
    assert "spent_out" not in app.filtered
    assert app.spent_out == ()


def test_a_campaign_that_is_used_up_stops_everywhere() -> None:
    web, app = decided("cmp_a", "cmp_b@app", "cmp_gone@web")
    assert (sold(web), sold(app)) == (["cmp_b"], [])
    assert app.no_fill_reason == "spent_out"
    assert app.spent_out == ("cmp_a", "cmp_b")


def test_the_record_of_a_stopped_platform_decides_the_same_again() -> None:
    web, _ = decided("cmp_a@web", "cmp_b@app")
    again, _ = decided(*web.spent_out)
    assert (again.awards, again.filtered) == (web.awards, web.filtered)


def test_names_of_platforms_may_hold_what_divides_them() -> None:
    assert stopped_on("a@b", {"cmp_1@a@b", "cmp_2@a", "cmp_3"}, SHOP) == {"cmp_1", "cmp_3"}
    assert stopped_on("web", frozenset(), SHOP) == frozenset()


def test_without_accounts_all_platforms_share_one_set() -> None:
    shop, names = (
        snapshot([product("1", "Wool coat")], [campaign("a", "wool")]),
        frozenset({"cmp_a"}),
    )
    assert stopped_on("web", names, shop) is stopped_on("app", names, shop) is names
