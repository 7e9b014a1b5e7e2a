"""What the templates show: products and ads as cards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.decision.terms import Product

_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}


@dataclass(frozen=True, slots=True)
class TitleRun:
    """A run of a title; marked runs are selling points."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """One product on the page. Ads have a label, and pixels for shown and seen."""

    product: Product
    title: tuple[TitleRun, ...]
    href: str
    price: str
    label: str | None = None
    pixel: str | None = None
    view: str | None = None
    impression_id: str | None = None

    @property
    def token(self) -> str:
        """The signed token of an ad, as it stands in its own addresses."""
        return self.href.rpartition("/")[2]


def organic_card(product: Product) -> Card:
    """A product that the shop's own search found."""
    title = (TitleRun(product.title),)
    return Card(product, title, f"/p/{product.product_id}", price_text(product.price))


def ad_cards(
    ads: Sequence[Mapping[str, Any]], products: Mapping[str, Product]
) -> tuple[Card, ...]:
    """The ads of products that this shop sells, in the order of their slots."""
    return tuple(
        Card(
            product=products[ad["product_id"]],
            title=tuple(TitleRun(p["text"], p["highlight"]) for p in ad["title"]["parts"]),
            href=ad["click_url"],
            price=price_text(products[ad["product_id"]].price),
            label=ad["label"],
            pixel=ad["impression_url"],
            view=ad["view_url"],
            impression_id=ad["impression_id"],
        )
        for ad in ads
        if ad["product_id"] in products
    )


def price_text(micros: int, currency: str = "EUR") -> str:
    """A price for people: €1,049.90."""
    cents = round(micros / 10_000)
    return f"{_SYMBOLS.get(currency, currency + ' ')}{cents // 100:,}.{cents % 100:02d}"
