"""Takes campaigns with their advertisers, keywords and ads into a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from service.decision.bidding import MOST_PLATFORMS
from service.decision.terms import CampaignStatus
from service.errors import BadInputError
from service.store.campaign_terms import put_terms
from service.store.campaigns import put_ads, put_advertisers, put_campaigns
from service.store.feeds.campaigns import read_bookings
from service.store.feeds.intake import batches
from service.store.feeds.repeats import refuse_repeats
from service.store.feeds.report import FieldError, LineError
from service.store.management.ads import products_there
from service.store.management.platforms import count_platforms_with
from service.store.unplanned_platforms import close_unplanned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.decision.terms import Store
    from service.store.feeds.campaigns import Booking
    from service.store.feeds.intake import Batch, Numbered
    from service.store.feeds.rows import Row

_OF_OTHERS: Final = text(
    "SELECT id FROM campaigns WHERE id = ANY(:campaigns) AND advertiser_id <> :advertiser_id"
    " UNION ALL SELECT ads.id FROM ads JOIN campaigns ON campaigns.id = ads.campaign_id"
    " WHERE ads.id = ANY(:ads) AND advertiser_id <> :advertiser_id LIMIT 3"
)
_ENDED: Final = text("SELECT id FROM campaigns WHERE id = ANY(:ids) AND status = 'ended' LIMIT 3")
_BATCH: Final = 200
"""Campaigns that are put together: each may have thousands of keywords and ads."""


@dataclass(frozen=True, slots=True)
class BookingIntake:
    """Campaigns; with an `advertiser_id`, that merchant's alone."""

    store: Store
    advertiser_id: str | None = None

    def read(self, rows: Iterable[Row | LineError]) -> Iterator[Batch[Booking]]:
        """The campaigns of `rows`; of two with one id the first is taken."""
        found = read_bookings(rows, self.store.store_id, self.store.currency)
        own = self._only_own(found)
        return batches(refuse_repeats(own, "campaign", _campaign_id), [], _BATCH)

    def _only_own(
        self, found: Iterable[Numbered[Booking] | LineError]
    ) -> Iterator[Numbered[Booking] | LineError]:
        for one in found:
            if isinstance(one, LineError) or self.advertiser_id in {None, one[1].advertiser[0]}:
                yield one
            else:
                advice = f'the key is bound to one merchant: give {{"id": "{self.advertiser_id}"}}'
                yield FieldError("advertiser", one[1].advertiser[0], advice).on(one[0])

    async def put(self, connection: AsyncConnection, items: Sequence[Numbered[Booking]]) -> int:
        """Insert or change them; returns how many were given."""
        store_id, bookings = self.store.store_id, [booking for _, booking in items]
        await _require_products(connection, store_id, bookings)
        await _refuse_ended(connection, bookings)
        if self.advertiser_id is not None:
            await _refuse_others(connection, bookings, self.advertiser_id)
        await put_advertisers(connection, store_id, {b.advertiser for b in bookings})
        await put_campaigns(connection, store_id, [b.campaign for b in bookings])
        terms = {b.campaign.campaign_id: b.terms for b in bookings}
        await put_terms(connection, terms)
        await put_ads(connection, store_id, [ad for b in bookings for ad in b.ads])
        await close_unplanned(connection, store_id, list(terms))
        if any(booking.campaign.platforms for booking in bookings):
            await _refuse_platforms(connection, store_id)
        return len(bookings)


def _campaign_id(booking: Booking) -> str:
    return booking.campaign.campaign_id


async def _require_products(
    connection: AsyncConnection, store_id: str, bookings: Sequence[Booking]
) -> None:
    wanted = {ad.product_id for booking in bookings for ad in booking.ads}
    there = await products_there(connection, store_id, sorted(wanted))
    if missing := sorted(wanted - there):
        raise FieldError("product_ids", missing[0], "import the product first, or leave it out")


async def _refuse_ended(connection: AsyncConnection, bookings: Sequence[Booking]) -> None:
    going = [b.campaign.campaign_id for b in bookings if b.campaign.status != CampaignStatus.ENDED]
    if ended := (await connection.execute(_ENDED, {"ids": going})).scalars().all():
        raise FieldError("status", ended[0], "it has ended, and stays so; book a new campaign")


async def _refuse_others(
    connection: AsyncConnection, bookings: Sequence[Booking], advertiser_id: str
) -> None:
    """What another merchant of the store booked is not there for this one to change."""
    values = {
        "campaigns": [booking.campaign.campaign_id for booking in bookings],
        "ads": [ad.ad_id for booking in bookings for ad in booking.ads],
        "advertiser_id": advertiser_id,
    }
    if taken := (await connection.execute(_OF_OTHERS, values)).scalars().all():
        raise BadInputError(f"these ids are taken: {list(taken)}")


async def _refuse_platforms(connection: AsyncConnection, store_id: str) -> None:
    named = await count_platforms_with(connection, store_id, [])
    if named > MOST_PLATFORMS:
        raise BadInputError(f"the store would have {named} platforms, more than {MOST_PLATFORMS}")
