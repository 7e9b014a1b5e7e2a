"""A recorded decision, decided again from its own inputs, and compared."""

from __future__ import annotations

from dataclasses import replace
from math import isclose
from typing import TYPE_CHECKING, Any

import orjson

from service.decision.decide import Case, decide_together
from service.decision.experiments import read_policy
from service.decision.pace import Pace
from service.decision.paced import Paces
from service.decision.policy import STANDARD_POLICY
from service.decision.scorers import Scorers
from service.decision.terms import AdQuery
from service.errors import UnknownPlacementError
from service.store.profiles import shopper_of
from service.worker.refresh import snapshots_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from service.decision.snapshot import Snapshot
    from service.decision.terms import AwardedAd, Decision

Record = dict[str, Any]
"""The payload of a decision, as it was recorded."""

_COMPARED = ("slot", "ad_id", "campaign_id", "product_id", "price", "bid", "quality_ppm", "reason")
_TOLERANCE = 1e-6  # of scores; everything else is compared exactly


def snapshot_of(record: Record, *, state: Path) -> Path:
    """Where the snapshot lies that the decision was made from, if it was kept."""
    return snapshots_folder(state) / str(record["store_id"]) / str(record["snapshot"])


def replay(record: Record, snapshot: Snapshot, scorers: Scorers) -> Decision:
    """Decide again with the recorded time, seed, shopper, budgets, paces and bans.

    Raises: UnknownPlacementError if `snapshot` is not the one that the record names.
    """
    asked = record["request"]
    muted = frozenset(asked.get("muted", ()))  # older records have none
    paces = {campaign: Pace(*pace) for campaign, pace in asked.get("paces", {}).items()}
    decisions = decide_together(
        [Case(_query(record, snapshot), record["ts"], record["seed"])],
        replace(snapshot, muted=muted) if muted else snapshot,
        scorers if record["models"] else Scorers(),
        spent_out=frozenset(asked["spent_out"]),
        paces=Paces(paces),
    )
    return decisions[0]


def _query(record: Record, snapshot: Snapshot) -> AdQuery:
    asked = record["request"]
    placement = snapshot.placements.get(asked["placement"])
    if placement is None:
        raise UnknownPlacementError(asked["placement"])
    profile = asked["profile"]
    raw = profile and orjson.dumps(profile)
    return AdQuery(
        query=asked["query"],
        category=asked["category"],
        placement=placement,
        slots=asked["slots"],
        shopper=shopper_of(asked["user_id"], raw, record["ts"]),
        excluded_products=frozenset(asked["excluded"]),
        organic_products=frozenset(asked["organic"]),
        explored_share=asked.get("explored_share", 0.0),
        policy=read_policy(asked["policy"]) if "policy" in asked else STANDARD_POLICY,
    )


def differences(record: Record, decision: Decision) -> list[str]:
    """What the decision says otherwise than the record; nothing if they agree."""
    recorded, decided = record["awards"], decision.awards
    if len(recorded) != len(decided):
        return [f"{len(recorded)} awards were recorded, {len(decided)} came of the replay"]
    found: list[str] = []
    for was, now in zip(recorded, decided, strict=True):
        found += _award_differences(was, now)
    return found


def _award_differences(was: Mapping[str, Any], awarded: AwardedAd) -> list[str]:
    ad = awarded.award.ad
    values = (
        awarded.award.slot,
        ad.ad_id,
        awarded.campaign_id,
        ad.product_id,
        awarded.award.price,
        ad.bid,
        ad.quality_ppm,
        awarded.reason,
    )
    found = [
        f"slot {was['slot']}: {name} was {was[name]!r}, is {value!r}"
        for name, value in zip(_COMPARED, values, strict=True)
        if was[name] != value
    ]
    points = [(one["text"], one["score"], one["propensity"]) for one in was["chosen"]]
    chosen = [(one.point.text, one.score, one.propensity) for one in awarded.chosen]
    if not _alike(points, chosen):
        found.append(f"slot {was['slot']}: chosen was {points}, is {chosen}")
    return found


def _alike(was: list[tuple[str, float, float]], now: list[tuple[str, float, float]]) -> bool:
    return len(was) == len(now) and all(
        left[0] == right[0]
        and isclose(left[1], right[1], abs_tol=_TOLERANCE)
        and isclose(left[2], right[2], abs_tol=_TOLERANCE)
        for left, right in zip(was, now, strict=True)
    )
