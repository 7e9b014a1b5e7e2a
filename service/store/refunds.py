"""What was charged is given back: rows below zero, never more than the charge."""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import text

from service.store.accounts import lock_accounts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

MOST_AT_ONCE: Final = 2000
"""Charges that one transaction gives back: it holds their campaigns meanwhile."""


class RefundReason(StrEnum):
    """Why money goes back. All but the last two say that the event was no shopper's doing."""

    BOT = "bot"
    DATACENTRE = "datacentre"
    PREFETCH = "prefetch"
    TOO_FAST = "too_fast"
    TOO_MANY = "too_many"
    REPLAY = "replay"
    NO_IMPRESSION = "no_impression"
    INVALID = "invalid"
    RETURNED = "returned"
    GOODWILL = "goodwill"


MARKS_INVALID: Final = frozenset(RefundReason) - {RefundReason.RETURNED, RefundReason.GOODWILL}
"""Reasons that the event is kept with from then on, so that nothing is learnt from it."""


class ChargeName(NamedTuple):
    """What tells a charge from all others."""

    impression_id: str
    kind: str
    key: str


class Refund(NamedTuple):
    """What to give back of a charge. The same reference gives back once.

    `reference` tells refunds of one charge apart, as the hash of a return's number does; it is
    kept for ever, so it may name nobody. `micros` is at most what is left; None is all of it.
    """

    charge: ChargeName
    reason: RefundReason
    reference: str = ""
    micros: int | None = None

    @property
    def key(self) -> str:
        """The row's own key beside those of other refunds of the same impression."""
        return f"{self.charge.kind}/{self.charge.key}/{self.reference or self.reason}"


class Refunded(NamedTuple):
    """What was given back now."""

    refund: Refund
    campaign_id: str
    micros: int


class RefundQuery(NamedTuple):
    """Charges of a store: of these impressions, of this campaign, booked in this time."""

    store_id: str
    impression_ids: Sequence[str] | None = None
    campaign_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_GIVEN: Final = (
    "unnest(CAST(:impressions AS text[]), CAST(:kinds AS text[]), CAST(:keys AS text[]))"
    " AS given (impression_id, kind, charge_key)"
)
_CAMPAIGNS: Final = text(
    "SELECT DISTINCT campaign_id FROM charges"
    f" JOIN {_GIVEN} USING (impression_id, kind, charge_key) WHERE kind <> 'refund'"
)
_LEFT: Final = (
    "charges.price_micros + coalesce((SELECT sum(back.price_micros) FROM charges AS back"
    " WHERE back.impression_id = charges.impression_id AND back.kind = 'refund'"
    " AND back.of_kind = charges.kind AND back.of_key = charges.charge_key), 0)"
)
_HELD: Final = text(
    f"SELECT impression_id, kind, charge_key, campaign_id, CAST({_LEFT} AS bigint) AS micros"
    f" FROM charges JOIN {_GIVEN} USING (impression_id, kind, charge_key) WHERE kind <> 'refund'"
)
_BOOK: Final = text(
    "INSERT INTO charges (impression_id, kind, charge_key, store_id, campaign_id, price_micros,"
    " ts, day, of_kind, of_key, reason)"
    " SELECT charges.impression_id, 'refund', back.charge_key, store_id, campaign_id,"
    # the day that paid gets it back
    " -back.micros, ts, day, charges.kind, charges.charge_key, back.reason"
    " FROM charges JOIN unnest(CAST(:impressions AS text[]), CAST(:kinds AS text[]),"
    " CAST(:keys AS text[]), CAST(:refund_keys AS text[]), CAST(:amounts AS bigint[]),"
    " CAST(:reasons AS text[]))"
    " AS back (impression_id, kind, of_key, charge_key, micros, reason)"
    " ON (charges.impression_id, charges.kind, charges.charge_key)"
    " = (back.impression_id, back.kind, back.of_key)"
    " ON CONFLICT DO NOTHING RETURNING impression_id, charge_key"
)
_LOWER: Final = text(
    "UPDATE campaigns SET spent_micros = spent_micros - back.micros"
    " FROM unnest(CAST(:campaigns AS text[]), CAST(:sums AS bigint[])) AS back (id, micros)"
    " WHERE campaigns.id = back.id"
)
_MARK: Final = text(
    "UPDATE events SET invalid_reason = given.reason FROM charges,"
    " unnest(CAST(:impressions AS text[]), CAST(:kinds AS text[]), CAST(:reasons AS text[]))"
    " AS given (impression_id, kind, reason)"
    " WHERE charges.impression_id = given.impression_id AND charges.kind = given.kind"
    " AND charges.charge_key = '' AND events.store_id = charges.store_id"
    " AND events.ts = charges.ts AND events.type = charges.kind"
    " AND events.impression_id = charges.impression_id AND events.invalid_reason IS NULL"
)
_FIND: Final = text(
    "SELECT impression_id, kind, charge_key FROM charges WHERE store_id = :store_id"
    " AND kind <> 'refund' AND price_micros > 0"
    " AND (CAST(:impressions AS text[]) IS NULL OR impression_id = ANY(:impressions))"
    " AND (CAST(:campaign_id AS text) IS NULL OR campaign_id = :campaign_id)"
    " AND (CAST(:since AS timestamptz) IS NULL OR charged_at >= :since)"
    " AND (CAST(:until AS timestamptz) IS NULL OR charged_at < :until)"
    f" AND (:returned OR {_LEFT} > 0)"
    " ORDER BY charged_at, impression_id, kind, charge_key LIMIT :most"
)


