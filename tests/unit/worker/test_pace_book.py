from __future__ import annotations

from dataclasses import replace
from math import exp
from typing import TYPE_CHECKING

import pytest

from service.decision.expected_traffic import expected_week
from service.decision.flight import Flight
from service.decision.pace import UNPACED, Pace
from service.decision.terms import PPM
from service.store.paces import PacedCampaign, Sales, Shown
from service.worker.pace_book import PaceBook

if TYPE_CHECKING:
    from service.store.paces import PaceRow

DAY = 86_400.0
WEEKS = {"sto_1": expected_week({})}
ASKED = Shown("sto_1", None, 0.0, 0.0, 0.0)  # a request for which nothing was sold


def campaign(now: float, spent: int = 0, **more: object) -> PacedCampaign:
    """A daily budget of 10,000 on the first day of 1970, paced before at half its bid."""
    values = {
        "campaign_id": "cmp_1",
        "store_id": "sto_1",
        "bid": 20,
        "least_bid": 0.0,
        "by_click": True,
        "even": True,
        "target_roas_ppm": None,
        "flight": Flight(10_000, 10**9 - spent, spent, 0.0, DAY, None),
        "day": "1970-01-01",
        "now": now,
        "pace": Pace(PPM // 2),
        "was_paced": True,
        **more,
    }
    return PacedCampaign(**values)  # type: ignore[arg-type]


def look(
    book: PaceBook, one: PacedCampaign, *shown: Shown, sales: dict[str, Sales] | None = None
) -> PaceRow:
    return book.look([one], [ASKED, *shown], WEEKS, sales or {})[0]


def test_the_first_look_keeps_what_was_written() -> None:
    first = look(PaceBook(), campaign(1_000.0, spent=9_000))
    assert first == ("cmp_1", Pace(PPM // 2), PPM, 9_000)


def test_what_was_charged_is_held_against_the_day() -> None:
    # a tenth of the day is 1,000; 1,100 were charged: 50 * -100 / 10,000 = -0.5
    book = PaceBook()
    look(book, campaign(0.0))
    row = look(book, campaign(DAY / 10, spent=1_100))
    assert row.pace.bid_ppm == round(PPM / 2 * exp(-0.5))
    # nine tenths have 8,900, so the next is 988.9; 988 were charged
    row = look(book, campaign(DAY / 5, spent=2_088))
    assert row.pace.bid_ppm == pytest.approx(PPM / 2 * exp(-0.5 + 50 * 0.889 / 10_000), abs=1)


def test_open_ads_count_as_what_they_may_cost() -> None:
    # just shown, they are expected to cost 1,100
    book = PaceBook()
    look(book, campaign(0.0))
    ads = Shown("sto_1", "cmp_1", DAY / 10, 1_100.0, 55.0)
    assert look(book, campaign(DAY / 10), ads).pace.bid_ppm == round(PPM / 2 * exp(-0.5))
    # half of it was charged within ten minutes, and nearly no more is to come: target 73.3 - 22.5
    row = look(book, campaign(DAY / 10 + 600, spent=600))
    committed = 600 + 1_100 * (0.9 * exp(-20) + 0.1 * exp(-1)) - 1_100
    target = (10_000 - 1_100) * 600 / (0.9 * DAY)
    moved = min(1.0, 50 * (target - committed) / 10_000)
    assert row.pace.bid_ppm == pytest.approx(PPM / 2 * exp(-0.5 + moved), rel=1e-5)


def test_ads_that_are_not_paid_by_click_are_never_open() -> None:
    book = PaceBook()
    look(book, campaign(0.0, by_click=False))
    ads = Shown("sto_1", "cmp_1", DAY / 10, 99_999.0, 55.0)
    row = look(book, campaign(DAY / 10, spent=1_000, by_click=False), ads)
    assert row.pace.bid_ppm == PPM // 2


def test_where_nobody_asks_nothing_is_learnt() -> None:
    book = PaceBook()
    look(book, campaign(0.0))
    rows = book.look([campaign(DAY / 10)], [], WEEKS, {})
    assert rows[0].pace.bid_ppm == PPM // 2
    elsewhere = ASKED._replace(store_id="sto_2")
    assert book.look([campaign(DAY / 5)], [elsewhere], WEEKS, {})[0].pace == rows[0].pace


def test_a_new_day_goes_on_with_the_multiplier_of_the_evening() -> None:
    book = PaceBook()
    look(book, campaign(0.0))
    evening = look(book, campaign(DAY - 10, spent=9_000))
    tomorrow = Flight(10_000, 10**9, 0, DAY, 2 * DAY, None)
    morning = campaign(DAY + 1, flight=tomorrow, day="1970-01-02")
    assert look(book, morning).pace == evening.pace
    # and is held against the new day's budget from then on
    later = replace(morning, now=DAY + 1 + DAY / 10, flight=replace(tomorrow, spent=1_000))
    assert look(book, later).pace.bid_ppm == pytest.approx(evening.pace.bid_ppm, rel=1e-3)


def test_a_refund_is_room_again() -> None:
    book = PaceBook()
    look(book, campaign(0.0))
    look(book, campaign(DAY / 10, spent=1_000))
    row = look(book, campaign(DAY / 10 + 10, spent=900))
    assert row.pace.bid_ppm == pytest.approx(PPM / 2 * exp(50 * 101 / 10_000), rel=0.01)


def test_below_the_reserve_requests_are_left_out() -> None:
    row = look(PaceBook(), campaign(0.0, pace=Pace(PPM // 10), least_bid=0.4))
    assert row.pace == Pace(400_000, 250_000)


def test_hours_out_of_the_schedule_expect_nothing() -> None:
    # Thursday 0 to 12 is all of the day: a tenth of it is 4,320 s
    flight = Flight(10_000, 10**9, 0, 0.0, DAY, None, ((4_320, 5_040),), monday=-3 * DAY)
    book = PaceBook()
    look(book, campaign(0.0, flight=flight))
    row = look(book, campaign(4_320.0, flight=replace(flight, spent=1_000)))
    assert row.pace.bid_ppm == pytest.approx(PPM / 2, rel=0.02)  # to five minutes
    # a day out of the schedule leaves the pace alone
    shut = replace(flight, schedule=((0, 60),))
    other = PaceBook()
    look(other, campaign(0.0, flight=shut))
    assert look(other, campaign(DAY / 10, flight=shut)).pace == Pace(PPM // 2)


def test_without_a_budget_left_the_pace_stays() -> None:
    book = PaceBook()
    none = Flight(10_000, 0, 0, 0.0, DAY, None)
    look(book, campaign(0.0, flight=none))
    assert look(book, campaign(DAY / 10, flight=none)).pace == Pace(PPM // 2)


def test_as_soon_as_possible_only_the_return_counts() -> None:
    # a click costs 10 and brings 20, of which four times the cost was asked: (450 + 100) / 1,000
    book = PaceBook()
    ads = Shown("sto_1", "cmp_1", 0.0, 500.0, 50.0)
    one = campaign(0.0, even=False, target_roas_ppm=4 * PPM, pace=UNPACED)
    row = look(book, one, ads, sales={"cmp_1": Sales(900 * 20, 900)})
    assert row.roas_ppm == round(PPM * 0.55**0.1)
    assert row.pace == Pace(row.roas_ppm)
    # the budget has no say, and until sales are known the target has none either
    later = look(book, replace(one, now=10.0, flight=replace(one.flight, spent=9_999)))
    assert (later.pace, later.roas_ppm) == (row.pace, row.roas_ppm)


def test_prices_of_paced_bids_are_told_from_those_of_full_ones() -> None:
    # at half its bid a click costs 10, so 20 in full, and brings 40: half of the 80 asked
    book = PaceBook()
    ads = Shown("sto_1", "cmp_1", 0.0, 500.0, 50.0)
    one = campaign(0.0, even=False, target_roas_ppm=4 * PPM, roas_ppm=PPM // 2)
    row = look(book, one, ads, sales={"cmp_1": Sales(900 * 40, 900)})
    assert row.roas_ppm == pytest.approx(PPM * 0.5 * (0.55 / 0.5) ** 0.1, abs=1)


def test_a_target_that_was_taken_away_no_longer_holds() -> None:
    book = PaceBook()
    row = look(book, campaign(0.0, even=False, roas_ppm=PPM // 4, pace=UNPACED))
    assert (row.roas_ppm, row.pace) == (PPM, UNPACED)


def test_a_simulated_day_ends_within_two_hundredths_of_its_budget() -> None:
    # 8,640 looks; the full bid would spend 40,000, in proportion to the square of the multiplier
    book, spent, pace = PaceBook(), 0.0, UNPACED
    for number in range(8_640):
        now = number * 10.0
        one = campaign(now, spent=int(spent), pace=UNPACED, was_paced=False)
        pace = look(book, one).pace
        spent = min(10_000.0, spent + 40_000 / 8_640 * (pace.bid_ppm / PPM) ** 2)
    assert spent == pytest.approx(10_000, rel=0.02)
    assert pace.bid_ppm == pytest.approx(PPM / 2, rel=0.05)


def test_an_account_is_held_against_its_own_limit_with_its_own_ads() -> None:
    # a tenth of the day: the campaign's 10,000 expect 1,000, the web's 4,000 expect 400
    book = PaceBook()
    limit = Flight(4_000, 10**9, 0, 0.0, DAY, None)
    web = campaign(0.0, flight=limit, platform="web")
    assert [row.account for row in book.look([campaign(0.0), web], [], WEEKS, {})] == [
        "cmp_1",
        "cmp_1@web",
    ]
    # 400 more are to come of ads on the app: 1,000 spent or open of the campaign, 400 of the web
    ads = Shown("sto_1", "cmp_1", DAY / 10, 400.0, 20.0, "app")
    later = replace(web, now=DAY / 10, flight=replace(limit, spent=500))
    whole, there = book.look([campaign(DAY / 10, spent=600), later], [ASKED, ads], WEEKS, {})
    assert whole.pace.bid_ppm == PPM // 2
    # 100 too much of 4,000; half the bid of 20 is 10 a click: gain 40, so 40 * -100 / 4,000 = -1
    assert there.pace.bid_ppm == round(PPM / 2 * exp(-1))


def test_an_account_is_held_to_the_return_that_is_asked_of_its_campaign() -> None:
    book = PaceBook()
    whole = campaign(0.0, even=False, target_roas_ppm=4 * PPM, pace=UNPACED)
    web = campaign(0.0, platform="web", pace=UNPACED)
    ads = Shown("sto_1", "cmp_1", 0.0, 500.0, 50.0)
    rows = book.look([whole, web], [ASKED, ads], WEEKS, {"cmp_1": Sales(900 * 20, 900)})
    assert rows[0].roas_ppm == rows[1].roas_ppm == round(PPM * 0.55**0.1)
    assert rows[1].pace == rows[0].pace
    # where the campaign is not paced itself, its limit alone counts
    alone = PaceBook().look([replace(web, roas_ppm=PPM // 3)], [ASKED], WEEKS, {})
    assert alone[0].pace == UNPACED
