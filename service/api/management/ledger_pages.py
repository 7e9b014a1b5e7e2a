"""Pages of the ledger: where one ends, and rows as they are shown."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from service.api.schemas.ledger import ChargeKind, LedgerEntry, LedgerPage
from service.errors import Fault, InvalidRequestError
from service.store.management.ledger import LedgerPlace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import Response
    from sqlalchemy import RowMapping

    from service.api.management.cursor import PageQuery


def place_after(page: PageQuery) -> LedgerPlace | None:
    """The row that the page comes after; None for the first page.

    Raises: InvalidRequestError for the cursor of another list.
    """
    if not page.after:
        return None
    try:
        booked_at, impression_id, kind, key = orjson.loads(page.after)
        place = LedgerPlace(datetime.fromisoformat(booked_at), impression_id, kind, key)
    except (ValueError, TypeError):
        place = None
    if place is None or place.booked_at.tzinfo is None or not _is_text(place[1:]):
        detail = "Not a cursor of this list; give the `next` of the page before, or none"
        raise InvalidRequestError([Fault("/query/cursor", "bad_cursor", detail)], 1)
    return place


def _is_text(parts: Sequence[object]) -> bool:
    return all(isinstance(part, str) and "\0" not in part for part in parts)


def ledger_answer(page: PageQuery, rows: Sequence[RowMapping]) -> Response:
    """The page of `rows`, of which one more than its limit was read."""
    return page.answer(LedgerPage, [_entry(row) for row in rows], _key)


def _key(entry: LedgerEntry) -> str:
    booked_at = entry.booked_at.isoformat()
    parts = (booked_at, entry.impression_id, entry.kind.value, entry.reference)
    return orjson.dumps(parts).decode()


def _entry(row: RowMapping) -> LedgerEntry:
    kind, of = ChargeKind(row["kind"]), row["refund_of"]
    return LedgerEntry(**{**row, "kind": kind, "refund_of": of and ChargeKind(of)})
