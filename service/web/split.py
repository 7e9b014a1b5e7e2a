"""/split: how the demo's campaign beside the shop spreads its budget over platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool

from service.web.demo_shop import open_demo_shop
from service.web.listing import Listing, frame
from service.web.rendering import page
from service.web.rest_client import RestClient
from service.web.split_view import SplitView, view_of
from service.web.visitor import visitor_of

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

PLANS: Final = 8
_NOT_YET: Final = "its day is not planned yet; the worker does so within ten seconds"
_NO_CAMPAIGN: Final = "demo.json names no campaign whose budget is spread, or holds no secret key"


class SplitPage:
    """The handler; what it shows is told by the REST API."""

    def __init__(self, demo_file: Path) -> None:
        self._demo_file = demo_file

    async def split(self, request: Request) -> Response:
        """The newest plan of the demo's campaign, and when and why there were others."""
        shop = await run_in_threadpool(open_demo_shop, self._demo_file)
        if shop is None:
            return page("setup.html", {})
        if shop.secret_key is None or shop.spread_campaign is None:
            view = SplitView(problem=_NO_CAMPAIGN)
        else:
            view = await _view(RestClient(request, shop.secret_key), shop.spread_campaign)
        return page("split.html", frame(visitor_of(request), Listing()) | {"view": view})


async def _view(client: RestClient, campaign_id: str) -> SplitView:
    told = await client.plans(campaign_id, PLANS)
    if isinstance(told, str):
        return SplitView(problem=told)
    policy = await client.policy(campaign_id)
    asked = None if isinstance(policy, str) else policy
    if told["data"]:
        return view_of(told["data"], asked)
    if asked is None:
        how = f"PUT /v1/campaigns/{campaign_id}/allocation"
        return SplitView(
            problem=f"the campaign's budget is not spread; {how} says how it is to be"
        )
    return SplitView(problem=_NOT_YET)
