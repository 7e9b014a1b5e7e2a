"""What an experiment may become: arms, weights, status."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import func

from service.decision.buckets import BUCKETS, allot
from service.decision.experiments import Arm, ExperimentStatus
from service.decision.policy import PointSource, SellingPointPolicy
from service.errors import ConflictError, Fault, InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.api.schemas.experiments import (
        ArmDraft,
        Experiment,
        ExperimentChange,
        ExperimentDraft,
        SellingPointRule,
    )


def arms_of(draft: ExperimentDraft) -> tuple[Arm, ...]:
    """The arms of a new experiment, with their buckets.

    Raises: InvalidRequestError for a name that stands twice, for more weight than there is, and
    for points of an arm that shows none.
    """
    faults = [fault for index in range(len(draft.arms)) for fault in _faults(draft.arms, index)]
    if faults:
        raise InvalidRequestError(faults, len(faults))
    weights = [arm.weight for arm in draft.arms]
    _check_sum(weights, "/arms")
    buckets = allot([()] * len(weights), weights)
    return tuple(
        Arm(arm.name, ranges, _policy(arm.selling_points))
        for arm, ranges in zip(draft.arms, buckets, strict=True)
    )


def reweighted(arms: Sequence[Arm], weights: Mapping[str, int]) -> tuple[Arm, ...]:
    """`arms` with new weights for those that are named.

    Raises: InvalidRequestError for an unknown arm, and for more weight than there is.
    """
    names = [arm.name for arm in arms]
    if unknown := [name for name in weights if name not in names]:
        told = f"There is no such arm; there are {', '.join(names)}"
        faults = [Fault(f"/weights/{name}", "unknown_arm", told) for name in unknown]
        raise InvalidRequestError(faults, len(faults))
    new = [weights.get(arm.name, arm.weight) for arm in arms]
    _check_sum(new, "/weights")
    buckets = allot([arm.buckets for arm in arms], new)
    return tuple(replace(arm, buckets=ranges) for arm, ranges in zip(arms, buckets, strict=True))


def check_change(before: Experiment, change: ExperimentChange) -> None:
    """Raise ConflictError where `before` was stopped, or would go back to be a draft."""
    if before.status is ExperimentStatus.STOPPED:
        raise ConflictError(f"the experiment {before.id} was stopped; it stays as it is")
    if change.status is ExperimentStatus.DRAFT and before.status is ExperimentStatus.RUNNING:
        raise ConflictError(f"the experiment {before.id} was started; stop it, and make a new one")


def start_or_stop(status: ExperimentStatus) -> dict[str, Any]:
    """What to write when an experiment is set to running or stopped."""
    started = status is ExperimentStatus.RUNNING
    return {"status": status.value, "started_at" if started else "stopped_at": func.now()}


def _faults(arms: Sequence[ArmDraft], index: int) -> list[Fault]:
    arm, faults = arms[index], []
    if arm.name in [one.name for one in arms[:index]]:
        faults.append(Fault(f"/arms/{index}/name", "repeated", f"{arm.name!a} stands twice"))
    rule = arm.selling_points
    if rule.source is PointSource.NONE and rule.most:
        detail = f"The source is none; give 0 or leave it out; received {rule.most}"
        faults.append(Fault(f"/arms/{index}/selling_points/most", "none_to_show", detail))
    return faults


def _check_sum(weights: Sequence[int], pointer: str) -> None:
    if sum(weights) > BUCKETS:
        detail = f"The weights may add up to {BUCKETS}; with these they are {sum(weights)}"
        raise InvalidRequestError([Fault(pointer, "weights_too_large", detail)], 1)


def _policy(rule: SellingPointRule) -> SellingPointPolicy:
    return SellingPointPolicy(rule.source, rule.most, rule.highlight)
