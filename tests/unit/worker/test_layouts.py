from __future__ import annotations

from typing import Any

import polars as pl

from service.worker.layouts import CLICKS, EXPERIMENTS, FACETS, training_rows
from service.worker.raw_log import AWARDS, EVENTS, RawLog
from service.worker.visits import LATE_CLICK_SECONDS

DAY = 86_400.0


def award(impression_id: str, **changes: object) -> dict[str, object]:
    return {
        "request_id": "req_1",
        "shown": 1000.0,
        "user": "7",
        "query": "lamp",
        "mobile": 0,
        "impression_id": impression_id,
        "product_id": "100001",
        "slot": 0,
        "propensity": 0.5,
        "reason": "personal",
        "drawn": None,
        "sp_shown": ["oak"],
        "experiments": [],
    } | changes


def event(kind: str, **changes: object) -> dict[str, object]:
    happened = changes.get("happened", 1001.0)
    return {
        "type": kind,
        "action": None,
        "happened": happened,
        "known": happened,
        "user": "7",
        "session": "s1",
        "impression_id": None,
        "product_id": None,
        "query": "lamp",
        "feature_word": None,
        "position": None,
        "invalid": False,
        "owed": None,
    } | changes


def seen(impression_id: str, **changes: object) -> dict[str, object]:
    return event("impression", impression_id=impression_id, **changes)


def clicked(impression_id: str, **changes: object) -> dict[str, object]:
    return event("click", impression_id=impression_id, product_id="100001", **changes)


def chip(action: str, word: str, **changes: object) -> dict[str, object]:
    return event("feature_word", action=action, feature_word=word, **changes)


def log_of(awards: list[Any], events: list[Any]) -> RawLog:
    return RawLog(pl.DataFrame(awards, schema=AWARDS), pl.DataFrame(events, schema=EVENTS))


def clicks_of(awards: list[Any], events: list[Any]) -> pl.DataFrame:
    return training_rows(log_of(awards, events), products={"100001"}).clicks


def facets_of(events: list[Any]) -> pl.DataFrame:
    return training_rows(log_of([], events), products=set()).facets


def test_an_ad_shown_and_clicked_is_one_row_in_the_layout_of_the_log() -> None:
    rows = clicks_of([award("imp_1", mobile=1)], [seen("imp_1"), clicked("imp_1")])
    assert rows.schema == CLICKS
    assert rows.rows(named=True) == [
        {
            "request_id": 0,
            "ts": 1000,
            "user_id": 7,
            "query": "lamp",
            "product_uid": 100_001,
            "slot": 1,
            "propensity": 0.5,
            "sp_arm": "personal_1",
            "sp_shown": ["oak"],
            "click": 1,
            "conversion": 0,
            "mobile": 1,
        }
    ]


def test_the_arm_says_what_a_lot_drew_and_else_what_was_decided() -> None:
    rows = clicks_of([award("imp_1", reason="plain", sp_shown=[])], [seen("imp_1")])
    assert rows.select("sp_arm", "click").row(0) == ("plain", 0)
    drawn = award("imp_1", reason="plain", sp_shown=[], drawn="none", propensity=0.01)
    rows = clicks_of([drawn], [seen("imp_1")])
    assert rows.select("sp_arm", "propensity").row(0) == ("none", 0.01)


def in_arm(arm: str, bucket: int, experiment: str = "exp_1") -> dict[str, object]:
    return {"experiment_id": experiment, "arm": arm, "bucket": bucket}


def test_the_arms_of_each_request_that_was_seen_stand_beside_the_clicks() -> None:
    both = [in_arm("plain", 17), in_arm("high", 4711, "exp_2")]
    awards = [
        award("imp_1", experiments=both),
        award("imp_2", experiments=both, slot=1),
        award("imp_3", request_id="req_2", shown=2000.0),
        award("imp_4", request_id="req_3", shown=3000.0, user="8", experiments=both[:1]),
        award("imp_5", request_id="req_4", shown=4000.0, experiments=both),
    ]
    events = [seen(f"imp_{number}") for number in (1, 2, 3)] + [seen("imp_4", user="8")]
    found = training_rows(log_of(awards, events), products={"100001"})
    assert found.clicks["request_id"].to_list() == [0, 0, 1, 2]
    assert found.experiments.schema == EXPERIMENTS
    assert found.experiments.rows() == [
        (0, 1000, 7, "exp_1", "plain", 17),
        (0, 1000, 7, "exp_2", "high", 4711),
        (2, 3000, 8, "exp_1", "plain", 17),
    ]


def test_an_ad_that_nobody_saw_is_left_out() -> None:
    found = training_rows(log_of([award("imp_1")], []), products={"100001"})
    assert (found.clicks.height, found.left_out["not_seen"]) == (0, 1)


def test_a_click_proves_that_the_ad_was_seen() -> None:
    assert clicks_of([award("imp_1")], [clicked("imp_1")])["click"].to_list() == [1]


def test_an_invalid_click_takes_its_row_out() -> None:
    events = [seen("imp_1"), clicked("imp_1", invalid=True), seen("imp_2")]
    found = training_rows(
        log_of([award("imp_1"), award("imp_2", slot=1)], events), products={"100001"}
    )
    assert found.clicks["slot"].to_list() == [2]
    assert found.left_out["invalid"] == 1


def test_a_click_after_a_link_was_fetched_ahead_counts() -> None:
    events = [seen("imp_1"), clicked("imp_1", invalid=True), clicked("imp_1", happened=1002.0)]
    assert clicks_of([award("imp_1")], events)["click"].to_list() == [1]


