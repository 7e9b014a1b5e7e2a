"""Who changed what: written in the same transaction as the change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.store.management.audit import AuditRow, add_audit_rows

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.api.management.caller import Caller
    from service.api.schemas.wire import Wire


@dataclass(frozen=True, slots=True)
class Changed:
    """What a write did. Nothing before is a creation, nothing after a deletion.

    `advertiser_id` is whose it is: that merchant's keys may read the entry.
    Put nothing in that must be erasable or secret, such as a shopper's id or a key's text.
    """

    resource: str  # such as "campaign"
    resource_id: str
    action: str  # such as "create", "change", "delete"
    before: Wire | None = None
    after: Wire | None = None
    advertiser_id: str | None = None


async def record(connection: AsyncConnection, caller: Caller, *changes: Changed) -> None:
    """Write what was changed into the audit log, inside the caller's transaction."""
    await add_audit_rows(connection, [_row(caller, changed) for changed in changes])


def _row(caller: Caller, changed: Changed) -> AuditRow:
    return AuditRow(
        store_id=caller.store_id,
        key_id=caller.key_id,
        advertiser_id=changed.advertiser_id,
        resource=changed.resource,
        resource_id=changed.resource_id,
        action=changed.action,
        before=_kept(changed.before),
        after=_kept(changed.after),
    )


def _kept(state: Wire | None) -> dict[str, Any] | None:
    return None if state is None else state.model_dump(mode="json")
