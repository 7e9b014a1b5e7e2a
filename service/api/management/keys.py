"""API keys: /v1/keys. Servers know a new or revoked key within a second."""

from typing import Annotated

from fastapi import Path, Response
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.answers import Made, answer, made
from service.api.management.audit import Changed, record
from service.api.management.caller import Admin, Caller
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.etag import IfMatch
from service.api.management.idempotency import Once
from service.api.management.key_rules import check_draft
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.keys import ApiKey, ApiKeyPage, KeyDraft, NewApiKey
from service.api.schemas.resource import Id
from service.decision.terms import KeyKind
from service.errors import (
    BadInputError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PreconditionFailedError,
)
from service.store.keys import create_key, revoke_key
from service.store.management.keys import get_key, keys_page, name_key

router = management_router("keys")

KeyId = Annotated[
    Id, Path(description="The key.", examples=["key_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"])
]


@router.post(
    "/keys",
    name="create_key",
    summary="Make a key",
    status_code=201,
    response_model=NewApiKey,
    responses=responses(ConflictError, InvalidRequestError, BadInputError),
)
async def make_key(draft: KeyDraft, caller: Admin, once: Once) -> Response:
    """Make a key. Its text is in this answer and nowhere else: only its SHA-256 is kept.

    A merchant's key makes keys of that merchant only, to manage and to report.
    """
    owner = check_draft(draft, caller)

    async def create(connection: AsyncConnection) -> Made:
        scopes = list(dict.fromkeys(scope.value for scope in draft.scopes))
        key_id, text = await create_key(
            connection, caller.store_id, draft.kind, scopes, draft.origins, owner
        )
        key = _shown(await name_key(connection, key_id, draft.name))
        await record(connection, caller, _changed("create", key, after=key))
        shown, kept = (NewApiKey(**key.model_dump(), key=told) for told in (text, None))
        return Made(shown, made(key, f"/v1/keys/{key.id}").headers, kept=kept)

    return await once(create)


@router.get("/keys", summary="List keys", response_model=ApiKeyPage)
async def list_keys(caller: Admin, database: Database, page: Page) -> Response:
    """List the keys in force, in the order of their ids; a merchant sees its own."""
    async with database.begin() as connection:
        rows = await keys_page(
            connection,
            caller.store_id,
            caller.advertiser_id,
            after=page.after,
            limit=page.fetch,
        )
    return page.answer(ApiKeyPage, [_shown(row) for row in rows], lambda one: one.id)


@router.get("/keys/{key_id}", summary="One key", response_model=ApiKey)
async def read_key(key_id: KeyId, caller: Admin, database: Database) -> Response:
    """Show one key, without its text."""
    async with database.begin() as connection:
        row = await get_key(connection, caller.store_id, key_id)
    return answer(_found(row, caller, key_id))


@router.delete(
    "/keys/{key_id}",
    summary="Revoke a key",
    status_code=204,
    responses=responses(ConflictError, PreconditionFailedError),
)
async def delete_key(
    key_id: KeyId, caller: Admin, database: Database, if_match: IfMatch
) -> Response:
    """Revoke a key: within a second it is refused everywhere. A key cannot revoke itself."""
    async with database.begin() as connection:
        row = await get_key(connection, caller.store_id, key_id, lock=True)
        before = _found(row, caller, key_id)
        if_match.check(before)
        if key_id == caller.key_id:
            raise ConflictError("a key cannot revoke itself; use another one")
        await revoke_key(connection, caller.store_id, key_id)
        await record(connection, caller, _changed("revoke", before, before=before))
    return Response(status_code=204)


def _found(row: RowMapping | None, caller: Caller, key_id: str) -> ApiKey:
    if row is None or not caller.sees(row["advertiser_id"]):
        raise NotFoundError("key", key_id)
    return _shown(row)


def _shown(row: RowMapping) -> ApiKey:
    typed = {"kind": KeyKind(row["kind"])}
    lists = {name: tuple(row[name]) for name in ("scopes", "origins")}
    return ApiKey(**{**row, **typed, **lists})


def _changed(
    action: str, of: ApiKey, before: ApiKey | None = None, after: ApiKey | None = None
) -> Changed:
    return Changed("key", of.id, action, before, after, of.advertiser_id)
