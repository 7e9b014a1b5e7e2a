"""The demo shop's pages: search with ads, products, and the shopper's own switches."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.demo.assortment import load_assortment
from service.demo.pictures import draw_picture
from service.demo.search import feature_phrases
from service.web import forms, shop_events
from service.web.cards import ad_cards, organic_card
from service.web.demo_shop import Storefront, open_demo_shop
from service.web.insight import insight_of
from service.web.listing import Listing, frame, listing_of
from service.web.live import LiveFeed, LiveView
from service.web.rendering import page
from service.web.rest_client import RestClient
from service.web.visitor import persona_named, remember, visitor_of

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from service.decision.terms import Product
    from service.web.rest_client import AdAnswer
    from service.web.visitor import Visitor

ORGANIC = 12
_CATEGORY_PLACEMENT = "category_top"
_SETTLE_SECONDS = 0.3  # the worker needs less to learn from a click
_MOST_POSITION = 100


class ShopPages:
    """The handlers; what they know of the shop stands in one file."""

    def __init__(self, demo_file: Path) -> None:
        self._demo_file = demo_file
        self._feed = LiveFeed()

    async def results(self, request: Request) -> Response:
        """The front page, a page of results, or a category."""
        shop = await self._shop()
        if shop is None:
            return page("setup.html", {})
        visitor = visitor_of(request)
        listing = await run_in_threadpool(listing_of, request, shop)
        if not listing.asked:
            return page("front.html", frame(visitor, listing) | _front(shop))
        shown = listing.products[:ORGANIC]
        answer, _ = await asyncio.gather(
            RestClient(request, shop.secret_key or shop.key).ads(
                listing.asked,
                placement=shop.placement if listing.query else _CATEGORY_PLACEMENT,
                user=visitor.as_user(),
                organic_ids=[product.product_id for product in shown],
                exclude=listing.hidden,
                explain=shop.secret_key is not None,
            ),
            _tell_of_page(RestClient(request, shop.key), visitor, listing),
        )
        return _results_page(shop, visitor, listing, answer)

    async def live(self, request: Request) -> Response:
        """What happened lately: a part of a page for htmx, a page of its own for anyone else."""
        shop = await self._shop()
        if shop is None:
            return page("setup.html", {})
        if shop.secret_key is None:
            view = LiveView(problem="demo.json holds no secret key")
        else:
            client = RestClient(request, shop.secret_key)
            view = await self._feed.view(client.activity, shop.products)
        if "hx-request" in request.headers:
            return page("happening.html", {"view": view})
        return page("live.html", frame(visitor_of(request), Listing()) | {"view": view})

    async def product(self, request: Request) -> Response:
        """One product, where clicks lead to."""
        shop, visitor = await self._shop(), visitor_of(request)
        product = _product(shop, request.path_params["product_id"])
        if product is None:
            return page("missing.html", frame(visitor, Listing()), status=404)
        told = {
            "product": product,
            "phrases": tuple(feature_phrases(product)),
            "in_cart": "cart" in request.query_params,
        }
        return page("product.html", frame(visitor, Listing()) | told)

    async def picture(self, request: Request) -> Response:
        """The picture of a product, drawn when first asked for."""
        product = _product(await self._shop(), request.path_params["product_id"])
        if product is None:
            raise HTTPException(404, "no such picture")
        drawn = await run_in_threadpool(draw_picture, product)
        headers = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}
        return Response(drawn, media_type="image/png", headers=headers)

    async def choose_shopper(self, request: Request) -> Response:
        """Be one of the personas, who agreed to personal ads, or anonymous, who did not yet."""
        form = await forms.read_form(request)
        persona = persona_named(forms.one(form, "shopper"))
        visitor = visitor_of(request)
        consent = persona is not None and not visitor.refuses
        visitor = replace(visitor, persona=persona, consent=consent)
        return _remembered(request, visitor, form)

    async def choose_consent(self, request: Request) -> Response:
        """Agree to personal ads, or take it back."""
        form = await forms.read_form(request)
        visitor = visitor_of(request)
        agrees = forms.one(form, "consent") == "yes" and not visitor.refuses
        visitor = replace(visitor, consent=agrees)
        return _remembered(request, visitor, form)

    async def click_word(self, request: Request) -> Response:
        """Switch a feature word on, and tell the service."""
        form, shop, visitor = (
            await forms.read_form(request),
            await self._shop(),
            visitor_of(request),
        )
        clicked, query = forms.one(form, "clicked"), forms.one(form, "q")
        if shop is not None and clicked and query:
            position = forms.whole_number(forms.one(form, "position"), _MOST_POSITION)
            event = shop_events.word_clicked(
                visitor.as_user(), query, clicked, position, secrets.token_hex(8)
            )
            await RestClient(request, shop.key).tell([event])
            await asyncio.sleep(_SETTLE_SECONDS if visitor.consent else 0)
        form["word"] = [*form.get("word", ()), clicked]
        return forms.back_to(forms.place(form))

    async def fill_cart(self, request: Request) -> Response:
        """Put a product into the cart, which tells the service and nobody else."""
        form, shop = await forms.read_form(request), await self._shop()
        product = _product(shop, forms.one(form, "product_id"))
        if shop is None or product is None:
            return forms.back_to("/")
        event = shop_events.put_in_cart(
            visitor_of(request).as_user(), product.product_id, product.price, secrets.token_hex(8)
        )
        await RestClient(request, shop.key).tell([event])
        return forms.back_to(f"/p/{product.product_id}?cart=1")

    async def _shop(self) -> Storefront | None:
        return await run_in_threadpool(open_demo_shop, self._demo_file)


async def _tell_of_page(client: RestClient, visitor: Visitor, listing: Listing) -> None:
    """Tell what was searched and shown; of a shopper without consent, nothing."""
    if visitor.consent and listing.query:
        user = visitor.as_user()
        shown = shop_events.page_shown(user, listing.query, listing.chips, time.time())
        await client.tell(list(shown))


def _results_page(
    shop: Storefront, visitor: Visitor, listing: Listing, answer: AdAnswer
) -> Response:
    ads = ad_cards(answer.ads, shop.products)
    told = {
        "ads": ads,
        "answer": answer,
        "insight": insight_of(answer, shop.products),
        "cards": tuple(organic_card(product) for product in listing.products[:ORGANIC]),
    }
    pixels = tuple(ad.pixel for ad in ads if ad.pixel)
    return page("results.html", frame(visitor, listing) | told, pixels=pixels)


def _front(shop: Storefront) -> dict[str, object]:
    categories = load_assortment().categories
    covers = [
        (c, next(p for p in shop.products.values() if p.category == c.path)) for c in categories
    ]
    return {"queries": shop.queries[:8], "covers": covers}


def _product(shop: Storefront | None, product_id: str) -> Product | None:
    return shop.products.get(product_id) if shop else None


def _remembered(request: Request, visitor: Visitor, form: dict[str, list[str]]) -> Response:
    response = forms.back_to(forms.place(form))
    remember(response, request, visitor)
    return response
