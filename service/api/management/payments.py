"""Payments of advertisers: /v1/advertisers/{advertiser_id}/payments."""

from fastapi import Response
from psycopg.errors import CheckViolation
from sqlalchemy import RowMapping
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.ids import new_id
from service.api.management.advertisers import AdvertiserId, found_advertiser
from service.api.management.answers import Made, made
from service.api.management.audit import Changed, record
from service.api.management.caller import Caller, Manager
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.idempotency import Once
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.payments import Payment, PaymentDraft, PaymentPage
from service.errors import ConflictError, Fault, InvalidRequestError
from service.store.management.payments import add_payment, payments_page

router = management_router("payments")


@router.post(
    "/advertisers/{advertiser_id}/payments",
    summary="Book a payment",
    status_code=201,
    response_model=Payment,
    responses=responses(ConflictError),
)
async def create_payment(
    advertiser_id: AdvertiserId, draft: PaymentDraft, caller: Manager, once: Once
) -> Response:
    """Book what an advertiser paid ahead. Takes a key of the whole store.

    With the first payment its balance begins: from then on its campaigns spend no more than it
    holds. What they spent before stays outside of it.
    """
    caller.require_whole_store()
    if draft.amount_micros == 0:
        fault = Fault("/amount_micros", "zero", "Give an amount that is not 0")
        raise InvalidRequestError([fault], 1)

    async def create(connection: AsyncConnection) -> Made:
        await found_advertiser(connection, caller, advertiser_id)
        payment = await _add(connection, caller, advertiser_id, draft)
        await record(
            connection,
            caller,
            Changed("payment", payment.id, "create", None, payment, advertiser_id),
        )
        return made(payment, f"/v1/advertisers/{advertiser_id}/payments")

    return await once(create)


@router.get(
    "/advertisers/{advertiser_id}/payments", summary="List payments", response_model=PaymentPage
)
async def list_payments(
    advertiser_id: AdvertiserId, caller: Manager, database: Database, page: Page
) -> Response:
    """List what an advertiser paid ahead, in the order of booking; a merchant sees its own."""
    async with database.begin() as connection:
        await found_advertiser(connection, caller, advertiser_id)
        rows = await payments_page(
            connection, caller.store_id, advertiser_id, after=page.after, limit=page.fetch
        )
    return page.answer(PaymentPage, [_shown(row) for row in rows], lambda one: one.id)


async def _add(
    connection: AsyncConnection, caller: Caller, advertiser_id: str, draft: PaymentDraft
) -> Payment:
    values = {"id": new_id("pay"), "advertiser_id": advertiser_id, "key_id": caller.key_id}
    try:
        return _shown(await add_payment(connection, caller.store_id, values | draft.model_dump()))
    except IntegrityError as error:
        if not isinstance(error.orig, CheckViolation):
            raise
        raise ConflictError(
            f"the balance is less than {-draft.amount_micros} micros; what is spent is not paid"
            " out again"
        ) from None


def _shown(row: RowMapping) -> Payment:
    return Payment(**row)
