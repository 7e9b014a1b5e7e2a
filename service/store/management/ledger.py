"""The ledger as people read it: newest first, and by the month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_ROWS: Final = (
    "SELECT charges.campaign_id, charges.impression_id, charges.kind,"
    " charges.of_kind AS refund_of,"
    " charges.reason, charges.price_micros AS amount_micros, charges.day,"
    " charges.ts AS happened_at, charges.charged_at AS booked_at, charges.charge_key AS reference,"
    " charges.platform FROM charges"
)
_PAST: Final = (
    " AND (CAST(:booked_at AS timestamptz) IS NULL OR"
    " (charges.charged_at, charges.impression_id, charges.kind, charges.charge_key)"
    " < (:booked_at, :impression_id, :kind, :reference))"
    " ORDER BY charges.charged_at DESC, charges.impression_id DESC, charges.kind DESC,"
    " charges.charge_key DESC LIMIT :limit"
)
_OF_CAMPAIGN: Final = text(f"{_ROWS} WHERE charges.campaign_id = :campaign_id{_PAST}")
_REFUNDS: Final = text(
    f"{_ROWS} JOIN campaigns ON campaigns.id = charges.campaign_id"
    " WHERE charges.kind = 'refund' AND charges.store_id = :store_id"
    " AND (CAST(:advertiser_id AS text) IS NULL OR advertiser_id = :advertiser_id)"
    f" AND (CAST(:campaign_id AS text) IS NULL OR charges.campaign_id = :campaign_id){_PAST}"
)
# a refund belongs to the month in which it was booked: a month that is over never changes
_INVOICE: Final = text(
    "SELECT campaigns.id AS campaign_id, campaigns.name, charges.kind,"
    " count(*) AS events, CAST(sum(price_micros) AS bigint) AS micros"
    " FROM charges JOIN campaigns ON campaigns.id = charges.campaign_id, LATERAL (SELECT CASE"
    " WHEN charges.kind = 'refund' THEN CAST(charged_at AT TIME ZONE time_zone AS date)"
    " ELSE day END AS booked_on) AS local"
    " WHERE campaigns.store_id = :store_id AND advertiser_id = :advertiser_id"
    # so that the index is of use, wherever the zone is
    " AND charged_at >= CAST(:first AS timestamp) AT TIME ZONE 'UTC' - interval '2 days'"
    " AND charged_at < CAST(:after AS timestamp) AT TIME ZONE 'UTC' + interval '2 days'"
    " AND booked_on >= :first AND booked_on < :after"
    " GROUP BY campaigns.id, campaigns.name, charges.kind ORDER BY campaigns.id, charges.kind"
)


class LedgerPlace(NamedTuple):
    """Where a page ends: the row that the next one comes after."""

    booked_at: datetime
    impression_id: str
    kind: str
    reference: str


@dataclass(frozen=True, slots=True)
class RefundFilter:
    """Refunds of a store, of one advertiser or campaign if given."""

    store_id: str
    advertiser_id: str | None = None
    campaign_id: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """What one campaign paid for events of one kind, or got back."""

    campaign_id: str
    name: str
    kind: str
    events: int
    micros: int


async def ledger_page(
    connection: AsyncConnection, campaign_id: str, after: LedgerPlace | None, *, limit: int
) -> list[RowMapping]:
    """A campaign's charges and refunds, newest first, those after `after`."""
    values = {"campaign_id": campaign_id, **_past(after), "limit": limit}
    return list((await connection.execute(_OF_CAMPAIGN, values)).mappings())


async def refunds_page(
    connection: AsyncConnection, only: RefundFilter, after: LedgerPlace | None, *, limit: int
) -> list[RowMapping]:
    """Refunds, newest first, those after `after`."""
    named = {
        "store_id": only.store_id,
        "advertiser_id": only.advertiser_id,
        "campaign_id": only.campaign_id,
    }
    values = {**named, **_past(after), "limit": limit}
    return list((await connection.execute(_REFUNDS, values)).mappings())


def _past(after: LedgerPlace | None) -> dict[str, Any]:
    return dict.fromkeys(LedgerPlace._fields) if after is None else after._asdict()


async def invoice_lines(
    connection: AsyncConnection, store_id: str, advertiser_id: str, month: tuple[date, date]
) -> list[InvoiceLine]:
    """What the advertiser's campaigns paid from the first day of `month` to before the second.

    A charge belongs to the day of the campaign whose budget paid, a refund to the day on which
    it was booked.
    """
    first, after = month
    values = {"store_id": store_id, "advertiser_id": advertiser_id}
    found = await connection.execute(_INVOICE, {**values, "first": first, "after": after})
    return [InvoiceLine(*row) for row in found]
