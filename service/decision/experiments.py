"""Experiments that run, and the arm of each that a shopper is in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from service.decision.buckets import bucket_of, holds, size_of
from service.decision.policy import STANDARD_POLICY, Highlight, PointSource, SellingPointPolicy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from service.decision.buckets import Ranges


class ExperimentStatus(StrEnum):
    """A draft is started once; what was stopped stays so."""

    DRAFT = "draft"
    RUNNING = "running"
    STOPPED = "stopped"


SELLING_POINTS_LAYER: Final = "selling_points"
"""What arms may set now. Of one layer a store runs one experiment at a time.

What arms learn to set later gets a layer of its own, which older versions leave alone.
"""


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of doing things, for the shoppers in its buckets."""

    name: str
    buckets: Ranges
    policy: SellingPointPolicy = STANDARD_POLICY

    @property
    def weight(self) -> int:
        """Its share of all shoppers, in ten-thousandths."""
        return size_of(self.buckets)


@dataclass(frozen=True, slots=True)
class Experiment:
    """Arms that shoppers are spread over. Buckets of no arm are not in the experiment."""

    experiment_id: str
    name: str
    salt: str
    arms: tuple[Arm, ...]
    layer: str = SELLING_POINTS_LAYER


class Assignment(NamedTuple):
    """The arm of one experiment that a shopper is in."""

    experiment_id: str
    name: str  # of the experiment
    arm: str
    bucket: int
    policy: SellingPointPolicy


def unit_of(user_id: str | None, session: str | None) -> str | None:
    """What is assigned: the shopper, else the session, else nothing. No id counts as both."""
    if user_id is not None:
        return f"user:{user_id}"
    return None if session is None else f"session:{session}"


def assign(experiments: Sequence[Experiment], unit: str | None) -> tuple[Assignment, ...]:
    """The arms that `unit` is in; none where nobody knows who asks."""
    if unit is None or not experiments:
        return ()
    found = (_assignment(experiment, unit) for experiment in experiments)
    return tuple([one for one in found if one is not None])


def _assignment(experiment: Experiment, unit: str) -> Assignment | None:
    bucket = bucket_of(experiment.salt, unit)
    for arm in experiment.arms:
        if holds(arm.buckets, bucket):
            names = (experiment.experiment_id, experiment.name, arm.name)
            return Assignment(*names, bucket, arm.policy)
    return None


def policy_of(assignments: Iterable[Assignment]) -> SellingPointPolicy:
    """What the arms say of selling points; without one, what everybody sees."""
    return next((one.policy for one in assignments), STANDARD_POLICY)


def read_experiments(kept: Iterable[Mapping[str, Any]]) -> tuple[Experiment, ...]:
    """Experiments from plain values, but for those on layers of a later version."""
    return tuple(
        Experiment(
            experiment_id=one["experiment_id"],
            name=one["name"],
            salt=one["salt"],
            arms=read_arms(one["arms"]),
        )
        for one in kept
        if one["layer"] == SELLING_POINTS_LAYER
    )


def read_arms(kept: Iterable[Mapping[str, Any]]) -> tuple[Arm, ...]:
    """Arms from plain values."""
    return tuple(
        Arm(
            name=one["name"],
            buckets=tuple((first, end) for first, end in one["buckets"]),
            policy=read_policy(one["policy"]),
        )
        for one in kept
    )


def read_policy(kept: Mapping[str, Any]) -> SellingPointPolicy:
    """A policy from plain values."""
    source, highlight = PointSource(kept["source"]), Highlight(kept["highlight"])
    return SellingPointPolicy(source, kept["most"], highlight)