def test_an_ad_that_only_a_robot_saw_is_left_out() -> None:
    found = training_rows(
        log_of([award("imp_1")], [seen("imp_1", invalid=True)]), products={"100001"}
    )
    assert (found.clicks.height, found.left_out["invalid"]) == (0, 1)


def test_a_product_that_is_gone_is_left_out() -> None:
    found = training_rows(
        log_of([award("imp_1", product_id="9")], [seen("imp_1")]), products={"1"}
    )
    assert (found.clicks.height, found.left_out["product_gone"]) == (0, 1)


def test_a_click_hours_after_its_page_is_left_out() -> None:
    late = clicked("imp_1", happened=1000.0 + LATE_CLICK_SECONDS + 1)
    found = training_rows(log_of([award("imp_1")], [seen("imp_1"), late]), products={"100001"})
    assert (found.clicks.height, found.left_out["late_click"]) == (0, 1)


def purchase(happened: float, **changes: object) -> dict[str, object]:
    return event("conversion", **{"product_id": "100001", "happened": happened} | changes)


def test_a_purchase_within_seven_days_belongs_to_the_last_click_on_that_product() -> None:
    awards = [award("imp_1"), award("imp_2", request_id="req_2", shown=5000.0)]
    events = [clicked("imp_1"), clicked("imp_2", happened=5001.0), purchase(5001.0 + 7 * DAY)]
    assert clicks_of(awards, events)["conversion"].to_list() == [0, 1]


def test_a_purchase_later_than_that_belongs_to_none() -> None:
    events = [clicked("imp_1"), purchase(1001.0 + 7 * DAY + 1)]
    assert clicks_of([award("imp_1")], events)["conversion"].to_list() == [0]


def test_a_purchase_before_the_click_belongs_to_none() -> None:
    assert clicks_of([award("imp_1")], [clicked("imp_1"), purchase(1000.5)])[
        "conversion"
    ].to_list() == [0]


def test_a_purchase_of_something_else_or_an_invalid_one_belongs_to_none() -> None:
    other = purchase(1500.0, product_id="2")
    fake = purchase(1500.0, invalid=True)
    assert clicks_of([award("imp_1")], [clicked("imp_1"), other, fake])[
        "conversion"
    ].to_list() == [0]


def test_a_purchase_that_names_its_impression_belongs_to_it() -> None:
    awards = [award("imp_1"), award("imp_2", request_id="req_2", shown=5000.0)]
    named = purchase(6000.0, impression_id="imp_1")
    events = [clicked("imp_1"), clicked("imp_2", happened=5001.0), named]
    assert clicks_of(awards, events)["conversion"].to_list() == [1, 0]


def test_a_purchase_belongs_to_the_click_that_it_was_attributed_to() -> None:
    awards = [award("imp_1"), award("imp_2", request_id="req_2", shown=5000.0)]
    # 30 days later, in a campaign with so long a window; the last click is another's
    late = purchase(1001.0 + 30 * DAY, impression_id="imp_2", owed="imp_1")
    events = [clicked("imp_1"), clicked("imp_2", happened=5001.0), late]
    assert clicks_of(awards, events)["conversion"].to_list() == [1, 0]


def test_feature_words_shown_are_rows_with_their_clicks() -> None:
    rows = facets_of(
        [
            chip("shown", "oak", position=1),
            chip("shown", "brass", position=2),
            chip("clicked", "brass", happened=1005.0),
            chip("clicked", "brass", happened=1006.0),
        ]
    )
    assert rows.schema == FACETS
    assert rows.rows() == [(0, 1001, 7, "lamp", "oak", 1, 0), (0, 1001, 7, "lamp", "brass", 2, 1)]


def test_a_click_belongs_to_the_last_time_the_word_was_shown() -> None:
    rows = facets_of(
        [
            chip("shown", "oak", position=1),
            chip("shown", "oak", position=1, happened=2000.0),
            chip("clicked", "oak", happened=2005.0),
        ]
    )
    assert rows.select("session_id", "ts", "click").rows() == [(0, 1001, 0), (1, 2000, 1)]


def test_a_click_on_a_word_never_reported_as_shown_is_a_row_by_itself() -> None:
    rows = facets_of([chip("clicked", "oak", position=3), chip("clicked", "elm")])
    assert sorted(rows.select("sf_keyword", "position", "click").rows()) == [
        ("elm", 1, 1),
        ("oak", 3, 1),
    ]


def test_another_session_or_query_does_not_claim_a_click() -> None:
    rows = facets_of(
        [
            chip("shown", "oak"),
            chip("clicked", "oak", session="s2"),
            chip("clicked", "oak", query="x"),
        ]
    )
    assert sorted(rows["click"].to_list()) == [0, 1, 1]


def test_rows_of_one_page_share_a_time_across_both_tables() -> None:
    # the chips are shown at 1000.0, the ads decided at 1000.2; the chip is clicked at 1005
    found = training_rows(
        log_of(
            [award("imp_1", shown=1000.2)],
            [
                chip("shown", "oak", happened=1000.0),
                chip("clicked", "oak", happened=1005.0),
                seen("imp_1"),
            ],
        ),
        products={"100001"},
    )
    assert found.facets["ts"].to_list() == found.clicks["ts"].to_list() == [1000]


def test_an_empty_log_gives_empty_tables_in_the_layout() -> None:
    found = training_rows(log_of([], []), products=set())
    assert found.facets.schema == FACETS
    assert (found.clicks.schema, found.experiments.schema) == (CLICKS, EXPERIMENTS)
    assert found.clicks.height == found.facets.height == 0
