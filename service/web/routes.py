"""The addresses of all pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.exceptions import HTTPException

from service.web.ad_choices import AdChoices
from service.web.pages import ShopPages
from service.web.rendering import page
from service.web.split import SplitPage
from service.web.static_files import static_file

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response


def web_router(demo_file: Path) -> APIRouter:
    """The API's reference, and the pages of the shop that `demo_file` tells of.

    The file may appear later; until then the pages say how to get a demo shop.
    """
    pages, choices, split = ShopPages(demo_file), AdChoices(demo_file), SplitPage(demo_file)
    router = APIRouter()
    for path, method, handler in (
        ("/", "GET", pages.results),
        ("/live", "GET", pages.live),
        ("/split", "GET", split.split),
        ("/p/{product_id}", "GET", pages.product),
        ("/pictures/{product_id}.png", "GET", pages.picture),
        ("/shopper", "POST", pages.choose_shopper),
        ("/consent", "POST", pages.choose_consent),
        ("/feature-word", "POST", pages.click_word),
        ("/cart", "POST", pages.fill_cart),
        ("/why/{impression_id}", "GET", choices.why),
        ("/hide", "POST", choices.hide),
        ("/docs", "GET", reference),
        ("/static/{name}", "GET", static),
    ):
        router.add_route(path, handler, methods=[method], include_in_schema=False)
    return router


async def reference(request: Request) -> Response:  # noqa: ARG001 - every handler takes it
    """The API's reference, drawn by Swagger UI from /openapi.json."""
    return page("reference.html", {})


async def static(request: Request) -> Response:
    """A script, a style sheet or the shop's mark."""
    found = static_file(request.path_params["name"])
    if found is None:
        raise HTTPException(404, "no such file")
    return found
