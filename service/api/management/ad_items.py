"""What becomes of each ad that is to be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.ids import new_id
from service.api.management.batch_items import Refused
from service.api.schemas.campaign_ads import AdBatch, AdDraft
from service.decision.terms import Ad, Micros
from service.errors import Fault
from service.store.management.ads import count_ads, products_advertised, products_there

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

MOST_ADS = 10_000
"""Of one campaign."""


async def sift_ads(
    connection: AsyncConnection, store_id: str, campaign_id: str, batch: AdBatch
) -> list[Ad | Refused]:
    """Each item as a new ad of the campaign, or why it is none."""
    asked = [item.product_id for item in batch.items() if isinstance(item, AdDraft)]
    there = await products_there(connection, store_id, asked)
    advertised = await products_advertised(connection, campaign_id, asked)
    room = MOST_ADS - await count_ads(connection, campaign_id)
    outcomes: list[Ad | Refused] = []
    for item in batch.items():
        outcome: Ad | Refused = item if isinstance(item, Refused) else _ad(item, campaign_id)
        if isinstance(outcome, Ad):
            outcome = _refusal(outcome.product_id, there, advertised, room) or outcome
        if isinstance(outcome, Ad):
            advertised.add(outcome.product_id)
            room -= 1
        outcomes.append(outcome)
    return outcomes


def _ad(draft: AdDraft, campaign_id: str) -> Ad:
    bid = None if draft.bid_micros is None else Micros(draft.bid_micros)
    return Ad(new_id("ad"), campaign_id, draft.product_id, bid, draft.active)


def _refusal(product_id: str, there: set[str], advertised: set[str], room: int) -> Refused | None:
    if product_id not in there:
        detail = f"The store has no product {product_id!a}"
        return Refused(422, (Fault("/product_id", "unknown_product", detail),))
    if product_id in advertised:
        detail = f"The campaign has an ad for {product_id!a} already"
        return Refused(409, (Fault("/product_id", "exists", detail),))
    if room <= 0:
        return Refused(422, (Fault("", "too_many", f"A campaign has at most {MOST_ADS} ads"),))
    return None
