"""Webhooks: /v1/webhooks. The worker calls them."""

import secrets
from typing import Annotated, Any

from fastapi import Path, Request, Response
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.ids import new_id
from service.api.management.answers import Made, answer, made
from service.api.management.audit import Changed, record
from service.api.management.caller import Caller, Manager
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.etag import IfMatch
from service.api.management.idempotency import Once
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.resource import Id
from service.api.schemas.webhooks import (
    DeliveryStatus,
    EventType,
    NewWebhook,
    Webhook,
    WebhookChange,
    WebhookDelivery,
    WebhookDeliveryPage,
    WebhookDraft,
    WebhookPage,
)
from service.api.state import state_of
from service.errors import (
    BadInputError,
    ConflictError,
    Fault,
    InvalidRequestError,
    NotFoundError,
    PreconditionFailedError,
)
from service.store.management.webhooks import (
    add_webhook,
    change_webhook,
    count_webhooks,
    deliveries_page,
    get_webhook,
    give_up_waiting,
    remove_webhook,
    webhooks_page,
)
from service.store.webhook_urls import check_url

router = management_router("webhooks")

MOST_WEBHOOKS = 20
"""Of a shop, and of each of its merchants."""

WebhookId = Annotated[
    Id, Path(description="The webhook.", examples=["wh_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"])
]


@router.post(
    "/webhooks",
    summary="Make a webhook",
    status_code=201,
    response_model=NewWebhook,
    responses=responses(ConflictError, InvalidRequestError),
)
async def create_webhook(
    draft: WebhookDraft, caller: Manager, once: Once, request: Request
) -> Response:
    """Be told what happens from now on. The secret is in this answer and nowhere else.

    A merchant's key is told of its own campaigns and imports.
    """
    _check(draft.url, request)

    async def create(connection: AsyncConnection) -> Made:
        if (
            await count_webhooks(connection, caller.store_id, caller.advertiser_id)
            >= MOST_WEBHOOKS
        ):
            raise ConflictError(f"there are {MOST_WEBHOOKS} webhooks already; delete one first")
        secret = f"whsec_{secrets.token_urlsafe(32)}"
        values = _values(draft.model_dump()) | {
            "id": new_id("wh"),
            "advertiser_id": caller.advertiser_id,
            "secret": secret,
        }
        webhook = _shown(await add_webhook(connection, caller.store_id, values))
        await record(connection, caller, _changed("create", webhook, after=webhook))
        body, kept = (NewWebhook(**dict(webhook), secret=told) for told in (secret, None))
        return Made(body, made(webhook, f"/v1/webhooks/{webhook.id}").headers, kept=kept)

    return await once(create)


@router.get("/webhooks", summary="List webhooks", response_model=WebhookPage)
async def list_webhooks(caller: Manager, database: Database, page: Page) -> Response:
    """List webhooks, in the order of their ids; a merchant sees its own."""
    async with database.begin() as connection:
        rows = await webhooks_page(
            connection, caller.store_id, caller.advertiser_id, after=page.after, limit=page.fetch
        )
    return page.answer(WebhookPage, [_shown(row) for row in rows], lambda one: one.id)


@router.get("/webhooks/{webhook_id}", summary="One webhook", response_model=Webhook)
async def read_webhook(webhook_id: WebhookId, caller: Manager, database: Database) -> Response:
    """Show one webhook, without its secret."""
    async with database.begin() as connection:
        return answer(await _found(connection, caller, webhook_id))


@router.patch(
    "/webhooks/{webhook_id}",
    summary="Change a webhook",
    response_model=Webhook,
    responses=responses(ConflictError, PreconditionFailedError, InvalidRequestError),
)
async def patch_webhook(
    webhook_id: WebhookId,
    change: WebhookChange,
    caller: Manager,
    database: Database,
    if_match: IfMatch,
    request: Request,
) -> Response:
    """Change what is given; the secret stays. What waits goes to the new URL."""
    given = change.given()
    if "url" in given:
        _check(given["url"], request)
    async with database.begin() as connection:
        before = after = await _found(connection, caller, webhook_id, lock=True)
        if_match.check(before)
        if given:
            row = await change_webhook(connection, caller.store_id, webhook_id, _values(given))
            after = _shown(row)
            await record(connection, caller, _changed("change", after, before, after))
        if not after.active:
            await give_up_waiting(connection, webhook_id)
    return answer(after)


@router.delete(
    "/webhooks/{webhook_id}",
    summary="Delete a webhook",
    status_code=204,
    responses=responses(ConflictError, PreconditionFailedError),
)
async def delete_webhook(
    webhook_id: WebhookId, caller: Manager, database: Database, if_match: IfMatch
) -> Response:
    """Delete a webhook with its deliveries."""
    async with database.begin() as connection:
        before = await _found(connection, caller, webhook_id, lock=True)
        if_match.check(before)
        await remove_webhook(connection, caller.store_id, webhook_id)
        await record(connection, caller, _changed("delete", before, before))
    return Response(status_code=204)


@router.get(
    "/webhooks/{webhook_id}/deliveries",
    summary="What a webhook was told",
    response_model=WebhookDeliveryPage,
)
async def list_deliveries(
    webhook_id: WebhookId, caller: Manager, database: Database, page: Page
) -> Response:
    """List what was sent in the last 30 days, newest first, with what came of it."""
    async with database.begin() as connection:
        await _found(connection, caller, webhook_id)
        rows = await deliveries_page(connection, webhook_id, before=page.after, limit=page.fetch)
    told = [_delivery(row) for row in rows]
    return page.answer(WebhookDeliveryPage, told, lambda one: one.id)


def _check(url: str, request: Request) -> None:
    try:
        check_url(url, private=state_of(request).private_webhooks)
    except BadInputError as error:
        raise InvalidRequestError([Fault("/url", "bad_url", str(error))], 1) from error


def _values(given: dict[str, Any]) -> dict[str, Any]:
    if "events" in given:
        given["events"] = list(dict.fromkeys(event.value for event in given["events"]))
    return given


async def _found(
    connection: AsyncConnection, caller: Caller, webhook_id: str, *, lock: bool = False
) -> Webhook:
    """The webhook, if it exists for the caller."""
    row = await get_webhook(connection, caller.store_id, webhook_id, lock=lock)
    if row is None or not caller.sees(row["advertiser_id"]):
        raise NotFoundError("webhook", webhook_id)
    return _shown(row)


def _shown(row: RowMapping) -> Webhook:
    return Webhook(**{**row, "events": tuple(EventType(name) for name in row["events"])})


def _delivery(row: RowMapping) -> WebhookDelivery:
    typed = {"type": EventType(row["type"]), "status": DeliveryStatus(row["status"])}
    return WebhookDelivery(**{**row, **typed})


def _changed(
    action: str, of: Webhook, before: Webhook | None = None, after: Webhook | None = None
) -> Changed:
    return Changed("webhook", of.id, action, before, after, of.advertiser_id)
