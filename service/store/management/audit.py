"""The audit log: rows are added and read, never changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from service.store.tables import audit_log

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One change, by one key."""

    store_id: str
    key_id: str
    advertiser_id: str | None
    resource: str
    resource_id: str
    action: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


async def add_audit_row(connection: AsyncConnection, row: AuditRow) -> None:
    """Add one row."""
    await connection.execute(insert(audit_log), asdict(row))
