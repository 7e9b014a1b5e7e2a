"""An advertiser's month as a table: what each campaign paid for, and what it got back."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from service.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from service.store.management.ledger import InvoiceLine

MONTH: Final = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
COLUMNS: Final = (
    "month", "campaign_id", "campaign", "kind", "events", "currency", "charged", "refunded",
    "charged_micros", "refunded_micros",
)  # fmt: skip
_MICROS: Final = 1_000_000


def month_of(given: str) -> tuple[date, date]:
    """The first day of a month such as 2026-11, and that of the next.

    Raises: BadInputError.
    """
    if not re.fullmatch(MONTH, given):
        raise BadInputError(f"a month is written as in 2026-11, not {given!r}")
    year, month = map(int, given.split("-"))
    return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)


def invoice_rows(
    month: str, lines: Iterable[InvoiceLine], currency: str
) -> Iterator[tuple[str, ...]]:
    """A head, a row for each of `lines`, and the total. No amount is below zero."""
    yield COLUMNS
    events = charged = refunded = 0
    for one in lines:
        paid, back = max(one.micros, 0), max(-one.micros, 0)
        events, charged, refunded = events + one.events, charged + paid, refunded + back
        names = (month, one.campaign_id, one.name, one.kind, str(one.events), currency)
        yield (*names, *_amounts(paid, back))
    yield (month, "", "", "total", str(events), currency, *_amounts(charged, refunded))


def _amounts(charged: int, refunded: int) -> tuple[str, ...]:
    """In units with all six places, for nothing is rounded; then in micros."""
    units = (f"{one // _MICROS}.{one % _MICROS:06}" for one in (charged, refunded))
    return (*units, str(charged), str(refunded))
