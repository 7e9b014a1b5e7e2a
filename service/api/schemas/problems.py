"""What every error looks like: problem details (RFC 9457)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from service.api.schemas.wire import Wire


class ProblemError(Wire):
    """One thing that is wrong with the request."""

    pointer: Annotated[
        str,
        Field(description="Where in the body (JSON pointer, RFC 6901).", examples=["/slots"]),
    ]
    code: Annotated[str, Field(description="What kind of fault.", examples=["less_than_equal"])]
    detail: Annotated[
        str,
        Field(
            description="What was expected, and what was received.",
            examples=["Input should be less than or equal to 50; received 51"],
        ),
    ]


class Problem(Wire):
    """Problem details (RFC 9457), as `application/problem+json`."""

    type: Annotated[
        str,
        Field(description="Names the kind of problem.", examples=["urn:salient:invalid_request"]),
    ]
    title: Annotated[
        str,
        Field(
            description="The kind of problem in words.",
            examples=["The request does not fit its schema"],
        ),
    ]
    status: Annotated[int, Field(description="The HTTP status.", examples=[422])]
    detail: Annotated[
        str,
        Field(description="What went wrong this time.", examples=["1 field cannot be used"]),
    ]
    code: Annotated[
        str, Field(description="For programs to act on.", examples=["invalid_request"])
    ]
    trace_id: Annotated[
        str,
        Field(
            description="The request's trace (W3C traceparent), to quote when asking for help.",
            examples=["4bf92f3577b34da6a3ce929d0e0e4736"],
        ),
    ]
    errors: Annotated[
        tuple[ProblemError, ...],
        Field(
            description="Each thing that is wrong, if the body is at fault.",
            examples=[
                [
                    {
                        "pointer": "/slots",
                        "code": "less_than_equal",
                        "detail": "Input should be less than or equal to 50; received 51",
                    }
                ]
            ],
        ),
    ] = ()
