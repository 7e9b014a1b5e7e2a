"""A small shop in the database for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.decision.terms import (
    Ad,
    Campaign,
    CampaignStatus,
    Keyword,
    MatchType,
    Micros,
    Placement,
    Product,
    Store,
)
from service.store.campaigns import put_ads, put_advertisers, put_campaigns, put_placements
from service.store.catalogue import put_products, put_store
from service.store.events import Event
from service.store.ledger import charge
from service.worker.charging import dues_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

STORE = Store("sto_1", "Shop", "EUR", "en-GB", "https://shop.example")
OTHER = Store("sto_2", "Other", "EUR", "en-GB", "https://other.example")
LAMP = Product(
    "100001",
    "Desk lamp, brass",
    "/p/100001",
    Micros(39_900_000),
    brand="Lumo",
    category="Home > Lamps",
    highlights=("dimmable", "solid brass"),
    attributes={"colour": "brass", "note": 'a "quoted" \\ tab\t'},
)
RUG = Product("100002", "Wool rug", "/p/100002", Micros(120_000_000))


def campaign(campaign_id: str = "cmp_1", *, budget: int = 1_000_000, **other: object) -> Campaign:
    values = {
        "advertiser_id": "adv_1",
        "name": "Lamps",
        "status": CampaignStatus.ACTIVE,
        "bid": Micros(300_000),
        "keywords": (
            Keyword("desk lamp", MatchType.PHRASE),
            Keyword("lava", MatchType.BROAD, negative=True),
        ),
    } | other
    return Campaign(campaign_id=campaign_id, budget=Micros(budget), **values)  # type: ignore[arg-type]


async def fill(connection: AsyncConnection, *campaigns: Campaign) -> None:
    await put_store(connection, STORE)
    await put_products(connection, "sto_1", [LAMP, RUG])
    await put_advertisers(connection, "sto_1", [("adv_1", "Lumo GmbH")])
    made = campaigns or (campaign(),)
    await put_campaigns(connection, "sto_1", made)
    await put_ads(connection, "sto_1", [Ad("ad_1", made[0].campaign_id, LAMP.product_id)])
    await put_placements(connection, "sto_1", [Placement("search_top", "web", 4, Micros(10_000))])


def click(
    number: int, price: int | None = 100_000, campaign_id: str = "cmp_1", **other: object
) -> Event:
    values = {
        "store_id": "sto_1",
        "ts": 1_790_000_000.25,
        "type": "click",
        "event_key": f"imp_{number}",
        "impression_id": f"imp_{number}",
        "received_at": 1_790_000_001.5,
        "campaign_id": campaign_id,
        "product_id": LAMP.product_id,
        "ad_id": "ad_1",
        "price": price,
    } | other
    return Event(**values)  # type: ignore[arg-type]


async def pay(connection: AsyncConnection, clicks: Sequence[Event]) -> list[Event]:
    """Charge what `clicks` cost; those that were paid now."""
    charged = await charge(connection, dues_of(clicks))
    first = {click.impression_id: click for click in reversed(clicks)}
    return [first[due.impression_id] for due in charged.paid]
