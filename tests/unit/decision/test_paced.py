from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest

from service.decision.decide import Case, decide_together
from service.decision.pace import CLOSED, Pace
from service.decision.paced import NO_PACES, Paces, pace_found, paces_of
from service.decision.retrieve import retrieve
from service.decision.terms import PPM, Micros
from tests.unit.decision.shop import TOP, ads, ask, campaign, known, product, snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.decision.snapshot import Snapshot
    from service.decision.terms import AdQuery, Decision

COAT, HAT = product("1", "Acme Wool Coat"), product("2", "Acme Wool Hat")
QUICK, SLOW = campaign("quick", "wool"), campaign("slow", "wool")
# values: coat .100 x .10 = .0100, hat .200 x .04 = .0080
P_CLICK = {"1": 0.1, "2": 0.04}
SHOP = snapshot([COAT, HAT], [QUICK, SLOW], [*ads(QUICK, COAT), *ads(SLOW, HAT, bid=200_000)])


def decided(
    paces: Mapping[str, Pace], shop: Snapshot = SHOP, seed: int = 1, query: AdQuery | None = None
) -> Decision:
    case = Case(query or ask("wool"), 0.0, seed)
    scorers = known(shop, P_CLICK)
    return decide_together([case], shop, scorers, spent_out=frozenset(), paces=Paces(paces))[0]


def sold(decision: Decision) -> list[tuple[str, int, int]]:
    return [
        (one.award.ad.product_id, one.award.ad.bid, one.award.price) for one in decision.awards
    ]


