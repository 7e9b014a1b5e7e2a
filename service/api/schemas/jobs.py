"""Jobs: work that goes on after its request was answered, and what it found."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from service.api.schemas.resource import PageOf, Resource, example_of


class JobStatus(StrEnum):
    """How far a job has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Severity(StrEnum):
    """Whether a line was left out, or taken without something."""

    ERROR = "error"
    WARNING = "warning"


Status = Annotated[
    JobStatus,
    Field(
        description="`done` says that all was read, with or without bad lines; `failed`, that "
        "`error` ended it. What was taken by then is kept.",
        examples=["done"],
    ),
]
Count = Annotated[int, Field(ge=0)]
_WHEN = "2026-11-22T09:00:00Z"


class Job(Resource):
    """A job. It goes on when a worker or a server is restarted."""

    MOVING: ClassVar[frozenset[str]] = frozenset(
        {"status", "progress", "lines", "good", "changed", "bad", "warned", "updated_at"}
    )

    id: Annotated[
        str, Field(description="Names the job.", examples=["job_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"])
    ]
    kind: Annotated[str, Field(description="What it does.", examples=["product_import"])]
    status: Status
    dry_run: Annotated[
        bool,
        Field(description="Whether it checks everything and changes nothing.", examples=[False]),
    ]
    progress: Annotated[float, Field(description="From 0 to 1.", examples=[1.0])]
    lines: Annotated[Count, Field(description="The last line that was read.", examples=[1001])]
    good: Annotated[Count, Field(description="Lines that were taken.", examples=[998])]
    changed: Annotated[
        Count, Field(description="Rows that are new or not what they were.", examples=[120])
    ]
    bad: Annotated[
        Count, Field(description="Lines that were left out; the report names each.", examples=[2])
    ]
    warned: Annotated[
        Count, Field(description="Warnings, such as of columns that are not used.", examples=[1])
    ]
    error: Annotated[str | None, Field(description="Why it failed; else null.", examples=[None])]
    report: Annotated[
        str,
        Field(
            description="Where its findings are; with `.csv` behind, as a table.",
            examples=["/v1/jobs/job_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d/report"],
        ),
    ]
    created_at: Annotated[
        AwareDatetime, Field(description="When it was asked for.", examples=[_WHEN])
    ]
    updated_at: Annotated[
        AwareDatetime, Field(description="When it last moved.", examples=[_WHEN])
    ]
    started_at: Annotated[
        AwareDatetime | None, Field(description="When a worker first took it.", examples=[_WHEN])
    ]
    finished_at: Annotated[
        AwareDatetime | None, Field(description="When it was done or failed.", examples=[_WHEN])
    ]


class JobPage(PageOf[Job]):
    """A page of jobs, the newest first."""

    data: Annotated[tuple[Job, ...], Field(description="The jobs.", examples=[[example_of(Job)]])]


class Finding(Resource):
    """What is wrong with one line."""

    number: Annotated[int, Field(description="Its place in the report.", examples=[0])]
    line: Annotated[
        int, Field(description="The line of the upload; 1 is its first.", examples=[17])
    ]
    severity: Annotated[
        Severity,
        Field(
            description="`error`: the line was left out. `warning`: it was taken, but not all of "
            "it.",
            examples=["error"],
        ),
    ]
    field: Annotated[
        str,
        Field(
            description="The column; `(line)` and `(columns)` are the line as a whole.",
            examples=["price"],
        ),
    ]
    received: Annotated[str, Field(description="What stood there.", examples=["'39.90 USD'"])]
    advice: Annotated[
        str,
        Field(description="What to do.", examples=["give prices in the store's currency, EUR"]),
    ]


class FindingPage(PageOf[Finding]):
    """A page of a job's report, in the order of the lines."""

    data: Annotated[
        tuple[Finding, ...],
        Field(description="The findings.", examples=[[example_of(Finding)]]),
    ]
