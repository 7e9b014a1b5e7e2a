from __future__ import annotations

from dataclasses import replace
from math import exp, log

import pytest

from service.decision.allowance import Allowance, Lease, Leases
from service.decision.terms import PPM, Award, AwardedAd, Micros, ScoredAd, Title

HALF_LIFE = 30 * log(2)


def award(campaign_id: str = "cmp_1", price: int = 200_000, rate: int = 50_000) -> AwardedAd:
    ad = ScoredAd(0, "ad_1", "100001", Micros(price), rate)
    title = Title("Lamp", "Lamp", ())
    return AwardedAd(Award(0, ad, Micros(price)), campaign_id, title, (), "plain")


def leases(
    granted: int, free: int = 0, *, tick: str = "a", epoch: int = 1, servers: int = 1
) -> Leases:
    return Leases(epoch, tick, 30.0, servers, {"cmp_1": Lease(granted, free)})


def in_flight(allowance: Allowance) -> dict[str, float]:
    return {name: flight.micros for name, flight in allowance.flights.items()}


def test_an_award_is_in_flight_as_likely_as_it_is_clicked() -> None:
    # 200,000 at 5 % are 10,000, twice; 300,000 at 1 % are 3,000
    allowance = Allowance()
    allowance.take([award(), award(), award("cmp_2", 300_000, 10_000)], now=5.0)
    assert in_flight(allowance) == {"cmp_1": 20_000, "cmp_2": 3_000}
    # what came within one renewal counts twenty times more, and one click on top
    assert allowance.wanted() == {
        "cmp_1": 20_000 * 21 + 200_000 + 1,
        "cmp_2": 3_000 * 21 + 300_000 + 1,
    }


def test_what_is_paid_for_when_shown_is_in_flight_whole() -> None:
    shown = award(price=3_000)
    shown = replace(shown, award=replace(shown.award, ad=replace(shown.award.ad, due_ppm=PPM)))
    allowance = Allowance()
    allowance.take([shown], now=0.0)
    assert in_flight(allowance) == {"cmp_1": 3_000}


def test_where_a_platform_has_a_limit_its_account_is_in_flight_beside_the_campaign() -> None:
    allowance, limited = Allowance(), frozenset({"cmp_1@web", "cmp_2@app"})
    allowance.take([award(), award("cmp_2")], 0.0, "web", limited)
    allowance.take([award()], 0.0, "app", limited)
    assert in_flight(allowance) == {"cmp_1": 20_000, "cmp_1@web": 10_000, "cmp_2": 10_000}
    # each has a lease of its own, and is stopped by it
    of = {"cmp_1": Lease(50_000, 0), "cmp_1@web": Lease(9_999, 0)}
    assert allowance.renewed(Leases(1, "a", 30.0, 1, of), now=0.0)
    assert allowance.short(away=False) == {"cmp_1@web"}


def test_what_is_in_flight_lands_while_the_ledger_moves() -> None:
    allowance = Allowance()
    allowance.take([award()], now=100.0)
    assert allowance.renewed(leases(50_000, tick="a"), now=100.0)
    assert allowance.wanted() == {"cmp_1": 10_000 + 200_000 + 1}  # nothing was awarded since
    assert allowance.renewed(leases(50_000, tick="b"), now=100.0 + HALF_LIFE)
    assert in_flight(allowance) == {"cmp_1": pytest.approx(5_000)}
    # the same tick: the ledger was not read again
    assert allowance.renewed(leases(50_000, tick="b"), now=100.0 + 9 * HALF_LIFE)
    assert in_flight(allowance) == {"cmp_1": pytest.approx(5_000)}
    assert allowance.renewed(leases(50_000, tick="c"), now=100.0 + 14 * HALF_LIFE)
    assert in_flight(allowance) == {}  # less than a micro


def test_after_a_pause_what_is_new_does_not_land_for_the_time_before_it() -> None:
    allowance = Allowance()
    allowance.take([award()], now=0.0)
    allowance.renewed(leases(50_000, tick="a"), now=0.0)
    allowance.renewed(leases(50_000, tick="b"), now=1_000.0)
    assert in_flight(allowance) == {}
    allowance.take([award()], now=5_000.0)
    allowance.renewed(leases(50_000, tick="c"), now=5_003.0)
    assert in_flight(allowance) == {"cmp_1": pytest.approx(10_000 * exp(-0.1))}


def test_a_campaign_with_more_in_flight_than_is_leased_is_short() -> None:
    allowance = Allowance()
    allowance.take([award(), award("cmp_unknown")], now=0.0)
    assert allowance.short(away=False) == frozenset()  # nothing was heard yet
    allowance.renewed(leases(10_001), now=0.0)
    assert allowance.short(away=False) == frozenset()
    allowance.renewed(leases(10_000), now=0.0)
    assert allowance.short(away=False) == {"cmp_1"}


def test_while_redis_is_away_a_server_takes_its_share_of_what_is_free() -> None:
    # 8,000 are leased and 9,000 free; of three servers each may take 3,000 more
    allowance = Allowance()
    allowance.take([award()], now=0.0)
    allowance.renewed(leases(8_000, 9_000, servers=3), now=0.0)
    assert allowance.short(away=False) == {"cmp_1"}
    assert allowance.short(away=True) == frozenset()
    allowance.take([award(price=20_000)], now=1.0)
    assert allowance.short(away=True) == {"cmp_1"}


def test_leases_of_an_epoch_that_is_over_are_refused() -> None:
    allowance = Allowance()
    allowance.take([award()], now=0.0)
    assert allowance.renewed(leases(10_000, tick="b", epoch=7), now=0.0)
    assert not allowance.renewed(leases(10**9, tick="a", epoch=6), now=60.0)
    assert allowance.short(away=False) == {"cmp_1"}
    assert in_flight(allowance) == {"cmp_1": 10_000}
    assert allowance.renewed(leases(10**9, tick="c", epoch=8), now=0.0)
    assert allowance.short(away=False) == frozenset()
