"""Which ad gets the credit for an order's line, and what a return takes back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.decision.terms import Micros


class TouchKind(StrEnum):
    """How a shopper met an ad."""

    CLICK = "click"
    VIEW = "view"  # half of it was in view for a second


@dataclass(frozen=True, slots=True)
class Touch:
    """A valid click on an ad, or a view of it. Times are Unix seconds."""

    impression_id: str
    campaign_id: str
    advertiser_id: str
    ad_id: str
    product_id: str
    kind: TouchKind
    at: float
    window_seconds: float  # how long after it an order counts; 0 for never
    pricing: str = "click"
    price: int = 0  # micros, of what `pricing` says
    platform: str | None = None  # where it was shown, if that is known


@dataclass(frozen=True, slots=True)
class Purchase:
    """One line of an order, and who advertises its product."""

    product_id: str
    at: float  # Unix seconds
    advertisers: frozenset[str] = frozenset()
    named: str | None = None  # the impression that the shop says led to it


class Credit(NamedTuple):
    """The touch that an order's line is attributed to."""

    touch: Touch
    halo: bool  # the ad was for another product of the same advertiser

    @property
    def pays(self) -> bool:
        """Whether the line costs the campaign: what it sold is what it bid for."""
        return self.touch.pricing == "order" and self.touch.price > 0 and not self.halo


def credit(purchase: Purchase, touches: Iterable[Touch]) -> Credit | None:
    """The last touch within its window that can have led to `purchase`, if there is one.

    A touch counts if its ad was for the product, or for another one of an advertiser who
    advertises the product too. Of those the one that the shop named goes first, then clicks go
    before views, ads for the product itself before others, and the last before earlier ones.
    """
    found = [
        Credit(touch, touch.product_id != purchase.product_id)
        for touch in touches
        if 0 <= purchase.at - touch.at <= touch.window_seconds and touch.window_seconds
        if touch.product_id == purchase.product_id or touch.advertiser_id in purchase.advertisers
    ]
    return max(found, key=lambda one: _rank(one, purchase), default=None)


def _rank(one: Credit, purchase: Purchase) -> tuple[bool, bool, bool, float, str]:
    touch = one.touch
    return (
        touch.impression_id == purchase.named,
        touch.kind is TouchKind.CLICK,
        not one.halo,
        touch.at,
        touch.impression_id,  # the same for whoever looks
    )


class Amount(NamedTuple):
    """So many pieces, and what they are worth in micros."""

    quantity: Fraction
    value: int


class Returned(NamedTuple):
    """What a return takes back of an order's line, and of what the line cost, in micros."""

    amount: Amount
    refund: int


def take_back(
    sale: Amount, before: Amount, quantity: Fraction, value: int | None, price: Micros
) -> Returned:
    """What comes back when `quantity` pieces do, after `before` came back already.

    It is never more than the sale. Without a `value` pieces are worth what they were sold for.
    The campaign gets back its price in the share of the value that is returned, or of the pieces
    where the sale had no value; all returns together give back the whole micros of their share:
        refund = floor(price * share after) - floor(price * share before)
    """
    quantity = min(quantity, sale.quantity - before.quantity)
    if value is None:
        value = int(sale.value * quantity / sale.quantity) if sale.quantity else 0
    amount = Amount(quantity, min(value, sale.value - before.value))
    after = Amount(before.quantity + amount.quantity, before.value + amount.value)
    refund = int(price * _share(after, sale)) - int(price * _share(before, sale))
    return Returned(amount, refund)


def _share(part: Amount, whole: Amount) -> Fraction:
    if whole.value:
        return Fraction(part.value, whole.value)
    return part.quantity / whole.quantity if whole.quantity else Fraction(0)
