"""A ruling as the record that is kept: enough to decide again and compare."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson

from service.api.ad_answer import selling_points_of
from service.api.tokens import impression_id
from service.decision.policy import STANDARD_POLICY
from service.decision.terms import Pricing

if TYPE_CHECKING:
    from service.api.deliberation import Asked, Ruling
    from service.decision.terms import AwardedAd, Decision


def record_of(ruling: Ruling, took_us: int) -> bytes:
    """The JSON of everything that the decision was made from, and of the decision."""
    asked, decision = ruling.asked, ruling.decision
    return orjson.dumps(
        {
            "request_id": asked.request_id,
            "store_id": asked.live.snapshot.store.store_id,
            "ts": asked.ts,
            "seed": asked.seed,
            "snapshot": asked.live.snapshot.version,
            "models": ruling.models,
            "request": _inputs(asked, decision),
            "experiments": [
                {"experiment_id": one.experiment_id, "arm": one.arm, "bucket": one.bucket}
                for one in asked.assignments
            ],
            "awards": [_award(asked.request_id, awarded) for awarded in decision.awards],
            "propensity": decision.propensity,
            "no_fill_reason": decision.no_fill_reason,
            "degraded": ruling.degraded,
            "took_us": took_us,
        }
    )


def _inputs(asked: Asked, decision: Decision) -> dict[str, Any]:
    """The raw inputs as they were used: without consent there are no ids and no profile."""
    query, muted = asked.query, asked.live.snapshot.muted
    inputs = {
        "query": query.query,
        "category": query.category,
        "placement": query.placement.name,
        "slots": query.slots,
        "user_id": asked.known.user_id,
        "session": asked.known.session,
        "device": asked.device,
        "excluded": list(query.excluded_products),
        "organic": list(query.organic_products),
        "profile": None if asked.profile is None else orjson.Fragment(asked.profile),
        "spent_out": decision.spent_out,
    }
    if decision.paces:
        inputs["paces"] = {campaign: list(pace) for campaign, pace in decision.paces.items()}
    if muted:
        inputs["muted"] = list(muted)
    if query.explored_share:
        inputs["explored_share"] = query.explored_share
    if query.policy != STANDARD_POLICY:
        inputs["policy"] = asdict(query.policy)
    return inputs


def _award(request_id: str, awarded: AwardedAd) -> dict[str, Any]:
    award = awarded.award
    by_click = award.ad.pricing is Pricing.CLICK
    other = {} if by_click else {"pricing": award.ad.pricing, "due_ppm": award.ad.due_ppm}
    return other | {
        "slot": award.slot,
        "impression_id": impression_id(request_id, award.slot),
        "ad_id": award.ad.ad_id,
        "campaign_id": awarded.campaign_id,
        "product_id": award.ad.product_id,
        "price": award.price,
        "bid": award.ad.bid,
        "quality_ppm": award.ad.quality_ppm,
        "rate_ppm": award.ad.rate_ppm,
        "chosen": selling_points_of(awarded.chosen),
        "reason": awarded.reason,
        "propensity": awarded.propensity,
        "arm": awarded.arm,
        "title": awarded.title.original,
    }
