"""Which selling points a product's own data attest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.decision.terms import Product, SellingPoint


def attest(product: Product) -> tuple[SellingPoint, ...]:
    """The selling points of `product` that its highlights and attributes attest."""
    raise NotImplementedError(product)
