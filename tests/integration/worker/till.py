"""A shop whose orders are told, for tests of what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from service.decision.terms import Micros
from service.store.events import Event, to_bytes
from service.store.stream import Entry
from service.worker.record import record
from tests.integration.worker.shop import NOW, click, column

if TYPE_CHECKING:
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


async def forget_others(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE event_keys SET attribute_at = NULL"))


ORDERED = {"price": Micros(0), "payload": {"pricing": "order", "price": 900_001}}
"""What a token says of an ad whose campaign pays 0.900001 for an order."""
