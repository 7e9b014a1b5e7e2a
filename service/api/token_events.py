"""What a signed token and the request that brought it say happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.consent import opted_out
from service.api.traffic import NO_VERDICT
from service.decision.terms import Micros, Pricing
from service.store.events import PLATFORM, SOURCE, Event

if TYPE_CHECKING:
    from service.api.hot_route import Call
    from service.api.tokens import AdToken
    from service.api.traffic import Verdict


def event_of(
    kind: str, token: AdToken, call: Call, *, now: float, verdict: Verdict = NO_VERDICT
) -> Event:
    """The impression, view or click on the ad of `token`.

    Its time is the token's, so that a repeat has the same key. One that does not count has a key
    of its own: a browser that fetched a link ahead may still click it.
    """
    invalid_reason = verdict.reason
    if invalid_reason is None and token.is_expired(now):
        invalid_reason = "expired"
    impression = token.impression_id
    by_click = token.pricing is Pricing.CLICK
    payload: dict[str, object] = {}
    if not by_click:
        payload = {"pricing": token.pricing, "price": token.price}
    if token.platform:
        payload[PLATFORM] = token.platform
    if verdict.source is not None and invalid_reason is None:
        payload[SOURCE] = verdict.source
    return Event(
        store_id=token.store_id,
        ts=token.ts,
        type=kind,
        event_key=impression if invalid_reason is None else f"{impression}:{invalid_reason}",
        received_at=now,
        request_id=token.request_id,
        impression_id=impression,
        user_id=None if opted_out(call) else token.user_id,
        ad_id=token.ad_id,
        campaign_id=token.campaign_id,
        product_id=token.product_id,
        slot=token.slot,
        price=token.price if by_click else Micros(0),  # what older versions charge for a click
        invalid_reason=invalid_reason,
        payload=payload,
    )


def token_in(text: str) -> str:
    """The token in one of an ad's URLs, or `text` itself."""
    return text.rpartition("/")[2].removesuffix(".gif")
