"""What a page of the shop is about: a search with its feature words, a category, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.demo.personas import PERSONAS
from service.demo.search import feature_phrases
from service.web import forms

if TYPE_CHECKING:
    from starlette.requests import Request

    from service.decision.terms import Product
    from service.web.demo_shop import Storefront
    from service.web.visitor import Visitor

_SEARCHED = 60  # of which feature words are counted, and kept by


@dataclass(frozen=True, slots=True)
class Listing:
    """What a page of results holds besides its ads."""

    query: str = ""
    category: str = ""
    words: tuple[str, ...] = ()  # feature words that are switched on
    hidden: tuple[str, ...] = ()  # products whose ads are not to be shown here
    chips: tuple[str, ...] = ()
    products: tuple[Product, ...] = ()

    @property
    def asked(self) -> dict[str, str]:
        """What to ask the service for ads by; nothing on the front page."""
        fields = {"query": self.query} if self.query else {"category": self.category}
        return {name: text for name, text in fields.items() if text}


def listing_of(request: Request, shop: Storefront) -> Listing:
    """What the address of a page asks for."""
    asked = request.query_params
    query, category = forms.clean(asked.get("q", "")), forms.clean(asked.get("category", ""))
    hidden = forms.many({"hidden": asked.getlist("hidden")}, "hidden")
    if query:
        found = shop.search.find(query, _SEARCHED)
        words = forms.many({"word": asked.getlist("word")}, "word")
        kept = tuple(p for p in found if set(words) <= set(feature_phrases(p)))
        chips = shop.search.feature_words(query, found)
        return Listing(query, "", words, hidden, chips, kept)
    found = shop.search.in_category(category) if category else ()
    return Listing(category=category, hidden=hidden, products=found)


def frame(visitor: Visitor, listing: Listing) -> dict[str, object]:
    """What every page of the shop is given."""
    return {"visitor": visitor, "personas": PERSONAS, "listing": listing}
