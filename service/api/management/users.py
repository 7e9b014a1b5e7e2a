"""Shoppers' rights: /v1/users. Consent, a copy of what is held, erasure."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated

from fastapi import Path, Request, Response
from sqlalchemy import RowMapping

from service.api.ids import new_id
from service.api.management.answers import JSON
from service.api.management.audit import Changed, record
from service.api.management.caller import Manager
from service.api.management.cursor import Page, PageQuery
from service.api.management.database import Database
from service.api.management.jobs import shown_job
from service.api.management.route import management_router
from service.api.management.standing import profile_in_force, write_standing
from service.api.schemas.jobs import Job
from service.api.schemas.users import (
    Consent,
    ConsentSaid,
    UserExport,
    UserRecord,
)
from service.api.schemas.wire import CallerId
from service.api.state import state_of
from service.errors import Fault, InvalidRequestError
from service.store.consents import get_consent, mark_erased, say_consent, take_turns
from service.store.management.erasures import KIND
from service.store.management.jobs import add_job
from service.store.management.users import records_page

router = management_router("users")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

UserId = Annotated[
    CallerId, Path(description="The shop's own id of the shopper.", examples=["u-1042"])
]


@router.put("/users/{user_id:path}/consent", summary="Give or withdraw consent", status_code=204)
async def put_consent(
    user_id: UserId, said: ConsentSaid, caller: Manager, database: Database, request: Request
) -> Response:
    """Remember what a shopper said may be known of them. Takes a key of the whole store.

    Withdrawn, it counts from this answer on, whatever requests say: the profile is gone, nothing
    is read, nothing new is kept. What was kept before stays until it is erased.
    """
    caller.require_whole_store()
    redis = state_of(request).redis
    async with database.begin() as connection:
        await take_turns(connection, caller.store_id, [user_id])
        before = _said(await get_consent(connection, caller.store_id, user_id))
        row = await say_consent(connection, caller.store_id, user_id, consent=said.consent)
        changed = Changed("user", _unnamed(row["shopper"]), "consent", before, _said(row))
        await record(connection, caller, changed)
        await write_standing(redis, connection, caller.store_id, user_id, consent=said.consent)
    return Response(status_code=204)


@router.get("/users/{user_id:path}", summary="All that is held", response_model=UserExport)
async def export_user(
    user_id: UserId, caller: Manager, database: Database, page: Page, request: Request
) -> Response:
    """Show everything that is held of a shopper. Takes a key of the whole store.

    Consent and profile stand on every page. Of a shopper whom nobody knows, all of it is empty.
    """
    caller.require_whole_store()
    profile = await profile_in_force(state_of(request).redis, caller.store_id, user_id)
    async with database.begin() as connection:
        consent = _said(await get_consent(connection, caller.store_id, user_id))
        rows = await records_page(
            connection, caller.store_id, user_id, after=_after(page), limit=page.fetch
        )
    export = partial(UserExport, id=user_id, consent=consent, profile=profile)
    return page.answer(export, [UserRecord(**row) for row in rows], _place)


@router.delete(
    "/users/{user_id:path}",
    summary="Erase a shopper",
    status_code=202,
    response_model=Job,
)
async def erase_user(user_id: UserId, caller: Manager, database: Database) -> Response:
    """Leave no trace of a shopper's id, in a job. Takes a key of the whole store.

    From now on nothing that happened before is kept with the id, whenever it comes to be known.
    What ads cost stays, and names nobody. A shopper who comes back is a new one.
    """
    caller.require_whole_store()
    job_id = new_id("job")
    async with database.begin() as connection:
        await take_turns(connection, caller.store_id, [user_id])
        shopper = await mark_erased(connection, caller.store_id, user_id)
        asked = {"id": job_id, "key_id": caller.key_id, "kind": KIND, "spec": {"shopper": shopper}}
        job = shown_job(await add_job(connection, caller.store_id, asked))
        await record(connection, caller, Changed("user", _unnamed(shopper), "erase"))
    return Response(job.model_dump_json(), 202, {"Location": f"/v1/jobs/{job_id}"}, JSON)


def _said(row: RowMapping | None) -> Consent | None:
    if row is None or row["consent"] is None:
        return None
    return Consent(consent=row["consent"], at=row["consent_at"])


def _unnamed(shopper: str) -> str:
    """What the audit log calls a shopper: it is never erased, so it never holds an id."""
    return f"usr_{shopper[:32]}"


def _place(held: UserRecord) -> str:
    return f"{(held.at - _EPOCH) // _MICROSECOND}.{held.id}"


def _after(page: PageQuery) -> tuple[datetime, str]:
    if not page.after:
        return datetime.min.replace(tzinfo=UTC), ""
    micros, _, name = page.after.partition(".")
    try:
        return _EPOCH + int(micros) * _MICROSECOND, name
    except (ValueError, OverflowError):
        detail = "Not a cursor of this list; give the `next` of the page before, or none"
        fault = Fault("/query/cursor", "bad_cursor", detail)
        raise InvalidRequestError([fault], 1) from None
