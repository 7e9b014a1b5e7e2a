"""What all wire models share: frozen, strict, bounded, with no unknown fields."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Wire(BaseModel):
    """The model that all others stand on: strict types, no NaN, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


PRINTABLE = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F]*$"
"""Text that Postgres and terminals can hold: control characters stay out."""

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
"""Names that people give: placements and the like."""

Word = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=PRINTABLE)]
LONGEST_ID = 128
"""Of what shops name themselves, in characters."""

_Name = StringConstraints(min_length=1, max_length=LONGEST_ID, pattern=PRINTABLE)
ProductId = Annotated[str, _Name]
CallerId = Annotated[str, _Name]


class User(Wire):
    """Who the shopper is, as far as the shop may say."""

    id: Annotated[
        CallerId | None,
        Field(
            description="The shop's own id of the shopper. Kept only with consent.",
            examples=["u-1042"],
        ),
    ] = None
    session: Annotated[
        CallerId | None,
        Field(
            description="The shop's id of this visit. Kept only with consent.",
            examples=["s-77aa"],
        ),
    ] = None
    consent: Annotated[
        bool,
        Field(
            description="Whether the shopper agreed to personal ads. Without it, or with the "
            "header `Sec-GPC: 1`, no profile is read or written.",
            examples=[True],
        ),
    ] = False
