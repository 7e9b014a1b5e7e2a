"""What may be kept: no shopper who withdrew consent, nor an erased one's past."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.store.consents import Shopper
    from service.store.events import Event


def shoppers_of(events: Iterable[Event], decisions: Iterable[Mapping[str, Any]]) -> set[Shopper]:
    """Who is named in these."""
    named = {(event.store_id, event.user_id or "") for event in events}
    named |= {_shopper(decision) for decision in decisions}
    return {(store_id, user_id) for store_id, user_id in named if store_id and user_id}


def permitted_event(event: Event, limits: Mapping[Shopper, float]) -> Event:
    """The event, without the shopper if it happened before the limit set for them."""
    limit = limits.get((event.store_id, event.user_id or ""))
    if limit is None or event.ts > limit:
        return event
    return replace(event, user_id=None, session=None)


def permitted_decision(
    decision: dict[str, Any], limits: Mapping[Shopper, float]
) -> dict[str, Any]:
    """The record, without shopper and profile if it was made before the limit set for them."""
    limit = limits.get(_shopper(decision))
    if limit is None or decision["ts"] > limit:
        return decision
    unnamed = {"user_id": None, "session": None, "profile": None}
    return decision | {"request": decision["request"] | unnamed}


def _shopper(decision: Mapping[str, Any]) -> Shopper:
    request = decision.get("request")
    user_id = request.get("user_id") if isinstance(request, dict) else None
    store_id = decision.get("store_id")
    # what is no text is no id; such a record is refused later
    return (
        store_id if isinstance(store_id, str) else "",
        user_id if isinstance(user_id, str) else "",
    )