def test_bids_and_prices_follow_the_pace() -> None:
    # the coat needs .0080 / .10 = 80,000 to stand before the hat, at half its bid 40,000
    assert sold(decided({})) == [("1", 100_000, 80_000), ("2", 200_000, 10_000)]
    halved = decided({"cmp_slow": Pace(PPM // 2)})
    assert sold(halved) == [("1", 100_000, 40_000), ("2", 100_000, 10_000)]


def test_a_paced_campaign_falls_behind() -> None:
    # the coat's .0050 is now less than the hat's .0080, which needs .0050 / .04 = 125,000
    behind = decided({"cmp_quick": Pace(PPM // 2)})
    assert sold(behind) == [("2", 200_000, 125_000), ("1", 50_000, 10_000)]


def test_a_bid_that_is_paced_under_the_reserve_stays_out() -> None:
    # else it would win at the reserve of 10,000 with a bid of 9,999
    low = decided({"cmp_quick": Pace(99_990)})
    assert sold(low) == [("2", 200_000, 10_000)]
    assert low.filtered == {"below_reserve": 1}
    assert sold(decided({"cmp_quick": Pace(100_000)}))[1] == ("1", 10_000, 10_000)


def test_of_one_products_ads_the_higher_paced_bid_stays() -> None:
    # both advertise the coat; the rival's 200,000 is paced to 60,000, so it sets that price
    rival = campaign("rival", "wool")
    shop = snapshot([COAT], [QUICK, rival], [*ads(QUICK, COAT), *ads(rival, COAT, bid=200_000)])
    paced = decided({"cmp_rival": Pace(300_000)}, shop)
    assert sold(paced) == [("1", 100_000, 60_000)]
    assert paced.awards[0].campaign_id == "cmp_quick"


def test_an_advertisers_own_second_campaign_gives_way_to_the_higher_paced_bid() -> None:
    other = campaign("other", "wool", advertiser_id=QUICK.advertiser_id)
    shop = snapshot([COAT], [QUICK, other], [*ads(QUICK, COAT), *ads(other, COAT, bid=200_000)])
    paced = decided({"cmp_other": Pace(300_000)}, shop)
    assert sold(paced) == [("1", 100_000, 10_000)]
    assert paced.filtered == {"duplicate_product": 1}


def test_campaigns_that_are_left_out_are_counted() -> None:
    paces = {"cmp_slow": Pace(PPM, PPM // 4)}
    answers = [decided(paces, seed=seed) for seed in range(400)]
    shown = Counter(len(one.awards) for one in answers)
    assert shown[2] == pytest.approx(100, abs=30)
    assert {tuple(one.filtered.items()) for one in answers} == {(), (("paced", 1),)}
    assert [decided(paces, seed=seed) for seed in range(400)] == answers


def test_a_campaign_outside_its_hours_takes_no_part() -> None:
    out = decided({"cmp_slow": CLOSED, "cmp_quick": Pace(PPM, PPM // 1000)}, seed=1)
    assert (out.no_fill_reason, dict(out.filtered)) == (
        "all_filtered",
        {"off_schedule": 1, "paced": 1},
    )
    alone = decided({"cmp_slow": CLOSED, "cmp_quick": CLOSED})
    assert alone.no_fill_reason == "off_schedule"


def test_a_decision_names_the_paces_that_it_met() -> None:
    scarf = campaign("scarf", "silk")
    shop = snapshot([COAT, HAT], [QUICK, SLOW, scarf], [*ads(QUICK, COAT), *ads(scarf, HAT)])
    paces = {
        "cmp_quick": Pace(PPM // 2),
        "cmp_slow": Pace(PPM // 2),  # has no ad
        "cmp_scarf": Pace(PPM // 3),  # is not asked for
        "cmp_gone": Pace(1, 1),  # is not in this snapshot
    }
    assert decided(paces, shop).paces == {"cmp_quick": (PPM // 2, PPM)}
    assert decided({}, shop).paces == {}
    out = decided({"cmp_quick": Pace(1)}, shop)
    assert (out.no_fill_reason, out.paces) == ("below_reserve", {"cmp_quick": (1, PPM)})


def test_what_is_not_paced_is_left_as_it_was_found() -> None:
    found = retrieve(ask("wool"), SHOP)
    full = pace_found(found, Paces({"cmp_slow": Pace()}), SHOP)
    assert full.found is found
    assert not full.paces
    assert not NO_PACES
    slow = Paces({"cmp_slow": Pace(5)})
    assert pace_found(found, slow, SHOP) is pace_found(found, slow, SHOP)
    assert pace_found(found, Paces(slow.of), SHOP) is not pace_found(found, slow, SHOP)


def test_nothing_is_found_at_any_pace() -> None:
    nothing = decided({"cmp_slow": Pace(5)}, query=ask("silk"))
    assert (nothing.no_fill_reason, nothing.paces) == ("no_keyword_match", {})


@pytest.mark.parametrize("seed", range(30))
def test_pacing_is_the_same_as_lower_bids(seed: int) -> None:
    # a shop whose ads bid by themselves what others are paced to decides alike
    chance = Random(seed)  # noqa: S311 - the same shops every run
    products = [product(str(one), f"Wool Thing {one}") for one in range(30)]
    campaigns = [
        campaign(str(one), "wool", advertiser_id=f"adv_{one % 3}", bid=Micros(10**6))
        for one in range(8)
    ]
    paces = {one.campaign_id: Pace(chance.randint(1, PPM)) for one in campaigns[:6]}
    listed = [
        replace(ad, bid=Micros(chance.randint(1, 10**6)))
        for one in campaigns
        for ad in ads(one, *chance.sample(products, 20))
    ]
    ppm = {one.campaign_id: paces.get(one.campaign_id, Pace()).bid_ppm for one in campaigns}
    lowered = [
        replace(ad, bid=Micros(max(1, int(ad.bid or 0) * ppm[ad.campaign_id] // PPM)))
        for ad in listed
    ]
    query = ask("wool", explain=True, placement=replace(TOP, reserve=Micros(50_000)))
    rated = {one.product_id: chance.uniform(0.001, 0.2) for one in products}
    paced, low = (
        decide_together(
            [Case(query, 0.0, seed)],
            shop,
            known(shop, rated),
            spent_out=frozenset({"cmp_7"}),
            paces=Paces(told),
        )[0]
        for shop, told in (
            (snapshot(products, campaigns, listed), paces),
            (snapshot(products, campaigns, lowered), {}),
        )
    )
    assert sold(paced) == sold(low)
    assert [one.award.ad.ad_id for one in paced.awards] == [
        one.award.ad.ad_id for one in low.awards
    ]
    assert paced.trace == low.trace
    assert paced.filtered == low.filtered
    assert all(price <= bid for _, bid, price in sold(paced))


def test_of_more_than_a_hundred_products_the_highest_paced_bids_are_candidates() -> None:
    # a hundred bid 100,000, and twenty more 200,000, paced to 50,000: these no longer stand
    products = [product(str(one), f"Wool Thing {one}") for one in range(120)]
    listed = [*ads(QUICK, *products[20:]), *ads(SLOW, *products[:20], bid=200_000)]
    shop = snapshot(products, [QUICK, SLOW], listed)
    query = ask("wool", explain=True)
    rated = dict.fromkeys([one.product_id for one in products], 0.1)

    def bids(told: dict[str, Pace]) -> set[int]:
        decisions = decide_together(
            [Case(query, 0.0, 1)],
            shop,
            known(shop, rated),
            spent_out=frozenset(),
            paces=Paces(told),
        )
        return {line.bid for line in decisions[0].trace}

    assert bids({}) == {100_000, 200_000}
    assert bids({"cmp_slow": Pace(PPM // 4)}) == {100_000}


def test_a_decision_names_the_campaigns_without_budget_that_it_met() -> None:
    scarf = campaign("scarf", "silk")
    shop = snapshot([COAT, HAT], [QUICK, SLOW, scarf], [*ads(QUICK, COAT), *ads(scarf, HAT)])
    over = frozenset({"cmp_quick", "cmp_slow", "cmp_scarf", "cmp_gone"})
    cases = [Case(ask(words), 0.0, 1) for words in ("wool", "silk", "linen")]
    decisions = decide_together(cases, shop, known(shop, P_CLICK), spent_out=over)
    assert [one.spent_out for one in decisions] == [("cmp_quick",), ("cmp_scarf",), ()]
    both = decide_together(
        cases[:1], SHOP, known(SHOP, P_CLICK), spent_out=frozenset({"cmp_slow"})
    )
    assert both[0].spent_out == ("cmp_slow",)
    assert sold(both[0]) == [("1", 100_000, 10_000)]
    assert decided({}).spent_out == ()


APP = replace(TOP, name="app_top", platform="app")
BOTH = snapshot(
    [COAT, HAT],
    [QUICK, SLOW],
    [*ads(QUICK, COAT), *ads(SLOW, HAT, bid=200_000)],
    placements=[TOP, APP],
)


def bids_on(platform: Mapping[str, Pace], placement: object) -> dict[str, int]:
    case = Case(ask("wool", placement=placement), 0.0, 1)
    paces = paces_of(platform)
    scorers = known(BOTH, P_CLICK)
    (one,) = decide_together([case], BOTH, scorers, spent_out=frozenset(), paces=paces)
    return {award.campaign_id: award.award.ad.bid for award in one.awards}


def test_an_account_is_paced_on_its_platform_alone() -> None:
    told = {"cmp_quick": Pace(PPM // 2), "cmp_quick@app": Pace(PPM // 5), "cmp_slow@app": Pace()}
    assert bids_on(told, TOP) == {"cmp_quick": 50_000, "cmp_slow": 200_000}
    assert bids_on(told, APP) == {"cmp_quick": 20_000, "cmp_slow": 200_000}


def test_an_account_in_full_bids_in_full_whatever_its_campaign_does_elsewhere() -> None:
    told = {"cmp_quick": Pace(PPM // 2), "cmp_quick@app": Pace()}
    assert bids_on(told, TOP)["cmp_quick"] == 50_000
    assert bids_on(told, APP)["cmp_quick"] == 100_000


def test_outside_its_hours_a_campaign_is_closed_on_every_platform() -> None:
    told = {"cmp_quick": CLOSED, "cmp_quick@app": Pace(PPM // 2)}
    assert bids_on(told, TOP) == bids_on(told, APP) == {"cmp_slow": 200_000}


def test_paces_say_the_same_where_all_platforms_do() -> None:
    told = {"cmp_1": Pace(5), "cmp_1@app": Pace(7)}
    assert paces_of(told).says_as(paces_of(dict(told)))
    for other in (
        {"cmp_1": Pace(5)},
        {**told, "cmp_1@app": Pace(8)},
        {**told, "cmp_2@web": CLOSED},
    ):
        assert not paces_of(told).says_as(paces_of(other))
    assert paces_of({"cmp_1": Pace(5)}).on("app").of == {"cmp_1": Pace(5)}
