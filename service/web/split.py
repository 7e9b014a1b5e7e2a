"""How one campaign's budget is spread over platforms, and why: the newest plan, for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool

from service.web.cards import price_text
from service.web.demo_shop import open_demo_shop
from service.web.listing import Listing, frame
from service.web.rendering import page
from service.web.rest_client import RestClient
from service.web.visitor import visitor_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

PLANS: Final = 8
_PPM: Final = 1_000_000
_NOT_YET: Final = "its day is not planned yet; the worker does so within ten seconds"
_NO_CAMPAIGN: Final = "demo.json names no campaign whose budget is spread, or holds no secret key"
CAUSES: Final = {
    "periodic": "its time had come",
    "shock": "a platform changed",
    "asked": "somebody asked for it",
}


@dataclass(frozen=True, slots=True)
class SplitLine:
    """A platform's part of the day, in words."""

    platform: str
    share: float  # per cent
    spend: str
    spent: str
    predicted: str
    actual: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class SplitView:
    """What the page shows; a problem in its place where there is one."""

    day: str = ""
    budget: str = ""
    goal: str = ""
    model: str = ""
    gap: str = ""
    lines: tuple[SplitLine, ...] = ()
    plans: tuple[tuple[str, str, str], ...] = ()  # when, cause, shares
    problem: str | None = None


class SplitPage:
    """The handler; what it shows is one answer of the REST API."""

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
            client = RestClient(request, shop.secret_key)
            told = await client.plans(shop.spread_campaign, PLANS)
            view = SplitView(problem=told) if isinstance(told, str) else view_of(told)
        return page("split.html", frame(visitor_of(request), Listing()) | {"view": view})


def view_of(told: Mapping[str, Any]) -> SplitView:
    """What GET /v1/campaigns/{id}/allocations answered, for people."""
    plans = told["data"]
    if not plans:
        return SplitView(problem=_NOT_YET)
    newest = plans[0]
    return SplitView(
        day=newest["day"],
        budget=price_text(newest["budget_micros"]),
        goal=newest["goal"],
        model=newest["model"],
        gap=f"{newest['dual_gap']:.1g}",
        lines=tuple(_line(one) for one in newest["platforms"]),
        plans=tuple(_plan(one) for one in plans),
    )


def _line(told: Mapping[str, Any]) -> SplitLine:
    return SplitLine(
        platform=told["platform"],
        share=told["share_ppm"] * 100 / _PPM,
        spend=price_text(told["spend_micros"]),
        spent=price_text(told["spent_micros"]),
        predicted=f"{told['predicted']:,.0f} ± {told['predicted_sd']:,.0f}",
        actual="" if told["actual"] is None else f"{told['actual']:,}",
        reason=told["reason"].replace("_", " "),
        detail=told["detail"],
    )


def _plan(told: Mapping[str, Any]) -> tuple[str, str, str]:
    at = datetime.fromisoformat(told["created_at"]).astimezone(UTC)
    shares = ", ".join(
        f"{one['platform']} {one['share_ppm'] * 100 / _PPM:.0f} %" for one in told["platforms"]
    )
    return f"{at:%d %b %H:%M:%S}", CAUSES.get(told["cause"], told["cause"]), shares
