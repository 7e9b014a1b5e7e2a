"""A ruling as the body of an answer, built by hand: tests hold it against `AdResponse`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from service.api.tokens import AdToken, impression_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.api.deliberation import Ruling
    from service.api.tokens import TokenSigner
    from service.decision.terms import AwardedAd, ChosenPoint, Title

LIFETIME_SECONDS = 4 * 3600
"""How long after the decision a click is still charged."""

LABEL = "Sponsored"


def answer_of(ruling: Ruling, base_url: str, signer: TokenSigner) -> dict[str, Any]:
    """The answer to a request for ads, but for `took_ms`."""
    asked, decision = ruling.asked, ruling.decision
    return {
        "request_id": asked.request_id,
        "ads": [_ad(ruling, awarded, base_url, signer) for awarded in decision.awards],
        "experiments": [
            {"experiment_id": one.experiment_id, "name": one.name, "arm": one.arm}
            for one in asked.assignments
        ],
        "no_fill_reason": decision.no_fill_reason,
        "degraded": ruling.degraded,
        "expires_at": expiry(asked.ts),
    }


def expiry(ts: float) -> str:
    """When clicks on an answer of `ts` stop being charged, in RFC 3339."""
    return _rfc3339(int(ts) + LIFETIME_SECONDS)


@lru_cache(maxsize=16)
def _rfc3339(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}Z"


def explanation_of(ruling: Ruling, stages_us: dict[str, int]) -> dict[str, Any]:
    """How the answer came about."""
    asked, decision = ruling.asked, ruling.decision
    return {
        "snapshot": asked.live.snapshot.version,
        "models": ruling.models,
        "seed": asked.seed,
        "selling_points": asdict(asked.query.policy),
        "buckets": {one.experiment_id: one.bucket for one in asked.assignments},
        "candidates": decision.candidates,
        "filtered": dict(decision.filtered),
        "auction": [
            {
                "ad_id": line.ad_id,
                "product_id": line.product_id,
                "lexical": float(line.lexical),
                "quality_ppm": int(line.quality_ppm),
                "bid_micros": int(line.bid),
                "value": int(line.value),
            }
            for line in decision.trace
        ],
        "stages_us": stages_us,
    }


def ad_explanation_of(awarded: AwardedAd) -> dict[str, Any]:
    """Why one ad stands where it stands."""
    return {
        "price_micros": awarded.award.price,
        "bid_micros": awarded.award.ad.bid,
        "quality_ppm": awarded.award.ad.quality_ppm,
        "reason": awarded.reason,
        "selling_points": selling_points_of(awarded.chosen),
    }


def selling_points_of(chosen: Sequence[ChosenPoint]) -> list[dict[str, Any]]:
    """The points in a title, and how they were chosen."""
    return [
        {
            "id": one.point.selling_point_id,
            "text": one.point.text,
            "score": one.score,
            "propensity": one.propensity,
        }
        for one in chosen
    ]


def _ad(ruling: Ruling, awarded: AwardedAd, base_url: str, signer: TokenSigner) -> dict[str, Any]:
    asked, award = ruling.asked, awarded.award
    token = signer.sign(_token(ruling, awarded))
    return {
        "ad_id": award.ad.ad_id,
        "product_id": award.ad.product_id,
        "campaign_id": awarded.campaign_id,
        "slot": award.slot,
        "title": title_of(awarded.title),
        "impression_id": impression_id(asked.request_id, award.slot),
        "click_url": f"{base_url}/c/{token}",
        "impression_url": f"{base_url}/i/{token}.gif",
        "view_url": f"{base_url}/v/{token}.gif",
        "label": LABEL,
    }


def _token(ruling: Ruling, awarded: AwardedAd) -> AdToken:
    asked, award = ruling.asked, awarded.award
    snapshot = asked.live.snapshot
    return AdToken(
        store_id=snapshot.store.store_id,
        request_id=asked.request_id,
        slot=award.slot,
        ad_id=award.ad.ad_id,
        campaign_id=awarded.campaign_id,
        product_id=award.ad.product_id,
        price=award.price,
        ts=asked.ts,
        lifetime_seconds=LIFETIME_SECONDS,
        user_id=asked.known.user_id,
        url=snapshot.names(award.ad.row).link,
        pricing=award.ad.pricing,
        platform=asked.query.placement.platform,
    )


def title_of(title: Title) -> dict[str, Any]:
    """A title in parts, and what of the product's name had no room in it."""
    told: dict[str, Any] = {
        "text": title.text,
        "original": title.original,
        "parts": [
            {
                "text": part.text,
                "selling_point": part.selling_point_id,
                "highlight": part.highlight,
            }
            for part in title.parts
        ],
    }
    if title.left_out:
        told["left_out"] = title.left_out
    return told
