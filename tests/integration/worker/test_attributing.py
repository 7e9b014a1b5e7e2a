"""Orders are owed to ads, paid for where that was agreed, and taken back when they come back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from sqlalchemy import text

from service.decision.terms import Micros
from service.store.attributions import claim_conversions
from service.store.catalogue import put_products
from service.store.consents import take_turns
from service.store.erasure import unname_events
from service.store.events import Event, add_decisions, to_bytes
from service.store.stream import Entry
from service.worker.attributing import (
    attribute_returns,
    attribute_sales,
    keep_attributing,
)
from service.worker.export import export_training_set
from service.worker.record import record
from tests.integration.worker.shop import NOW, click, column, eventually, open_shop, products

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.terms import Campaign, Store

DAY = 86_400.0
_ENTRIES = iter(range(10**9))


@dataclass
class Till:
    """A shop whose orders are told, and what became of them."""

    engine: AsyncEngine
    store: Store
    campaign: Campaign

    async def record(self, *events: Event) -> None:
        """As the consumer does; all are old enough to be looked at."""
        entries = [Entry(f"{next(_ENTRIES)}-0", "event", to_bytes(one)) for one in events]
        recorded = await record(self.engine, entries)
        assert not recorded.refused
        await self.settled()

    async def settled(self) -> None:
        await self.execute(
            "UPDATE event_keys SET attribute_at = attribute_at - interval '6 seconds'"
        )

    async def execute(self, statement: str, **values: object) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(text(statement), values)

    def clicked(self, number: int, **changes: Any) -> Event:
        return click(self.campaign, self.store, number, **changes)

    def sold(self, order: str, *, after: float = 60.0, **changes: Any) -> Event:
        """One line of an order by "ann": two lamps for 20."""
        event = Event(
            store_id=self.store.store_id,
            ts=NOW + after,
            type="conversion",
            event_key=f"{order}/0",
            received_at=NOW + after,
            user_id="ann",
            product_id="100001",
            order_id=order,
            line="0",
            quantity=2,
            value=Micros(20_000_000),
            currency="EUR",
        )
        return replace(event, **changes)

    def returned(self, order: str, number: str, **changes: Any) -> Event:
        event = Event(
            store_id=self.store.store_id,
            ts=NOW + 2 * DAY,
            type="return",
            event_key=f"{order}/0/{number}",
            received_at=NOW,
            order_id=order,
            line="0",
            quantity=1,
            payload={"return_id": number},
        )
        return replace(event, **changes)

    async def verdicts(self) -> list[dict[str, Any]]:
        async with self.engine.connect() as connection:
            found = await connection.execute(
                text(
                    "SELECT * FROM attributions WHERE store_id = :id ORDER BY converted_at, part"
                ),
                {"id": self.store.store_id},
            )
            return [dict(row) for row in found.mappings()]

    async def booked(self) -> list[tuple[str, int]]:
        async with self.engine.connect() as connection:
            found = await connection.execute(
                text(
                    "SELECT kind, price_micros FROM charges WHERE store_id = :id"
                    " AND (kind = 'order' OR of_kind = 'order') ORDER BY charged_at"
                ),
                {"id": self.store.store_id},
            )
            return [(row[0], row[1]) for row in found]

    async def spent(self) -> int:
        query = "SELECT spent_micros FROM campaigns WHERE id = :id"
        [spent] = await column(self.engine, query, id=self.campaign.campaign_id)
        return int(spent)

    async def waiting(self) -> int:
        query = (
            "SELECT count(*) FROM event_keys WHERE store_id = :id AND attribute_at IS NOT NULL"
            " AND type IN ('conversion', 'return')"
        )
        [waiting] = await column(self.engine, query, id=self.store.store_id)
        return int(waiting)


@pytest.fixture
async def till(engine: AsyncEngine) -> Till:
    await _forget_others(engine)
    store, campaign = await open_shop(engine, budget=3_000_000)
    return Till(engine, store, campaign)


async def _forget_others(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE event_keys SET attribute_at = NULL"))


ORDERED = {"price": Micros(0), "payload": {"pricing": "order", "price": 900_001}}
"""What a token says of an ad whose campaign pays 0.900001 for an order."""


async def test_an_order_is_owed_to_the_last_click_on_its_product(till: Till) -> None:
    await till.record(till.clicked(1), till.clicked(2), till.sold("o-1"))
    assert await attribute_sales(till.engine) == 1
    [verdict] = await till.verdicts()
    assert verdict["impression_id"] == f"imp_{till.store.store_id}_2"
    assert (verdict["touch"], verdict["halo"]) == ("click", False)
    assert (verdict["quantity"], verdict["value_micros"]) == (2, 20_000_000)
    assert "o-1" not in str(verdict)
    assert "ann" not in str(verdict)
    assert await till.booked() == []  # its clicks are paid for
    assert await attribute_sales(till.engine) == 0


async def test_no_order_is_looked_at_before_its_click_can_be_there(till: Till) -> None:
    await till.record(till.clicked(1), till.sold("o-1"))
    recorded = "UPDATE event_keys SET attribute_at = now() - make_interval(secs => :ago)"
    await till.execute(f"{recorded} WHERE store_id = :id", ago=4, id=till.store.store_id)
    assert await attribute_sales(till.engine) == 0
    await till.execute(f"{recorded} WHERE store_id = :id", ago=5, id=till.store.store_id)
    assert await attribute_sales(till.engine) == 1


@pytest.mark.parametrize(
    ("of_campaign", "of_store", "days"), [(None, 7, 7), (None, 14, 14), (30, 7, 30)]
)
async def test_windows_are_the_campaigns_or_the_stores(
    till: Till, of_campaign: int | None, of_store: int, days: int
) -> None:
    await till.execute("UPDATE stores SET attribution_days = :d", d=of_store)
    await till.execute("UPDATE campaigns SET attribution_days = :d", d=of_campaign)
    seen = till.clicked(1, received_at=NOW)
    await till.record(
        replace(seen, ts=NOW - days * DAY, received_at=NOW - days * DAY, event_key="a"),
        till.sold("in-time", after=0.0),
        till.sold("late", after=0.001),
    )
    await attribute_sales(till.engine)
    assert [one["converted_at"].timestamp() for one in await till.verdicts()] == [NOW]


async def test_views_count_where_the_campaign_says_so(till: Till) -> None:
    view = till.clicked(1, type="view")
    await till.record(view, till.sold("o-1"))
    await attribute_sales(till.engine)
    assert await till.verdicts() == []
    await till.execute("UPDATE campaigns SET view_through_hours = 24")
    await till.record(till.sold("o-2"), till.sold("o-3", after=DAY + 10))
    await attribute_sales(till.engine)
    assert [one["touch"] for one in await till.verdicts()] == ["view"]


async def test_an_order_in_another_currency_has_no_value(till: Till) -> None:
    await till.record(till.clicked(1), till.sold("o-1", currency="USD"))
    await attribute_sales(till.engine)
    [verdict] = await till.verdicts()
    assert (verdict["quantity"], verdict["value_micros"]) == (2, 0)


async def test_an_order_of_another_product_is_marked(till: Till) -> None:
    await till.record(
        till.clicked(1, **ORDERED),
        till.sold("o-1", product_id="100002"),
        till.sold("o-2", product_id="stranger"),
    )
    await attribute_sales(till.engine)
    [verdict] = await till.verdicts()
    assert (verdict["halo"], verdict["product_id"]) == (True, "100002")
    assert await till.booked() == []


async def test_shoppers_who_did_not_buy_the_brand_for_a_year_are_marked(till: Till) -> None:
    lamps = [replace(one, brand="Lumo") for one in products(2)]
    async with till.engine.begin() as connection:
        await put_products(connection, till.store.store_id, lamps)
    year = 365 * DAY
    await till.record(
        till.sold("long-ago", after=60 - year - 1, user_id="ann"),
        till.sold("lately", after=70 - year, user_id="bob", product_id="100002"),
        till.clicked(1),
        till.clicked(2, user_id="bob"),
        till.clicked(3, user_id=None),
        till.sold("a"),
        till.sold("a", event_key="a/1", line="1"),  # the same order is no earlier one
        till.sold("b", user_id="bob"),
        till.sold("c", user_id=None, impression_id=f"imp_{till.store.store_id}_3", ts=NOW + 61,
                  payload={"shown_at": NOW + 0.003}),
    )  # fmt: skip
    await attribute_sales(till.engine)
    found = [(one["line"], one["new_to_brand"]) for one in await till.verdicts()]
    assert sorted(found, key=str) == [("0", False), ("0", None), ("0", True), ("1", True)]


async def test_the_ad_that_the_shop_names_gets_the_credit_whoever_bought(till: Till) -> None:
    # as versions before told it: the request's id has the time in it
    uuid = f"{int((NOW + 5) * 1000):012x}7abc8abcdefabcdefabc"
    by_id = {"impression_id": f"imp_{uuid}00", "event_key": f"imp_{uuid}00", "ts": NOW + 5}
    await till.record(
        till.clicked(1, user_id=None),
        till.clicked(2, user_id=None, **by_id),
        till.clicked(3, user_id=None),
        till.sold("o-1", user_id=None, impression_id=f"imp_{till.store.store_id}_1",
                  payload={"shown_at": NOW + 0.001}),
        till.sold("o-2", user_id=None, impression_id=by_id["impression_id"], after=70.0),
        till.sold("o-3", user_id=None, impression_id="imp_of_the_shop_itself", after=80.0),
        till.sold("o-4", user_id=None, after=90.0),
    )  # fmt: skip
    assert await attribute_sales(till.engine) == 4
    named = [one["impression_id"] for one in await till.verdicts()]
    assert named == [f"imp_{till.store.store_id}_1", by_id["impression_id"]]


async def test_clicks_that_do_not_count_get_no_credit(till: Till) -> None:
    await till.record(till.clicked(1, invalid_reason="bot", event_key="x"), till.sold("o-1"))
    await attribute_sales(till.engine)
    assert await till.verdicts() == []


async def test_a_campaign_that_bids_on_orders_pays_for_them_within_its_budget(till: Till) -> None:
    await till.record(till.clicked(1, **ORDERED), *[till.sold(f"o-{n}") for n in range(4)])
    assert await till.spent() == 0  # the click costs nothing
    await attribute_sales(till.engine)
    assert await till.booked() == [("order", 900_001)] * 3
    assert await till.spent() == 2_700_003
    reasons = "SELECT reason FROM unpaid WHERE store_id = :id"
    assert await column(till.engine, reasons, id=till.store.store_id) == ["budget"]
    assert len(await till.verdicts()) == 4


async def test_two_workers_charge_an_order_once(till: Till) -> None:
    await till.execute("UPDATE campaigns SET budget_micros = 10000000000")
    await till.record(till.clicked(1, **ORDERED), *[till.sold(f"o-{n}") for n in range(300)])
    while any(await asyncio.gather(*[attribute_sales(till.engine) for _ in range(3)])):
        pass
    assert await till.booked() == [("order", 900_001)] * 300
    assert await till.spent() == 300 * 900_001


async def test_a_campaign_that_somebody_holds_is_waited_for_not_passed_over(till: Till) -> None:
    await till.record(till.clicked(1, **ORDERED), till.sold("o-1"))
    async with till.engine.begin() as held:
        lock = text("SELECT FROM campaigns WHERE id = :id FOR UPDATE")
        await held.execute(lock, {"id": till.campaign.campaign_id})
        assert await attribute_sales(till.engine) == 1
    assert (await till.verdicts(), await till.booked()) == ([], [])
    await till.execute("UPDATE event_keys SET attribute_at = attribute_at - interval '11 seconds'")
    await attribute_sales(till.engine)
    assert await till.booked() == [("order", 900_001)]


async def test_a_click_that_comes_late_is_found_for_an_hour(till: Till) -> None:
    ago = "UPDATE events SET received_at = now() - make_interval(mins => :ago)"
    await till.record(till.sold("o-1"))
    await till.execute(f"{ago} WHERE type = 'conversion'", ago=3)
    assert await attribute_sales(till.engine) == 1
    assert await till.waiting() == 1
    await till.record(till.clicked(1))
    await till.execute("UPDATE event_keys SET attribute_at = attribute_at - interval '1 hour'")
    assert await attribute_sales(till.engine) == 1
    assert (len(await till.verdicts()), await till.waiting()) == (1, 0)
    await till.record(till.sold("o-2", user_id="bob"))
    await till.execute(f"{ago} WHERE event_key = 'o-2/0'", ago=61)
    await attribute_sales(till.engine)
    assert await till.waiting() == 0


async def test_half_an_order_that_comes_back_gives_half_the_money_back(till: Till) -> None:
    await till.record(till.clicked(1, **ORDERED), till.sold("o-1"), till.returned("o-1", "r-1"))
    await attribute_sales(till.engine)
    assert await attribute_returns(till.engine) == 1
    sale, back = await till.verdicts()
    assert (back["kind"], back["quantity"], back["value_micros"]) == ("return", -1, -10_000_000)
    assert back["impression_id"] == sale["impression_id"]
    assert await till.booked() == [("order", 900_001), ("refund", -450_000)]
    # told again, and then the rest, of which more is told than there is
    await till.record(till.returned("o-1", "r-1"), till.returned("o-1", "r-2", quantity=7))
    await attribute_returns(till.engine)
    assert (await till.booked())[2:] == [("refund", -450_001)]
    assert await till.spent() == 0
    assert sum(one["value_micros"] for one in await till.verdicts()) == 0


async def test_a_return_waits_for_the_verdict_on_its_order(till: Till) -> None:
    await till.record(till.returned("o-1", "r-1"), till.returned("never-sold", "r-1"))
    await till.execute("UPDATE events SET received_at = now() WHERE type = 'return'")
    assert await attribute_returns(till.engine) == 2
    assert await till.waiting() == 2
    await till.record(till.clicked(1), till.sold("o-1"))
    await attribute_sales(till.engine)
    await till.execute("UPDATE event_keys SET attribute_at = attribute_at - interval '1 hour'")
    await attribute_returns(till.engine)
    assert [one["kind"] for one in await till.verdicts()] == ["sale", "return"]
    await till.execute("UPDATE event_keys SET attribute_at = attribute_at - interval '1 hour'")
    await till.execute("UPDATE events SET received_at = now() - interval '2 hours'")
    await attribute_returns(till.engine)
    assert await till.waiting() == 0


async def test_an_order_is_known_after_its_shopper_is_erased(till: Till) -> None:
    own = till.sold("order-of-ann")
    await till.record(till.clicked(1, **ORDERED), own, till.sold("ann-again"))
    await attribute_sales(till.engine)
    async with till.engine.begin() as connection:
        await take_turns(connection, till.store.store_id, ["ann"])
        await unname_events(connection, till.store.store_id, "ann")
    await till.execute("UPDATE event_keys SET attribute_at = now() WHERE type = 'conversion'")
    await till.settled()
    kept = "SELECT payload FROM events WHERE store_id = :id AND type = 'click'"
    assert await column(till.engine, kept, id=till.store.store_id) == [ORDERED["payload"]]
    await attribute_sales(till.engine)  # looked at again, it is nobody's
    assert len(await till.verdicts()) == 2
    await till.record(till.returned("order-of-ann", "r-1", quantity=2))
    await attribute_returns(till.engine)
    assert (await till.booked())[-1] == ("refund", -900_001)
    for table in ("events", "event_keys", "attributions", "charges"):
        rows = await column(till.engine, f"SELECT CAST(t AS text) FROM {table} AS t")  # noqa: S608 - ours
        assert not [row for row in rows if "order-of-ann" in row or "ann-again" in row]


async def test_what_trains_is_what_was_attributed(till: Till, tmp_path: Path) -> None:
    await till.execute("UPDATE campaigns SET attribution_days = 30")
    first, then = (till.clicked(n, ts=NOW - 20 * DAY + n, user_id="7") for n in (1, 2))
    shown = [replace(one, received_at=one.ts) for one in (first, then)]
    pages = [page(till.store, one) for one in shown]
    order: dict[str, Any] = {"user_id": "7", "impression_id": shown[0].impression_id}
    sold = till.sold("o-1", **order, payload={"shown_at": shown[0].ts})
    await till.record(*[replace(one, type="impression") for one in shown], *shown, sold)
    async with till.engine.begin() as connection:
        await add_decisions(connection, pages)

    async def bought() -> list[int]:
        await export_training_set(till.engine, tmp_path, store_id=till.store.store_id)
        return pl.read_parquet(tmp_path / "clicks.parquet")["conversion"].to_list()

    assert await bought() == [0, 0]  # 20 days are too long without a verdict
    await attribute_sales(till.engine)
    assert await bought() == [1, 0]


def page(store: Store, shown: Event) -> dict[str, Any]:
    award = {"slot": 0, "impression_id": shown.impression_id, "product_id": "100001"}
    return {
        "store_id": store.store_id,
        "ts": shown.ts,
        "request_id": shown.request_id,
        "request": {"query": "lamp", "user_id": shown.user_id},
        "awards": [award],
    }


async def test_returns_that_a_worker_of_the_version_before_stored_are_found(till: Till) -> None:
    await till.record(till.clicked(1), till.sold("o-1"))
    await till.execute(
        "INSERT INTO events (store_id, ts, type, event_key, received_at, order_id, line, quantity,"
        " payload) VALUES (:id, now(), 'return', 'o-1/0/r-1', now(), 'o-1', '0', 1,"
        ' \'{"return_id": "r-1"}\')',
        id=till.store.store_id,
    )
    await till.settled()
    await attribute_sales(till.engine)
    await attribute_returns(till.engine)
    assert [one["kind"] for one in await till.verdicts()] == ["sale", "return"]


async def test_the_loop_goes_on_after_an_outage(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([True])
    there = claim_conversions

    async def at_first_not(connection: Any, *, most: int) -> Any:
        if next(failures, False):
            raise ConnectionError("gone")
        return await there(connection, most=most)

    monkeypatch.setattr("service.worker.attributing.claim_conversions", at_first_not)
    await till.record(till.clicked(1), till.sold("o-1"))
    stop = asyncio.Event()
    loop = asyncio.create_task(keep_attributing(till.engine, stop))
    await eventually(till.verdicts)
    stop.set()
    await loop
