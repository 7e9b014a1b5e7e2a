"""What a shop tells of its shoppers, as the events that are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.api.consent import known
from service.api.schemas.events import (
    AddToCart,
    Click,
    Conversion,
    FeatureWord,
    Impression,
    Return,
    Search,
    View,
)
from service.api.token_events import event_of, token_in
from service.api.traffic import NO_VERDICT, verdict_on
from service.decision.terms import Micros
from service.errors import BadInputError, BadTokenError
from service.store.events import Event

if TYPE_CHECKING:
    from datetime import datetime

    from service.api.hot_route import Call
    from service.api.keys import Key
    from service.api.tokens import AdToken, TokenSigner

Signed = Impression | View | Click
Keyed = Search | FeatureWord | AddToCart
Told = Signed | Keyed | Conversion | Return

OLDEST_SECONDS = 90 * 24 * 3600
AHEAD_SECONDS = 300  # how far a caller's clock may go before ours


@dataclass(frozen=True, slots=True)
class Telling:
    """Who tells, how, and when."""

    call: Call
    key: Key
    signer: TokenSigner
    now: float
    currency: str  # of the store


def told_event(told: Told, telling: Telling) -> Event:
    """`told` as it is kept.

    Raises: BadTokenError for a token that is not one of this store's, BadInputError for a time
    that cannot be.
    """
    if isinstance(told, Conversion):
        return _conversion(told, telling)
    if isinstance(told, Return):
        return _return(told, telling)
    if isinstance(told, Search | FeatureWord | AddToCart):
        return Event(
            event_key=told.event_id,
            **_common(told, telling),
            **_particulars(told, telling.currency),
        )
    token = _token(told.token, telling)
    # Without an Origin header a server speaks for its shoppers: its own agent is no browser.
    direct = telling.call.header(b"origin") is not None
    verdict = verdict_on(told.type, token, telling.call, telling.now) if direct else NO_VERDICT
    return event_of(told.type, token, telling.call, now=telling.now, verdict=verdict)


def _conversion(told: Conversion, telling: Telling) -> Event:
    fields: dict[str, Any] = _common(told, telling)
    if told.token is not None:
        token = _token(told.token, telling)
        fields |= {
            "request_id": token.request_id,
            "impression_id": token.impression_id,
            "ad_id": token.ad_id,
            "campaign_id": token.campaign_id,
            "slot": token.slot,
            "payload": {"shown_at": token.ts},
        }
    return Event(
        event_key=f"{told.order_id}/{told.line}",
        order_id=told.order_id,
        line=str(told.line),
        **_purchase(told, telling.currency),
        **fields,
    )


def _return(told: Return, telling: Telling) -> Event:
    """It names no shopper: the order does."""
    return Event(
        store_id=telling.key.store_id,
        type=told.type,
        ts=_when(told.occurred_at, telling.now),
        event_key=f"{told.order_id}/{told.line}/{told.return_id}",
        received_at=telling.now,
        order_id=told.order_id,
        line=str(told.line),
        quantity=told.quantity,
        value=None if told.value is None else Micros(told.value),
        payload={"return_id": told.return_id},
    )


def _common(told: Keyed | Conversion, telling: Telling) -> dict[str, Any]:
    """What all events have that bring no token."""
    who = known(told.user, telling.call)
    return {
        "store_id": telling.key.store_id,
        "type": told.type,
        "ts": _when(told.occurred_at, telling.now),
        "received_at": telling.now,
        "user_id": who.user_id,
        "session": who.session,
    }


def _particulars(told: Keyed, currency: str) -> dict[str, Any]:
    if isinstance(told, Search):
        return {"query": told.query}
    if isinstance(told, AddToCart):
        return _purchase(told, currency)
    return {
        "feature_word": told.feature_word,
        "action": told.action,
        "query": told.query,
        "position": told.position,
    }


def _purchase(told: AddToCart | Conversion, currency: str) -> dict[str, Any]:
    value = None if told.value is None else Micros(told.value)
    return {
        "product_id": told.product_id,
        "quantity": told.quantity,
        "value": value,
        "currency": told.currency or currency,
    }


def _token(text: str, telling: Telling) -> AdToken:
    token = telling.signer.read(token_in(text))
    if token.store_id != telling.key.store_id:
        raise BadTokenError  # another shop's tokens are as good as forged
    return token


def _when(occurred_at: datetime | None, now: float) -> float:
    if occurred_at is None:
        return now
    ts = occurred_at.timestamp()
    if not now - OLDEST_SECONDS <= ts <= now + AHEAD_SECONDS:
        raise BadInputError(
            f"occurred_at must be within the last 90 days; received {occurred_at.isoformat()}"
        )
    return min(ts, now)
