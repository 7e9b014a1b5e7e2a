"""Whether the process lives, whether it is ready, and what it counted."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import Field
from starlette.status import HTTP_503_SERVICE_UNAVAILABLE

from service.api.metrics import exposition
from service.api.schemas.wire import Wire
from service.api.state import state_of

router = APIRouter(tags=["health"])


class Liveness(Wire):
    """The process answers."""

    status: Annotated[Literal["alive"], Field(description="Always alive.", examples=["alive"])]


class Readiness(Wire):
    """Whether requests should be sent here."""

    status: Annotated[
        Literal["ready", "starting", "draining"],
        Field(
            description="Ready to serve, before the first snapshot, or about to stop.",
            examples=["ready"],
        ),
    ]
    stores: Annotated[int, Field(ge=0, description="How many shops are served.", examples=[1])]
    models: Annotated[
        tuple[str, ...],
        Field(
            description="Models in use.",
            examples=[["ranker@1:0f3a91bc", "selling-points@1:77ab01cd"]],
        ),
    ]


@router.head("/livez", include_in_schema=False)
@router.get("/livez", summary="Is the process alive?")
async def livez() -> Liveness:
    """Answer 200 as long as the process runs. Restart it if this fails."""
    return Liveness(status="alive")


@router.head("/readyz", include_in_schema=False)
@router.get(
    "/readyz",
    summary="May requests be sent here?",
    responses={503: {"model": Readiness, "description": "Starting or draining"}},
)
async def readyz(request: Request, response: Response) -> Readiness:
    """Answer 200 once a snapshot with its models is loaded, and until the process drains."""
    state = state_of(request)
    models = sorted({model for live in state.live.values() for model in live.models})
    status: Literal["ready", "starting", "draining"] = "ready" if state.live else "starting"
    if state.draining:
        status = "draining"
    if status != "ready":
        response.status_code = HTTP_503_SERVICE_UNAVAILABLE
        response.headers["Retry-After"] = "1"
    return Readiness(status=status, stores=len(state.live), models=tuple(models))


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=PlainTextResponse,
    responses={
        200: {
            "description": "Prometheus's text format",
            "content": {"text/plain": {"example": "salient_ads_total 42.0\n"}},
        }
    },
)
async def metrics() -> PlainTextResponse:
    """Counters and timings of this service, of all its workers together."""
    return PlainTextResponse(exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
