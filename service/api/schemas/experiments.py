"""Experiments: arms that shoppers are spread over, and what each arm shows."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field, StringConstraints

from service.api.schemas.resource import UNCHANGED, Change, PageOf, Resource, Title, example_of
from service.api.schemas.wire import NAME, Wire
from service.decision.buckets import BUCKETS
from service.decision.experiments import ExperimentStatus
from service.decision.policy import MOST_POINTS, Highlight, PointSource

MOST_ARMS = 16

ArmName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NAME)]
Name = Annotated[
    Title, Field(description="What people call it.", examples=["Personal or common points"])
]
ExperimentId = Annotated[
    str,
    Field(description="Names the experiment.", examples=["exp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
]
Weight = Annotated[int, Field(ge=0, le=BUCKETS)]
ArmWeight = Annotated[
    Weight,
    Field(
        description="Its share of all shoppers, in ten-thousandths. All weights add up to 10,000 "
        "at most; who is in no arm is not in the experiment.",
        examples=[5000],
    ),
]
Source = Annotated[
    PointSource,
    Field(
        description="Where selling points come from: `none` (plain titles), `common` (what is "
        "popular with everybody), `personal` (what this shopper and this query care about).",
        examples=["common"],
    ),
]
Most = Annotated[
    int | None,
    Field(
        ge=0,
        le=MOST_POINTS,
        description="The most selling points in a title, in place of the placement's "
        "`selling_point_cap`; null keeps that. A placement that shows none shows none in any arm.",
        examples=[2],
    ),
]
HighlightMode = Annotated[
    Highlight,
    Field(
        description="Which parts of a title have `highlight`: the `chosen` selling points, or "
        "`none`.",
        examples=["chosen"],
    ),
]
Status = Annotated[
    ExperimentStatus,
    Field(
        description="A draft is set to running, and what runs to stopped; there it stays. Of the "
        "experiments of a store one runs at a time.",
        examples=["running"],
    ),
]


class SellingPointRule(Wire):
    """What an arm does with selling points: what is left out is as for everybody else."""

    source: Source = PointSource.PERSONAL
    most: Most = None
    highlight: HighlightMode = Highlight.CHOSEN


_RULE = {"source": "common", "most": 2, "highlight": "chosen"}


class ArmDraft(Wire):
    """One arm of an experiment to be made."""

    name: Annotated[
        ArmName, Field(description="What answers and records call it.", examples=["common"])
    ]
    weight: ArmWeight
    selling_points: Annotated[
        SellingPointRule,
        Field(description="What its shoppers see of selling points.", examples=[_RULE]),
    ] = SellingPointRule()


class ExperimentDraft(Wire):
    """An experiment to be made. It begins as a draft, which nobody is assigned to."""

    name: Name
    salt: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=64,
            pattern=NAME,
            description="Decides who is in which bucket; null is a new one. Two experiments with "
            "one salt put the same shoppers together: give one only to repeat an assignment.",
            examples=[None, "autumn-titles"],
        ),
    ] = None
    arms: Annotated[
        tuple[ArmDraft, ...],
        Field(
            min_length=2,
            max_length=MOST_ARMS,
            description="What is compared. They stay as they are, but for their weights.",
            examples=[
                [
                    {"name": "common", "weight": 5000, "selling_points": _RULE},
                    {"name": "usual", "weight": 5000},
                ]
            ],
        ),
    ]


class ExperimentChange(Change):
    """What to change of an experiment."""

    name: Name = UNCHANGED
    status: Status = UNCHANGED
    weights: Annotated[
        dict[ArmName, Weight],
        Field(
            min_length=1,
            max_length=MOST_ARMS,
            description="New weights by the arm's name; arms that are not named keep theirs. An "
            "arm that grows keeps all of its shoppers.",
            examples=[{"common": 1000, "usual": 1000}],
        ),
    ] = UNCHANGED


class Arm(Wire):
    """One arm of an experiment."""

    name: Annotated[
        str, Field(description="What answers and records call it.", examples=["usual"])
    ]
    weight: Annotated[
        int, Field(description="Its share of all shoppers, in ten-thousandths.", examples=[5000])
    ]
    buckets: Annotated[
        tuple[tuple[int, int], ...],
        Field(
            description="The buckets whose shoppers are in it: of each range the first, and the "
            "one after the last. There are 10,000.",
            examples=[[[5000, 10_000]]],
        ),
    ]
    selling_points: Annotated[
        SellingPointRule,
        Field(description="What its shoppers see of selling points.", examples=[_RULE]),
    ]


class Experiment(Resource):
    """Arms that shoppers are spread over, each seeing other selling points."""

    MOVING: ClassVar[frozenset[str]] = frozenset({"updated_at"})

    id: ExperimentId
    name: Annotated[
        str, Field(description="What people call it.", examples=["Personal or common points"])
    ]
    status: Status
    salt: Annotated[
        str,
        Field(description="Decides who is in which bucket.", examples=["5f2b8c0d9e1a4b37"]),
    ]
    arms: Annotated[
        tuple[Arm, ...],
        Field(
            description="What is compared.",
            examples=[[example_of(Arm)]],
        ),
    ]
    created_at: Annotated[
        AwareDatetime,
        Field(description="When it was made.", examples=["2026-11-22T09:00:00Z"]),
    ]
    updated_at: Annotated[
        AwareDatetime,
        Field(description="When it was last changed.", examples=["2026-11-22T09:30:00Z"]),
    ]
    started_at: Annotated[
        AwareDatetime | None,
        Field(description="When it was set to running.", examples=["2026-11-22T09:30:00Z"]),
    ]
    stopped_at: Annotated[
        AwareDatetime | None, Field(description="When it was stopped.", examples=[None])
    ]


class ExperimentPage(PageOf[Experiment]):
    """A page of experiments, in the order of their ids."""

    data: Annotated[
        tuple[Experiment, ...],
        Field(description="The experiments.", examples=[[example_of(Experiment)]]),
    ]


class AssignedArm(Wire):
    """The arm of one experiment that an answer was made by."""

    experiment_id: ExperimentId
    name: Annotated[
        str,
        Field(description="The experiment's name.", examples=["Personal or common points"]),
    ]
    arm: Annotated[str, Field(description="The arm's name.", examples=["common"])]
