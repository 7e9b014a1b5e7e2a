"""Advertisers: the merchants of a shop."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from service.api.schemas.resource import (
    UNCHANGED,
    Change,
    PageOf,
    Resource,
    Title,
    example_of,
)
from service.api.schemas.wire import Wire

Name = Annotated[Title, Field(description="What people call it.", examples=["Lumo Lighting"])]


class AdvertiserDraft(Wire):
    """An advertiser to be made."""

    name: Name


class AdvertiserChange(Change):
    """What to change of an advertiser."""

    name: Name = UNCHANGED


class Advertiser(Resource):
    """A merchant who books campaigns. The ETag does not follow its balance."""

    MOVING: ClassVar[frozenset[str]] = frozenset({"balance_micros"})

    id: Annotated[
        str,
        Field(
            description="Names the advertiser.", examples=["adv_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]
        ),
    ]
    name: Annotated[str, Field(description="What people call it.", examples=["Lumo Lighting"])]
    balance_micros: Annotated[
        int | None,
        Field(
            description="What is left of what it paid ahead, in micros: its campaigns spend no "
            "more. Null is on account, without such a limit.",
            examples=[480_000_000],
        ),
    ]
    created_at: Annotated[
        AwareDatetime, Field(description="When it was made.", examples=["2026-11-22T09:00:00Z"])
    ]


class AdvertiserPage(PageOf[Advertiser]):
    """A page of advertisers, in the order of their ids."""

    data: Annotated[
        tuple[Advertiser, ...],
        Field(description="The advertisers.", examples=[[example_of(Advertiser)]]),
    ]
