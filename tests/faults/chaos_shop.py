"""The shop of the chaos run: what is charged there, and tokens for ads it might have shown."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from service.api.tokens import AdToken, TokenSigner, impression_id, parse_signing_keys
from service.decision.terms import (
    Ad,
    Campaign,
    CampaignStatus,
    Keyword,
    MatchType,
    Micros,
    Placement,
)
from service.store.campaigns import put_ads, put_advertisers, put_campaigns, put_placements
from service.store.catalogue import put_products, put_store
from service.store.keys import create_key
from service.store.postgres import open_engine
from tests.integration.worker.shop import a_store, ad_id, products

if TYPE_CHECKING:
    import random
    from pathlib import Path

SECRET: Final = "1:" + "5a" * 32
SIGNER: Final = TokenSigner(parse_signing_keys(SECRET))
OPEN: Final = 8  # campaigns whose budgets cannot run out
CAPPED: Final = OPEN  # the place of the one that can pay a thousand of its clicks
TIGHT: Final = OPEN + 1  # the place of the one that real shoppers empty
PRICE: Final = Micros(250_000)
CAPPED_CLICKS: Final = 1000
TIGHT_PRICE: Final = Micros(10_000)  # alone on its query, its ad pays the reserve
TIGHT_SECONDS: Final = 1800  # how long its budget lasts at the rate of the shoppers' clicks
QUERY: Final = "tightrope"


@dataclass(frozen=True)
class ChaosShop:
    """What producer, schedule and accounts must agree on."""

    store_id: str
    key: str
    campaigns: tuple[str, ...]
    ads: tuple[str, ...]
    products: tuple[str, ...]
    tight_budget: int  # micros

    def write(self, path: Path) -> None:
        """Keep it for the producer's process."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> ChaosShop:
        """What `write` kept."""
        told: dict[str, Any] = json.loads(path.read_text())
        for name, value in told.items():
            told[name] = tuple(value) if isinstance(value, list) else value
        return cls(**told)

    def award(
        self, lot: random.Random, campaign: int, *, price: int = PRICE, ts: float
    ) -> AdToken:
        """An ad of the campaign in that place, as if it had been shown at `ts`."""
        return AdToken(
            store_id=self.store_id,
            request_id=f"req_{lot.getrandbits(128):032x}",
            slot=0,
            ad_id=self.ads[campaign],
            campaign_id=self.campaigns[campaign],
            product_id=self.products[campaign],
            price=Micros(price),
            ts=round(ts, 3),
            lifetime_seconds=4 * 3600,
            user_id=f"user-{lot.randrange(2000)}" if lot.random() < 0.1 else None,
            url=f"https://lamps.example/p/{self.products[campaign]}",
        )


def key_of(token: AdToken) -> str:
    """The key of the token's events."""
    return impression_id(token.request_id, token.slot)


def open_chaos_shop(database_url: str, clicks_a_second: float) -> ChaosShop:
    """Make the shop; its tight campaign lasts for `TIGHT_SECONDS` of so many clicks."""
    tight_budget = round(TIGHT_SECONDS * clicks_a_second) * TIGHT_PRICE
    return asyncio.run(_open(database_url, tight_budget))


async def _open(database_url: str, tight_budget: int) -> ChaosShop:
    engine = open_engine(database_url)
    store, goods = a_store(), products(OPEN + 2)
    suffix = store.store_id.removeprefix("sto_")[:-2]
    budgets = [10**15] * OPEN + [CAPPED_CLICKS * PRICE, tight_budget]
    campaigns = [
        Campaign(
            campaign_id=f"cmp_{suffix}{place:02x}",
            advertiser_id=f"adv_{suffix}00",
            name=f"Campaign {place}",
            status=CampaignStatus.ACTIVE,
            bid=Micros(500_000),
            budget=Micros(budget),
            keywords=(Keyword(QUERY if place == TIGHT else f"lamp {place}", MatchType.EXACT),),
        )
        for place, budget in enumerate(budgets)
    ]
    ads = [
        Ad(ad_id(store, product), campaign.campaign_id, product.product_id)
        for product, campaign in zip(goods, campaigns, strict=True)
    ]
    async with engine.begin() as connection:
        await put_store(connection, store)
        await put_placements(
            connection, store.store_id, [Placement("search_top", "web", 4, TIGHT_PRICE)]
        )
        await put_products(connection, store.store_id, goods)
        await put_advertisers(connection, store.store_id, [(f"adv_{suffix}00", "Lux")])
        await put_campaigns(connection, store.store_id, campaigns)
        await put_ads(connection, store.store_id, ads)
        _, key = await create_key(connection, store.store_id, "secret", ("serve", "events"))
    await engine.dispose()
    return ChaosShop(
        store.store_id,
        key,
        tuple(campaign.campaign_id for campaign in campaigns),
        tuple(ad.ad_id for ad in ads),
        tuple(product.product_id for product in goods),
        tight_budget,
    )
