"""Keywords: queries that a campaign bids on, or refuses."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from service.api.schemas.batches import MOST_ITEMS, Batch
from service.api.schemas.resource import (
    ONE_LINE,
    UNCHANGED,
    Change,
    PageOf,
    Resource,
    example_of,
)
from service.api.schemas.wire import Wire
from service.decision.terms import MatchType

LONGEST = 80

Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST, pattern=ONE_LINE),
    Field(
        description="What shoppers search for. Kept in lower case, without markup.",
        examples=["desk lamp"],
    ),
]
Match = Annotated[
    MatchType,
    Field(
        description="How closely a query must follow it: the same words, the same words side by "
        "side in it, or all of them anywhere in it.",
        examples=["phrase"],
    ),
]
Negative = Annotated[
    bool,
    Field(description="Whether such queries are refused, not bid on.", examples=[False]),
]


class KeywordDraft(Wire):
    """A keyword to be added."""

    text: Text
    match_type: Match = MatchType.BROAD
    negative: Negative = False


class KeywordBatch(Batch):
    """Keywords to be added to one campaign."""

    ITEMS: ClassVar[str] = "keywords"

    keywords: Annotated[
        tuple[KeywordDraft, ...],
        Field(
            min_length=1,
            max_length=MOST_ITEMS,
            description="The keywords; each stands by itself.",
            examples=[[example_of(KeywordDraft)]],
        ),
    ]


class KeywordChange(Change):
    """What to change of a keyword."""

    text: Text = UNCHANGED
    match_type: Match = UNCHANGED
    negative: Negative = UNCHANGED


class Keyword(Resource):
    """A query that a campaign bids on, or refuses."""

    id: Annotated[
        str,
        Field(description="Names the keyword.", examples=["kw_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
    ]
    campaign_id: Annotated[
        str,
        Field(description="Its campaign.", examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
    ]
    text: Annotated[str, Field(description="What is searched for.", examples=["desk lamp"])]
    match_type: Match
    negative: Negative


class KeywordPage(PageOf[Keyword]):
    """A page of keywords, in the order of their ids."""

    data: Annotated[
        tuple[Keyword, ...], Field(description="The keywords.", examples=[[example_of(Keyword)]])
    ]
