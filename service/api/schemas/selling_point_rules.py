"""Rules for all selling points of a store, or of a merchant's products."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from service.api.schemas.resource import Resource, Title

MOST_PHRASES = 1000

Phrases = Annotated[tuple[Title, ...], Field(max_length=MOST_PHRASES)]


class SellingPointRules(Resource):
    """What no title may say, and what it may although a rule of Salient's is against it."""

    banned: Annotated[
        Phrases,
        Field(
            description="No selling point that holds all telling words of one of these, in any "
            "order and number, is shown.",
            examples=[["cheap", "factory outlet"]],
        ),
    ] = ()
    allowed: Annotated[
        Phrases,
        Field(
            description="Those that hold all telling words of one of these may be superlatives, "
            "health claims, or name another brand.",
            examples=[["fits Lumo shades"]],
        ),
    ] = ()
    opted_out: Annotated[
        bool,
        Field(
            strict=True,
            description="Whether titles stay as in the catalogue: no selling points at all.",
            examples=[False],
        ),
    ] = False
