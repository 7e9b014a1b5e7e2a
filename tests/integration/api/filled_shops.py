"""Two shops with two merchants each, one of everything for each of them, and keys of all sorts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import text

from service.api.keys import Scope
from service.decision.terms import Micros, Placement, Product, Store
from service.store.campaigns import put_placements
from service.store.catalogue import put_products, put_store
from service.store.keys import create_key
from service.store.ledger import Due, charge
from service.store.platform_results import HourResult, put_results
from service.store.refunds import ChargeName, Refund, RefundReason, refund_charges
from service.store.tables import metadata

if TYPE_CHECKING:
    import httpx
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

SCOPES = tuple(scope.value for scope in Scope)
PUBLIC = ("serve", "events")


@dataclass
class Merchant:
    """What one merchant has: its ids by the name of the path parameter that takes them."""

    mark: str  # stands in every text of this merchant and of nobody else
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def marks(self) -> set[str]:
        """What gives away that a text tells of this merchant."""
        return {self.mark, *self.ids.values()}


@dataclass
class FilledShop:
    """One shop. Keys by name: "manage", "manage of a merchant", "publishable serve"."""

    store_id: str
    mark: str
    own: Merchant  # the merchant that the bound keys are for
    rival: Merchant
    keys: dict[str, str] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)  # ids of the whole store's things

    @property
    def marks(self) -> set[str]:
        """What gives away that a text tells of this shop."""
        own = {self.store_id, self.mark, *self.shared.values()}
        return own | self.own.marks | self.rival.marks

    @property
    def ids(self) -> dict[str, str]:
        """A value for each path parameter, all of them the shop's own."""
        return self.shared | self.own.ids


def key_names() -> list[str]:
    """All sorts of keys that a shop is given."""
    bound = [f"{scope} of a merchant" for scope in SCOPES]
    return [*SCOPES, *bound, *(f"publishable {scope}" for scope in PUBLIC)]


async def open_filled_shop(engine: AsyncEngine, letter: str) -> FilledShop:
    """A shop with products, placements and keys, but nothing of the management API yet."""
    mark = f"Quartz{letter}"
    shop = FilledShop(
        store_id=f"sto_{letter * 32}",
        mark=mark,
        own=Merchant(f"{mark}Lux"),
        rival=Merchant(f"{mark}Nox"),
        shared={
            "name": f"{mark}_top",
            "platform_name": f"{mark} web",
            "product_id": f"{mark}-1",
            "user_id": f"{mark}-ann",
            "impression_id": f"imp_0193b2c4e5f6{letter * 20}00",
        },
    )
    store = Store(shop.store_id, mark, "EUR", "en", f"https://{mark.lower()}.example")
    lamps = [f"{mark}-1", f"{mark}-2"]
    goods = [Product(one, f"Oak Lamp {one}", "/p/1", Micros(10_000_000)) for one in lamps]
    async with engine.begin() as connection:
        await put_store(connection, store)
        await put_products(connection, shop.store_id, goods)
        placement = Placement(shop.shared["name"], shop.shared["platform_name"], 4, Micros(10_000))
        await put_placements(connection, shop.store_id, [placement])
        for one in (shop.own, shop.rival):
            one.ids["advertiser_id"] = f"adv_{one.mark}"
            await connection.execute(
                text("INSERT INTO advertisers (id, store_id, name) VALUES (:id, :store, :name)"),
                {"id": one.ids["advertiser_id"], "store": shop.store_id, "name": one.mark},
            )
            one.ids["job_id"] = f"job_{one.mark}"
            await connection.execute(
                text(
                    "INSERT INTO jobs (id, store_id, advertiser_id, kind)"
                    " VALUES (:id, :store, :advertiser, 'import')"
                ),
                {
                    "id": one.ids["job_id"],
                    "store": shop.store_id,
                    "advertiser": one.ids["advertiser_id"],
                },
            )
        for name in key_names():
            scope = next(scope for scope in SCOPES if scope in name)
            kind = "publishable" if "publishable" in name else "secret"
            bound = shop.own.ids["advertiser_id"] if "merchant" in name else None
            made = await create_key(connection, shop.store_id, kind, (scope,), (), bound)
            shop.keys[name] = made[1]
    return shop


