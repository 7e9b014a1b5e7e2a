"""What a shopper may do about an ad: ask why it is there, and hide it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from service.web import forms
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

_SETTLE_SECONDS = 0.5  # the worker needs less to learn of it
_MOST = 5  # products that an address remembers
_SAID = {
    "search": "you searched for “{}”",
    "category": "you look at “{}”",
    "feature_word": "you clicked “{}”",
    "earlier_search": "you searched for “{}” before",
    "clicked_product": "you clicked “{}” before",
    "recent_actions": "of what you did lately, taken together",
}


class AdChoices:
    """The handlers; both ask with the key of pages and the ad's own token, as any page would."""

    def __init__(self, demo_file: Path) -> None:
        self._demo_file = demo_file

    async def why(self, request: Request) -> Response:
        """Why this ad: a part of a page for htmx, a page of its own for anyone else."""
        shop = await run_in_threadpool(open_demo_shop, self._demo_file)
        if shop is None:
            return page("setup.html", {})
        impression_id = forms.token(request.path_params["impression_id"])
        token = forms.token(request.query_params.get("token", ""))
        told = await RestClient(request, shop.key).why(impression_id, token)
        values: dict[str, Any] = {"why": told, "reasons": reasons_of(told)}
        if "hx-request" in request.headers:
            return page("why_part.html", values)
        return page("why.html", frame(visitor_of(request), Listing()) | values)

    async def hide(self, request: Request) -> Response:
        """Hide an ad. Of a shopper who is not known, this page's address remembers it."""
        form = await forms.read_form(request)
        shop = await run_in_threadpool(open_demo_shop, self._demo_file)
        visitor, problem = visitor_of(request), None
        if shop is not None:
            impression_id, token = (
                forms.token(forms.one(form, "impression_id")),
                form.get("token", [""])[0],
            )
            client = RestClient(request, shop.key)
            problem = await client.hide(impression_id, forms.token(token))
        if "hx-request" in request.headers:
            return page("hidden_part.html", {"known": visitor.consent, "problem": problem})
        if visitor.consent and problem is None:
            await asyncio.sleep(_SETTLE_SECONDS)
        else:
            form["hidden"] = [*form.get("hidden", ()), *form.get("product_id", ())][-_MOST:]
        return forms.back_to(forms.place(form))


def reasons_of(told: Mapping[str, Any] | str) -> tuple[tuple[str, str | None], ...]:
    """The reasons in words, each with what the title says because of it."""
    if isinstance(told, str):
        return ()
    return tuple(
        (_SAID.get(one["kind"], "of “{}”").format(one["text"]), one["selling_point"])
        for one in told["reasons"]
    )
