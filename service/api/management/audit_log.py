"""The audit log: /v1/audit-log."""

from typing import Annotated

from fastapi import Query, Response

from service.api.management.caller import Admin
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.route import management_router
from service.api.schemas.audit import AuditEntry, AuditPage
from service.api.schemas.resource import Id
from service.store.management.audit import audit_page

router = management_router("audit log")

OfResource = Annotated[
    Id | None, Query(description="Only this kind of thing.", examples=["campaign"])
]
OfResourceId = Annotated[
    Id | None,
    Query(
        description="Only the thing of this id.", examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]
    ),
]


@router.get("/audit-log", summary="Who changed what", response_model=AuditPage)
async def list_audit_entries(
    caller: Admin,
    database: Database,
    page: Page,
    resource: OfResource = None,
    resource_id: OfResourceId = None,
) -> Response:
    """List changes made through this API, newest first; a merchant sees its own."""
    asked = {
        "resource": resource,
        "resource_id": resource_id,
        "advertiser_id": caller.advertiser_id,
    }
    only = {name: value for name, value in asked.items() if value is not None}
    async with database.begin() as connection:
        rows = await audit_page(
            connection, caller.store_id, only, before=page.number_after(), limit=page.fetch
        )
    return page.answer(AuditPage, [AuditEntry(**row) for row in rows], lambda one: str(one.id))
