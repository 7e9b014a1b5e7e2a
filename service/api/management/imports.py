"""Bulk imports: POST /v1/products/import and /v1/imports. Each becomes a job."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.answers import Made, made
from service.api.management.audit import Changed, record
from service.api.management.caller import Caller, Manager
from service.api.management.database import Database, Transactions
from service.api.management.idempotency import Creation, Once
from service.api.management.jobs import shown_job
from service.api.management.route import management_router
from service.api.management.uploads import Upload, discard, format_of, receive, require_room
from service.api.problems import responses
from service.api.schemas.jobs import Job
from service.errors import BodyTooLargeError, ConflictError, UnsupportedMediaTypeError
from service.store.feeds.rows import FileFormat
from service.store.management.jobs import add_job

PRODUCTS, BOOKINGS = "product_import", "import"
_ACCEPTED = 202

router = management_router("imports")

_NDJSON = {
    "application/x-ndjson": FileFormat.NDJSON,
    "application/ndjson": FileFormat.NDJSON,
    "application/jsonl": FileFormat.NDJSON,
}
_FEEDS = {
    "text/csv": FileFormat.CSV,
    "text/tab-separated-values": FileFormat.TSV,
    **_NDJSON,
}
_PRODUCT_LINE = (
    '{"id": "100001", "title": "Desk lamp", "link": "https://shop.example/p/100001", '
    '"price": "39.90 EUR", "product_highlight": ["dimmable"], "product_detail": '
    '["General:Material:brass"]}\n'
)
_PRODUCT_TABLE = (
    "id,title,link,price,product_highlight,product_detail\n"
    "100001,Desk lamp,https://shop.example/p/100001,39.90 EUR,dimmable,General:Material:brass\n"
)
_BOOKING_LINE = (
    '{"advertiser": "Lumo", "name": "Lamps", "status": "active", "bid": "0.30 EUR", '
    '"budget": "100.00 EUR", "keywords": [{"text": "desk lamp", "match_type": "phrase"}], '
    '"product_ids": ["100001"]}\n'
)
DryRun = Annotated[
    bool, Query(description="Check everything and change nothing.", examples=[True])
]


def _body(examples: Mapping[str, str]) -> dict[str, Any]:
    content = {
        name: {
            "schema": {"type": "string", "maxLength": 268_435_456},
            "examples": {"one": {"value": text}},
        }
        for name, text in examples.items()
    }
    return {"requestBody": {"required": True, "content": content}}


_TOLD: dict[int | str, dict[str, Any]] = {
    202: {
        "model": Job,
        "description": "A worker will take it; `Location` is where it can be seen",
    },
    **responses(ConflictError, BodyTooLargeError, UnsupportedMediaTypeError),
}


@router.post(
    "/products/import",
    summary="Import products",
    status_code=_ACCEPTED,
    response_model=Job,
    responses=_TOLD,
    openapi_extra=_body(
        {
            "application/x-ndjson": _PRODUCT_LINE,
            "text/csv": _PRODUCT_TABLE,
            "text/tab-separated-values": _PRODUCT_TABLE.replace(",", "\t"),
        }
    ),
)
async def import_products(
    request: Request, caller: Manager, database: Database, once: Once, dry_run: DryRun = False
) -> Response:
    """Upload a catalogue of up to 256 MiB in Google Merchant feed columns, as a job.

    Good lines are taken; every bad one is in the job's report with its line, field, what was
    received and what to do. Columns that are not used are warned of. Products that the upload
    does not name stay. Takes a key of the whole store.
    """
    caller.require_whole_store()
    form = format_of(request, _FEEDS)
    await require_room(database, caller.store_id)
    upload = await receive(request, database, form)
    return await _start(_Import(PRODUCTS, upload, dry_run), caller, database, once)


@router.post(
    "/imports",
    name="import_campaigns",
    summary="Import campaigns",
    status_code=_ACCEPTED,
    response_model=Job,
    responses=_TOLD,
    openapi_extra=_body({"application/x-ndjson": _BOOKING_LINE}),
)
async def import_bookings(
    request: Request, caller: Manager, database: Database, once: Once, dry_run: DryRun = False
) -> Response:
    """Upload campaigns with their advertisers, keywords and ads, one campaign a line, as a job.

    A campaign is taken as a whole or, with a reason in the job's report, not at all. Its keywords
    become those given. A merchant's key imports its own campaigns.
    """
    form = format_of(request, _NDJSON)
    await require_room(database, caller.store_id)
    upload = await receive(request, database, form)
    return await _start(_Import(BOOKINGS, upload, dry_run), caller, database, once)


@dataclass(frozen=True, slots=True)
class _Import:
    """What was asked for."""

    kind: str
    upload: Upload
    dry_run: bool


async def _start(
    asked: _Import, caller: Caller, database: Transactions, once: Creation
) -> Response:
    """Make the job of an upload. One that is a repeat, or fails, leaves no upload behind."""
    begun = False

    async def create(connection: AsyncConnection) -> Made:
        nonlocal begun
        job = shown_job(await add_job(connection, caller.store_id, _values(asked, caller)))
        changed = Changed("job", job.id, "create", None, job, caller.advertiser_id)
        await record(connection, caller, changed)
        begun = True
        return made(job, f"/v1/jobs/{job.id}", status=_ACCEPTED)

    try:
        answer = await once.for_body(asked.upload.sha256)(create)
    except BaseException:
        await discard(database, asked.upload.job_id)
        raise
    if not begun:
        await discard(database, asked.upload.job_id)
    return answer


def _values(asked: _Import, caller: Caller) -> dict[str, Any]:
    spec = {
        "format": asked.upload.form.value,
        "dry_run": asked.dry_run,
        "bytes": asked.upload.size,
        "sha256": asked.upload.sha256.hex(),
    }
    return {
        "id": asked.upload.job_id,
        "kind": asked.kind,
        "key_id": caller.key_id,
        "advertiser_id": caller.advertiser_id,
        "spec": spec,
    }
