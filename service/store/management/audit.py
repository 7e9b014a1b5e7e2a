"""The audit log: rows are added and read, never changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from service.store.management_tables import audit_log

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import RowMapping
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


async def add_audit_rows(connection: AsyncConnection, rows: Sequence[AuditRow]) -> None:
    """Add `rows`."""
    if rows:
        await connection.execute(insert(audit_log), [asdict(row) for row in rows])


async def audit_page(
    connection: AsyncConnection,
    store_id: str,
    only: Mapping[str, str],
    *,
    before: int | None,
    limit: int,
) -> list[RowMapping]:
    """Rows whose columns are as `only` says, newest first: those with an id under `before`."""
    columns = audit_log.c
    here = [columns.store_id == store_id]
    here += [columns[name] == value for name, value in only.items()]
    if before is not None:
        here.append(columns.id < before)
    shown = [column for column in columns if column.name != "store_id"]
    statement = select(*shown).where(*here).order_by(columns.id.desc()).limit(limit)
    return list((await connection.execute(statement)).mappings())
