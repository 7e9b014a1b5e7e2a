"""What the commands of money do in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from service.api.ids import new_id
from service.api.management.csv_cells import csv_line
from service.commands.imports import choose_store
from service.errors import BadInputError
from service.store.feeds.products import amount_of
from service.store.feeds.report import FieldError
from service.store.invoices import invoice_rows, month_of
from service.store.management.advertisers import get_advertiser
from service.store.management.audit import AuditRow, add_audit_rows
from service.store.management.campaigns import get_campaign
from service.store.management.ledger import invoice_lines
from service.store.management.payments import add_payment
from service.store.refunds import MOST_AT_ONCE, Refund, RefundQuery, find_charges, refund_charges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.decision.terms import Store
    from service.store.refunds import Refunded, RefundReason

BY: Final = "command line"
"""Who booked it, in the place of a key."""


class Noted(NamedTuple):
    """What the audit log keeps of a command."""

    resource: str
    resource_id: str
    action: str
    after: dict[str, Any]
    advertiser_id: str | None


async def book_payment(
    engine: AsyncEngine, store_id: str | None, advertiser_id: str, given: tuple[str, str]
) -> tuple[str, int]:
    """Book an (amount, note); returns (its id, the balance now in micros).

    Raises: BadInputError for an unknown advertiser, and an amount that cannot be used.
    """
    amount, note = given
    async with engine.begin() as connection:
        store = await _store_of(connection, store_id, advertiser_id)
        micros = _amount(amount, store.currency)
        if micros == 0:
            raise BadInputError("a payment of 0 is none; give an amount such as 250.00")
        after: dict[str, Any] = {"amount_micros": micros, "note": note}
        values = {"id": new_id("pay"), "advertiser_id": advertiser_id, "key_id": BY, **after}
        row = await add_payment(connection, store.store_id, values)
        noted = Noted("payment", row["id"], "create", after, advertiser_id)
        await _record(connection, store.store_id, noted)
        found = await get_advertiser(connection, store.store_id, advertiser_id)
        return row["id"], 0 if found is None else found["balance_micros"]


def _amount(given: str, currency: str) -> int:
    try:
        return amount_of("amount", given, currency)
    except FieldError as error:
        raise BadInputError(str(error)) from None


async def refund_all(
    engine: AsyncEngine, query: RefundQuery, reason: RefundReason
) -> tuple[int, int]:
    """Give back all charges of `query`, a few thousand a transaction; returns (how many, micros).

    What was given back before an error stays so; asking again gives back the rest.
    """
    count = micros = 0
    while True:
        async with engine.begin() as connection:
            names = await find_charges(connection, query, most=MOST_AT_ONCE)
            done = await refund_charges(connection, [Refund(name, reason) for name in names])
            await _record_refunds(connection, query.store_id, reason, done)
        count, micros = count + len(done), micros + sum(one.micros for one in done)
        if len(names) < MOST_AT_ONCE or not done:  # nothing that could still be given back
            return count, micros


async def invoice_table(
    engine: AsyncEngine, store_id: str | None, advertiser_id: str, month: str
) -> str:
    """An advertiser's month as CSV.

    Raises: BadInputError for an unknown advertiser, or what is no month.
    """
    days = month_of(month)
    async with engine.connect() as connection:
        store = await _store_of(connection, store_id, advertiser_id)
        lines = await invoice_lines(connection, store.store_id, advertiser_id, days)
    return "".join(map(csv_line, invoice_rows(month, lines, store.currency)))


async def refund_query(
    engine: AsyncEngine, store_id: str | None, query: RefundQuery
) -> RefundQuery:
    """`query` for the store of that id, or the only one.

    Raises: BadInputError for a campaign that it does not have.
    """
    async with engine.connect() as connection:
        store = await choose_store(connection, store_id)
        campaign_id = query.campaign_id
        if campaign_id is not None:
            row = await get_campaign(connection, store.store_id, campaign_id)
            if row is None:
                raise BadInputError(f"the store has no campaign {campaign_id!r}")
    return query._replace(store_id=store.store_id)


async def _store_of(
    connection: AsyncConnection, store_id: str | None, advertiser_id: str
) -> Store:
    store = await choose_store(connection, store_id)
    if await get_advertiser(connection, store.store_id, advertiser_id) is None:
        raise BadInputError(f"the store has no advertiser {advertiser_id!r}")
    return store


async def _record_refunds(
    connection: AsyncConnection, store_id: str, reason: RefundReason, done: Sequence[Refunded]
) -> None:
    for campaign_id in sorted({one.campaign_id for one in done}):
        amounts = [one.micros for one in done if one.campaign_id == campaign_id]
        note = {"reason": reason.value, "refunded": len(amounts), "refunded_micros": sum(amounts)}
        row = await get_campaign(connection, store_id, campaign_id)
        owner = None if row is None else row["advertiser_id"]
        await _record(connection, store_id, Noted("campaign", campaign_id, "refund", note, owner))


async def _record(connection: AsyncConnection, store_id: str, noted: Noted) -> None:
    row = AuditRow(
        store_id=store_id,
        key_id=BY,
        advertiser_id=noted.advertiser_id,
        resource=noted.resource,
        resource_id=noted.resource_id,
        action=noted.action,
        before=None,
        after=noted.after,
    )
    await add_audit_rows(connection, [row])
