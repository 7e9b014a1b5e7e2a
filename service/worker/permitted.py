"""What may be kept: no shopper who withdrew consent, nor an erased one's past."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from math import inf
from typing import TYPE_CHECKING, Any

from service.store.events import CALLER_KEYED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.store.consents import Limit, Shopper
    from service.store.events import Event


def shoppers_of(events: Iterable[Event], decisions: Iterable[Mapping[str, Any]]) -> set[Shopper]:
    """Who is named in these."""
    named = {(event.store_id, event.user_id or "") for event in events}
    named |= {_shopper(decision) for decision in decisions}
    return {(store_id, user_id) for store_id, user_id in named if store_id and user_id}


def permitted_event(event: Event, limits: Mapping[Shopper, Limit]) -> Event:
    """The event, without the shopper if it happened before the limit set for them.

    Ids that the shop chose may hold the shopper's: those are hashed, of erased shoppers all.
    """
    limit = limits.get((event.store_id, event.user_id or ""))
    if limit is None or event.ts > limit.until:
        return event
    keys = (event.event_key, event.order_id or "")
    if limit.until < inf or any(event.user_id in key for key in keys):  # type: ignore[operator] # a limit is of an id
        event = _masked(event, limit.salt)
    return replace(event, user_id=None, session=None)


def _masked(event: Event, salt: bytes) -> Event:
    """The event under hashed ids, as `store.erasure` hashes them: a repeat is still told."""
    if event.type not in CALLER_KEYED:
        return event
    if event.order_id is None:
        return replace(event, event_key=_mask(event.event_key, salt))
    order_id = _mask(event.order_id, salt)
    return replace(event, event_key=f"{order_id}/{event.line}", order_id=order_id)


def _mask(key: str, salt: bytes) -> str:
    return f"erased_{sha256(salt + key.encode()).hexdigest()}"


def permitted_decision(
    decision: dict[str, Any], limits: Mapping[Shopper, Limit]
) -> dict[str, Any]:
    """The record, without shopper and profile if it was made before the limit set for them.

    Arms of experiments go too: the bucket is worked out from the shopper's id.
    """
    limit = limits.get(_shopper(decision))
    if limit is None or decision["ts"] > limit.until:
        return decision
    unnamed = {"user_id": None, "session": None, "profile": None}
    return decision | {"request": decision["request"] | unnamed, "experiments": []}


def _shopper(decision: Mapping[str, Any]) -> Shopper:
    request = decision.get("request")
    user_id = request.get("user_id") if isinstance(request, dict) else None
    store_id = decision.get("store_id")
    # what is no text is no id; such a record is refused later
    return (
        store_id if isinstance(store_id, str) else "",
        user_id if isinstance(user_id, str) else "",
    )