async def find_charges(
    connection: AsyncConnection, query: RefundQuery, *, returned: bool = False, most: int
) -> list[ChargeName]:
    """The oldest `most` charges of `query` of which something is left, or all if `returned`."""
    impressions = None if query.impression_ids is None else list(query.impression_ids)
    values = {
        **query._asdict(),
        "impressions": impressions,
        "returned": returned,
        "most": most,
    }
    del values["impression_ids"]
    return [ChargeName(*row) for row in await connection.execute(_FIND, values)]


async def refund_charges(connection: AsyncConnection, refunds: Sequence[Refund]) -> list[Refunded]:
    """Give back what `refunds` say, inside the caller's transaction; repeats change nothing.

    The campaigns and balances are locked until it ends, as for charges; the day that paid gets
    the money back. Reasons of invalid traffic mark the events, too. What has nothing left, and
    what was never charged, is passed over.
    """
    wanted = {(one.charge.impression_id, one.key): one for one in refunds}
    names = [one.charge for one in wanted.values()]
    found = await connection.execute(_CAMPAIGNS, _names(names))
    await lock_accounts(connection, found.scalars())
    held = {
        ChargeName(*row[:3]): (row.campaign_id, row.micros)
        for row in await connection.execute(_HELD, _names(names))
    }
    done = await _book(connection, _fit(list(wanted.values()), held))
    await _mark(connection, [one.refund for one in done])
    return done


def _fit(refunds: Sequence[Refund], held: Mapping[ChargeName, tuple[str, int]]) -> list[Refunded]:
    left = {name: micros for name, (_, micros) in held.items()}
    fitting = []
    for one in refunds:
        rest = left.get(one.charge, 0)
        micros = rest if one.micros is None else min(one.micros, rest)
        if micros > 0:
            left[one.charge] = rest - micros
            fitting.append(Refunded(one, held[one.charge][0], micros))
    return fitting


async def _book(connection: AsyncConnection, fitting: Sequence[Refunded]) -> list[Refunded]:
    if not fitting:
        return []
    rows = {
        **_names([one.refund.charge for one in fitting]),
        "refund_keys": [one.refund.key for one in fitting],
        "amounts": [one.micros for one in fitting],
        "reasons": [one.refund.reason.value for one in fitting],
    }
    booked = {tuple(row) for row in await connection.execute(_BOOK, rows)}
    done = [one for one in fitting if (one.refund.charge.impression_id, one.refund.key) in booked]
    sums: defaultdict[str, int] = defaultdict(int)
    for one in done:
        sums[one.campaign_id] += one.micros
    await connection.execute(_LOWER, {"campaigns": list(sums), "sums": list(sums.values())})
    return done


async def _mark(connection: AsyncConnection, refunds: Sequence[Refund]) -> None:
    marked = [one for one in refunds if one.reason in MARKS_INVALID]
    if marked:
        values = {
            "impressions": [one.charge.impression_id for one in marked],
            "kinds": [one.charge.kind for one in marked],
            "reasons": [one.reason.value for one in marked],
        }
        await connection.execute(_MARK, values)


def _names(names: Sequence[ChargeName]) -> dict[str, list[str]]:
    return {
        "impressions": [one.impression_id for one in names],
        "kinds": [one.kind for one in names],
        "keys": [one.key for one in names],
    }