async def fill(shop: FilledShop, client: httpx.AsyncClient) -> None:
    """Make one of everything over the API with the shop's own key, for each merchant too."""
    headers = {"authorization": f"Bearer {shop.keys['admin']}"}

    async def call(method: str, path: str, body: Any) -> Any:
        response = await client.request(method, path, json=body, headers=headers)
        assert response.is_success, (path, response.text)
        return response.json()

    arms = [{"name": name, "weight": 5000} for name in ("usual", "other")]
    made = await call("POST", "/v1/experiments", {"name": shop.mark, "arms": arms})
    shop.shared["experiment_id"] = made["id"]
    for number, one in enumerate((shop.own, shop.rival), 1):
        ids, name = one.ids, one.mark
        key = {"name": name, "kind": "secret", "scopes": ["manage"]}
        made = await call("POST", "/v1/keys", key | {"advertiser_id": ids["advertiser_id"]})
        ids["key_id"] = made["id"]
        draft = {"name": name, "bid_micros": 200_000, "budget_micros": 9_000_000}
        made = await call("POST", "/v1/campaigns", draft | {"advertiser_id": ids["advertiser_id"]})
        ids["campaign_id"] = made["id"]
        here = f"/v1/campaigns/{ids['campaign_id']}"
        ads = {"ads": [{"product_id": f"{shop.mark}-{number}"}]}
        ids["ad_id"] = (await call("POST", f"{here}/ads", ads))["results"][0]["id"]
        words = {"keywords": [{"text": "lamp"}, {"text": f"lamp {name}"}]}
        made = await call("POST", f"{here}/keywords", words)
        ids["keyword_id"] = made["results"][1]["id"]
        await call("PATCH", here, {"status": "active"})
        floor = {"platform": shop.shared["platform_name"], "floor_ppm": number}
        await call("PUT", f"{here}/allocation", {"platforms": [floor]})
        await call("POST", f"{here}/allocations", {"apply": True})
        paid = {"amount_micros": 5_000_000, "note": name}
        await call("POST", f"/v1/advertisers/{ids['advertiser_id']}/payments", paid)
        rules = f"/v1/advertisers/{ids['advertiser_id']}/selling-point-rules"
        await call("PUT", rules, {"banned": [f"by {name}"]})


async def add_unasked(engine: AsyncEngine, shop: FilledShop) -> None:
    """What the shop's key cannot make: a webhook of each merchant, an impression that one won."""
    await _record_impression(engine, shop)
    async with engine.begin() as connection:
        for one in (shop.own, shop.rival):
            one.ids["webhook_id"] = f"wh_{one.mark}"
            await connection.execute(
                text(
                    "INSERT INTO webhooks (id, store_id, advertiser_id, url, events, secret)"
                    " VALUES (:id, :store, :advertiser, :url, '{campaign.ended}', :url)"
                ),
                {
                    "id": one.ids["webhook_id"],
                    "store": shop.store_id,
                    "advertiser": one.ids["advertiser_id"],
                    "url": f"https://{one.mark}.example/hook",
                },
            )
        await _charge_and_refund(connection, shop)
        hour, platform = datetime(2026, 11, 22, 9, tzinfo=UTC), shop.shared["platform_name"]
        told = [
            HourResult(platform, one.ids["campaign_id"], hour, 100_000, 9, 1, 0)
            for one in (shop.own, shop.rival)
        ]
        await put_results(connection, shop.store_id, told, "own")


async def _charge_and_refund(connection: AsyncConnection, shop: FilledShop) -> None:
    """A click of each merchant's that was paid, and another that was paid and given back."""
    for one in (shop.own, shop.rival):
        clicks = [f"imp_{one.mark}_{number}" for number in range(2)]
        due = [
            Due("click", name, shop.store_id, one.ids["campaign_id"], 100_000, 1_800_000_000.0)
            for name in clicks
        ]
        assert len((await charge(connection, due)).paid) == len(clicks)
        back = Refund(ChargeName(clicks[1], "click", ""), RefundReason.GOODWILL)
        assert await refund_charges(connection, [back])


async def _record_impression(engine: AsyncEngine, shop: FilledShop) -> None:
    """The decision in which the shop's own merchant won the impression."""
    impression_id = shop.shared["impression_id"]
    request_id, ms = f"req_{impression_id[4:36]}", int(impression_id[4:16], 16)
    award = {
        "impression_id": impression_id,
        "slot": 0,
        "title": shop.mark,
        "price": 1,
        "bid": 1,
        "quality_ppm": 1,
        "chosen": [],
        "reason": "plain",
        **{name: shop.ids[name] for name in ("ad_id", "campaign_id", "product_id")},
    }
    payload = {
        "request_id": request_id,
        "store_id": shop.store_id,
        "ts": ms / 1000,
        "request": {
            "query": "lamp",
            "category": "",
            "placement": shop.shared["name"],
            "slots": 4,
            "user_id": None,
            "session": None,
            "device": None,
            "profile": None,
        },
        "awards": [award],
        "models": [],
        "degraded": [],
        "no_fill_reason": None,
        "took_us": 1,
    }
    row = {
        "store": shop.store_id,
        "ms": ms,
        "request_id": request_id,
        "payload": orjson.dumps(payload).decode(),
    }
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO decisions (store_id, ts, request_id, payload) VALUES (:store,"
                " to_timestamp(:ms / 1000.0), :request_id, CAST(:payload AS jsonb))"
            ),
            row,
        )


async def rows_naming(engine: AsyncEngine, marks: set[str]) -> list[str]:
    """Every row of every table that holds one of `marks`, as text."""
    found = []
    async with engine.connect() as connection:
        for table in metadata.sorted_tables:
            query = text(f"SELECT '{table.name} ' || t::text FROM {table.name} t")  # noqa: S608 - our own tables
            rows = (await connection.execute(query)).scalars()
            found += [row for row in rows if any(mark in row for mark in marks)]
    return sorted(found)
