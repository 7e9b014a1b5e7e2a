"""The audit log: who changed what, and when."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from service.api.schemas.resource import PageOf, Resource, example_of

State = dict[str, Any]


class AuditEntry(Resource):
    """One change by one key."""

    id: Annotated[int, Field(description="Rises with every entry.", examples=[10_482])]
    at: Annotated[
        AwareDatetime, Field(description="When.", examples=["2026-11-22T09:30:00.123456Z"])
    ]
    key_id: Annotated[
        str,
        Field(
            description="The key that did it.", examples=["key_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]
        ),
    ]
    advertiser_id: Annotated[
        str | None,
        Field(
            description="The merchant whose thing it is; null is the store's own.",
            examples=["adv_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"],
        ),
    ]
    resource: Annotated[str, Field(description="What kind of thing.", examples=["campaign"])]
    resource_id: Annotated[
        str,
        Field(description="Which one.", examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
    ]
    action: Annotated[str, Field(description="What was done to it.", examples=["change"])]
    before: Annotated[
        State | None,
        Field(description="As it was; null is not at all.", examples=[{"status": "paused"}]),
    ]
    after: Annotated[
        State | None,
        Field(description="As it is; null is not at all.", examples=[{"status": "active"}]),
    ]


class AuditPage(PageOf[AuditEntry]):
    """A page of the audit log, newest first."""

    data: Annotated[
        tuple[AuditEntry, ...],
        Field(description="The entries.", examples=[[example_of(AuditEntry)]]),
    ]
