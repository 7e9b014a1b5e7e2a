"""Which arm a shopper is in, and what follows from it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace

import orjson

from service.decision.buckets import bucket_of
from service.decision.experiments import (
    Arm,
    Assignment,
    Experiment,
    assign,
    policy_of,
    read_experiments,
    unit_of,
)
from service.decision.policy import (
    STANDARD_POLICY,
    Highlight,
    PointSource,
    SellingPointPolicy,
)

PLAIN = SellingPointPolicy(PointSource.NONE)
LOUD = SellingPointPolicy(PointSource.COMMON, 3, Highlight.NONE)
TWO = Experiment(
    "exp_1",
    "Any at all?",
    "salt",
    (Arm("plain", ((0, 2000),), PLAIN), Arm("common", ((2000, 4000), (9000, 10_000)), LOUD)),
)


def test_each_arm_gets_the_share_that_its_buckets_are() -> None:
    units = [f"user:{number}" for number in range(20_000)]
    arms = Counter(one.arm for unit in units for one in assign([TWO], unit))
    # 20 % of 20,000 shoppers are 4,000, 30 % are 6,000; a standard deviation is 57 and 65
    assert abs(arms["plain"] - 4000) < 250
    assert abs(arms["common"] - 6000) < 250


def test_the_arm_is_that_of_the_shoppers_bucket() -> None:
    (one,) = assign([TWO], "user:ann")
    bucket = bucket_of("salt", "user:ann")
    arm, policy = ("plain", PLAIN) if bucket < 2000 else ("common", LOUD)
    assert one == Assignment("exp_1", "Any at all?", arm, bucket, policy)
    assert policy_of([one]) == policy


def test_who_is_in_no_arms_bucket_sees_what_everybody_sees() -> None:
    outside = next(
        unit
        for unit in map("user:{}".format, range(100))
        if 4000 <= bucket_of("salt", unit) < 9000
    )
    assert assign([TWO], outside) == ()
    assert policy_of(()) is STANDARD_POLICY


def test_nobody_is_not_assigned() -> None:
    assert assign([TWO], unit_of(None, None)) == ()


def test_the_shopper_goes_before_the_session_and_is_not_taken_for_one() -> None:
    assert unit_of("ann", "s-1") == unit_of("ann", "s-2") == "user:ann"
    assert unit_of(None, "ann") == "session:ann"


def test_experiments_come_back_from_plain_values() -> None:
    kept = orjson.loads(orjson.dumps([asdict(TWO)]))
    assert read_experiments(kept) == (TWO,)


def test_layers_of_later_versions_are_left_alone() -> None:
    later = asdict(replace(TWO, layer="reserve")) | {"arms": [{"name": "high", "reserve": 2}]}
    assert read_experiments([later, asdict(TWO)]) == (TWO,)


def test_the_weight_of_an_arm_is_how_many_buckets_it_holds() -> None:
    assert [arm.weight for arm in TWO.arms] == [2000, 3000]
