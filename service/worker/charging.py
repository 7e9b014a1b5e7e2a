"""Which events cost their campaigns something, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.decision.terms import Pricing
from service.store.events import PLATFORM
from service.store.ledger import Due

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.store.events import Event

_OF_TYPE: Final = {"click": Pricing.CLICK, "impression": Pricing.IMPRESSION}
"""What is paid for when it happens; orders are paid for when they are attributed."""


def pricing_of(event: Event) -> tuple[str, int]:
    """What the ad's campaign pays for, and how many micros.

    An event says so itself where not a click is paid for.
    """
    if event.payload and "pricing" in event.payload:
        price = event.payload.get("price")
        return str(event.payload["pricing"]), price if isinstance(price, int) else 0
    return Pricing.CLICK, int(event.price or 0)


def is_paid(event: Event) -> bool:
    """Tell whether this event costs its campaign something.

    That is a valid click or impression, where it is what the campaign pays for, with a price.
    """
    if event.type not in _OF_TYPE or event.invalid_reason is not None:
        return False
    if event.impression_id is None or event.campaign_id is None:
        return False
    pricing, price = pricing_of(event)
    return pricing == _OF_TYPE[event.type] and price > 0


def dues_of(events: Iterable[Event]) -> list[Due]:
    """What the paid ones of `events` cost, in their order."""
    return [
        Due(
            event.type,
            event.impression_id or "",
            event.store_id,
            event.campaign_id or "",
            pricing_of(event)[1],
            event.ts,
            platform=_platform_of(event),
        )
        for event in events
        if is_paid(event)
    ]


def _platform_of(event: Event) -> str | None:
    """Where the ad was shown; None where the token was of a version that did not say."""
    platform = event.payload.get(PLATFORM)
    return platform if isinstance(platform, str) and platform else None
