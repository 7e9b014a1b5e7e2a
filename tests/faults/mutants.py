"""Every deliberate defect: the row of faults it belongs to, what it is, and the test that sees it.

`make test-faults` counts how many of these tests caught their defect, and fails where a row of
`ROWS` has none.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Mutant(NamedTuple):
    """A defect that a test is shown to catch; the row is that of docs/faults.md."""

    row: int
    defect: str
    file: str  # below tests/faults
    test: str


ROWS: Final = (*range(1, 15), 16, 21, 22, 23)
"""Those that are kept here. 15, two versions, has its own; 17 to 20 and 24 have no defect."""

MUTANTS: Final = (
    Mutant(
        1,
        "a serving process that was killed is not started again",
        "test_servers_killed.py",
        "test_mutant_that_restarts_nobody_is_caught",
    ),
    Mutant(
        2,
        "entries are acknowledged before they are stored",
        "test_consumer_killed.py",
        "test_mutant_acknowledged_before_it_is_stored_is_caught",
    ),
    Mutant(
        2,
        "every delivery of an event looks like a new one",
        "test_consumer_killed.py",
        "test_mutant_without_a_deduplication_key_is_caught",
    ),
    Mutant(
        3,
        "what was kept on the disk is not sent when Redis is back",
        "test_redis_killed.py",
        "test_mutant_that_drops_what_was_spooled_is_caught",
    ),
    Mutant(
        4,
        "the breaker never opens",
        "test_redis_hangs.py",
        "test_mutant_whose_breaker_never_opens_is_caught",
    ),
    Mutant(
        5,
        "a segment goes when it is sent, not when it is recorded",
        "test_power_loss.py",
        "test_mutant_that_releases_what_is_only_sent_is_caught",
    ),
    Mutant(
        6,
        "a Redis that was emptied is taken for the one of before",
        "test_redis_emptied.py",
        "test_mutant_that_does_not_look_which_redis_it_is_is_caught",
    ),
    Mutant(
        7,
        "nothing is acknowledged before profiles are written",
        "test_redis_full.py",
        "test_mutant_that_writes_profiles_before_it_makes_room_is_caught",
    ),
    Mutant(
        8,
        "what an outage kept from being stored is acknowledged",
        "test_postgres_down.py",
        "test_mutant_that_acknowledges_what_it_could_not_store_is_caught",
    ),
    Mutant(
        9,
        "a request for ads asks Postgres",
        "test_postgres_strained.py",
        "test_mutant_that_asks_postgres_for_an_ad_is_caught",
    ),
    Mutant(
        10,
        "the worker waits for a campaign that somebody holds",
        "test_locked_campaign.py",
        "test_mutant_that_waits_for_the_lock_is_caught",
    ),
    Mutant(
        11,
        "a profile is waited for without a deadline",
        "test_network.py",
        "test_mutant_without_a_deadline_is_caught",
    ),
    Mutant(
        12,
        "the day turns by the worker's own clock",
        "test_clocks.py",
        "test_mutant_that_takes_the_day_from_its_own_clock_is_caught",
    ),
    Mutant(
        13,
        "poison is taken for an outage",
        "test_poison_event.py",
        "test_mutant_that_takes_poison_for_an_outage_is_caught",
    ),
    Mutant(
        14,
        "golden rows are not replayed",
        "test_bundles_broken.py",
        "test_mutant_that_skips_the_golden_rows_is_caught",
    ),
    Mutant(
        15,
        "tokens have another form",
        "test_two_versions.py",
        "test_mutant_with_another_token_is_caught",
    ),
    Mutant(
        15,
        "a field of events has another name",
        "test_two_versions.py",
        "test_mutant_with_another_name_in_its_events_is_caught",
    ),
    Mutant(
        16,
        "a slow model is asked again and again",
        "test_slow_model.py",
        "test_mutant_that_asks_a_slow_model_again_is_caught",
    ),
    Mutant(
        21,
        "a full disk is the shopper's problem",
        "test_disk_full.py",
        "test_mutant_that_lets_the_disk_stop_a_redirect_is_caught",
    ),
    Mutant(
        22,
        "a server leaves without saying that it goes",
        "test_rolling_restart.py",
        "test_mutant_that_leaves_without_a_word_is_caught",
    ),
    Mutant(
        23,
        "a server waits for Redis before it serves",
        "test_started_alone.py",
        "test_mutant_that_waits_for_its_stores_is_caught",
    ),
    Mutant(
        0,
        "spent-out campaigns are never read",
        "test_budget_stop.py",
        "test_mutant_that_never_reads_the_budgets_is_caught",
    ),
    Mutant(
        0,
        "entries are acknowledged before they are stored, in chaos",
        "test_chaos.py",
        "test_mutant_that_acknowledges_first_loses_keys_in_chaos",
    ),
    Mutant(
        0,
        "every delivery of an event looks like a new one, in chaos",
        "test_chaos.py",
        "test_mutant_that_forgets_keys_counts_twice_in_chaos",
    ),
    Mutant(
        0,
        "clicks are charged without lock and key",
        "test_click_races.py",
        "test_mutant_without_lock_and_key_is_caught",
    ),
    Mutant(
        0,
        "a platform's limit is not looked at",
        "test_platform_limits.py",
        "test_mutant_that_looks_at_no_platforms_limit_is_caught",
    ),
    Mutant(
        0,
        "a plan is applied while its campaign is charged",
        "test_allocation_races.py",
        "test_mutant_that_applies_a_plan_without_a_lock_is_caught",
    ),
    Mutant(
        0,
        "a day is planned anew while its campaign is charged",
        "test_replanning_race.py",
        "test_mutant_that_plans_without_a_lock_is_caught",
    ),
    Mutant(
        0,
        "a plan of before the lock is kept",
        "test_replanning_race.py",
        "test_mutant_that_keeps_the_plan_of_before_the_lock_is_caught",
    ),
    Mutant(
        0,
        "what is in flight does not count",
        "test_promises.py",
        "test_mutant_that_counts_nothing_in_flight_is_caught",
    ),
    Mutant(
        0,
        "the redirect waits for the disk",
        "test_redirects_alone.py",
        "test_mutant_that_waits_for_the_disk_in_the_loop_is_caught",
    ),
)
"""Row 0: promises about money that no single fault stands for."""
