"""Which events cost their campaigns something, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.store.ledger import Due

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.store.events import Event


def is_paid(event: Event) -> bool:
    """Tell whether this event costs its campaign something: a valid click with a price."""
    return (
        event.type == "click"
        and event.invalid_reason is None
        and event.impression_id is not None
        and event.campaign_id is not None
        and (event.price or 0) > 0
    )


def dues_of(events: Iterable[Event]) -> list[Due]:
    """What the paid ones of `events` cost, in their order."""
    return [
        Due(
            event.type,
            event.impression_id or "",
            event.store_id,
            event.campaign_id or "",
            int(event.price or 0),
            event.ts,
        )
        for event in events
        if is_paid(event)
    ]
