"""What campaigns have paid: never above a budget, never twice for one event."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import text

from service.decision.accounts import AT, account_of
from service.store.accounts import lock_accounts
from service.store.events import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.store.accounts import Accounts

_ALREADY: Final = text(
    "SELECT impression_id, kind, charge_key FROM charges"
    " WHERE impression_id = ANY(:impressions) AND kind <> 'refund'"
    " UNION ALL SELECT impression_id, kind, charge_key FROM unpaid"
    " WHERE impression_id = ANY(:impressions)"
)
_CHARGE: Final = text(
    "INSERT INTO charges"
    " (impression_id, kind, charge_key, store_id, campaign_id, price_micros, ts, platform, day)"
    " SELECT * FROM unnest(CAST(:impressions AS text[]), CAST(:kinds AS text[]),"
    " CAST(:keys AS text[]), CAST(:stores AS text[]), CAST(:campaigns AS text[]),"
    " CAST(:prices AS bigint[]), CAST(:times AS timestamptz[]), CAST(:platforms AS text[]),"
    " CAST(:days AS date[]))"
    " ON CONFLICT DO NOTHING RETURNING impression_id, kind, charge_key"
)
_SPEND: Final = text(
    "UPDATE campaigns SET spent_micros = spent_micros + paid.micros"
    " FROM unnest(CAST(:campaigns AS text[]), CAST(:sums AS bigint[])) AS paid (id, micros)"
    " WHERE campaigns.id = paid.id AND spent_micros + paid.micros <= budget_micros"
)
_UNPAID: Final = text(
    "INSERT INTO unpaid"
    " (impression_id, kind, charge_key, store_id, campaign_id, price_micros, ts, platform, reason)"
    " SELECT * FROM unnest(CAST(:impressions AS text[]), CAST(:kinds AS text[]),"
    " CAST(:keys AS text[]), CAST(:stores AS text[]), CAST(:campaigns AS text[]),"
    " CAST(:prices AS bigint[]), CAST(:times AS timestamptz[]), CAST(:platforms AS text[]),"
    " CAST(:reasons AS text[]))"
    " ON CONFLICT DO NOTHING"
)


class Due(NamedTuple):
    """What one event costs its campaign. `key` tells the orders of one impression apart."""

    kind: str  # click | impression | order
    impression_id: str
    store_id: str
    campaign_id: str
    price: int  # micros
    ts: float  # of the event, Unix seconds
    key: str = ""
    platform: str | None = None  # where the ad was shown; None: a version before, which paid alike

    @property
    def name(self) -> tuple[str, str, str]:
        """What tells it from all others."""
        return self.impression_id, self.kind, self.key


@dataclass(frozen=True, slots=True)
class Charged:
    """What became of what was due; what was booked before is in neither."""

    paid: list[Due] = field(default_factory=list)
    unpaid: dict[Due, str] = field(default_factory=dict)  # why: as `Accounts.refusal` says


async def charge(
    connection: AsyncConnection, due: Sequence[Due], accounts: Accounts | None = None
) -> Charged:
    """Charge what is `due` inside the caller's transaction, as far as the budgets have room.

    `accounts` are those that the caller has locked; without them the campaigns are locked here,
    in the order of their ids and until the transaction ends. What does not fit goes unpaid, now
    and for ever, and what it hit counts as spent out until more room comes.
    """
    lines = {one.name: one for one in reversed(due)}
    if not lines:
        return Charged()
    if accounts is None:
        accounts = await lock_accounts(connection, {one.campaign_id for one in due})
    asked = {"impressions": [one.impression_id for one in lines.values()]}
    for impression_id, kind, key in await connection.execute(_ALREADY, asked):
        lines.pop((impression_id, kind, key), None)
    # in the order in which they came
    fresh = [one for one in due if lines.get(one.name) is one]
    charged = _fit(fresh, accounts)
    await _refuse(connection, charged.unpaid, accounts)
    return Charged(await _book(connection, charged.paid, accounts), charged.unpaid)


def _fit(due: Iterable[Due], accounts: Accounts) -> Charged:
    charged = Charged()
    for one in due:
        reason = accounts.refusal(one.campaign_id, one.price, one.platform)
        if reason is None:
            accounts.take(one.campaign_id, one.price, one.platform)
            charged.paid.append(one)
        else:
            charged.unpaid[one] = reason
    return charged


def _columns(due: Sequence[Due]) -> dict[str, list[object]]:
    return {
        "impressions": [one.impression_id for one in due],
        "kinds": [one.kind for one in due],
        "keys": [one.key for one in due],
        "stores": [one.store_id for one in due],
        "campaigns": [one.campaign_id for one in due],
        "prices": [one.price for one in due],
        "times": [moment(one.ts) for one in due],
        "platforms": [one.platform for one in due],
    }


async def _book(connection: AsyncConnection, due: Sequence[Due], accounts: Accounts) -> list[Due]:
    if not due:
        return []
    days = [accounts.held[one.campaign_id].day for one in due]
    inserted = await connection.execute(_CHARGE, {**_columns(due), "days": days})
    names = {(row[0], row[1], row[2]) for row in inserted}
    booked = [one for one in due if one.name in names]
    sums: defaultdict[str, int] = defaultdict(int)
    for one in booked:
        sums[one.campaign_id] += one.price
    spent = {"campaigns": list(sums), "sums": list(sums.values())}
    updated = await connection.execute(_SPEND, spent)
    if updated.rowcount != len(sums):  # the rows are locked, so this cannot be; never overcharge
        raise RuntimeError(f"budgets moved under the lock: {dict(sums)}")
    return booked


def _outgrown(spent: str, limit: str) -> str:
    """The least price refused so far; an older one that a raised limit outgrew counts no more."""
    return (
        f"refused_micros = least(CASE WHEN {spent} + refused_micros > {limit}"
        " THEN refused_micros END, refused.micros)"
    )


_GIVEN: Final = "unnest(CAST(:names AS text[]), CAST(:prices AS bigint[])) AS refused (id, micros)"
_REFUSED: Final = {
    "budget": text(
        f"UPDATE campaigns SET {_outgrown('spent_micros', 'budget_micros')}"
        f" FROM {_GIVEN} WHERE campaigns.id = refused.id"
    ),
    "day": text(
        "INSERT INTO campaign_days AS days (campaign_id, day, ceiling_micros, refused_micros)"
        " SELECT campaigns.id, CAST(clock_timestamp() AT TIME ZONE time_zone AS date),"
        f" daily_budget_micros, refused.micros FROM {_GIVEN} JOIN campaigns USING (id)"
        " ON CONFLICT (campaign_id, day) DO UPDATE SET refused_micros = least("
        "  CASE WHEN days.spent_micros + days.refused_micros > excluded.ceiling_micros"
        "  THEN days.refused_micros END, excluded.refused_micros)"
    ),
    "balance": text(
        f"UPDATE advertisers SET {_outgrown('spent_micros', 'credit_micros')}"
        f" FROM {_GIVEN} WHERE advertisers.id = refused.id"
    ),
    "platform": text(
        "UPDATE campaign_platform_days AS there SET refused_micros = least("
        "  CASE WHEN there.spent_micros + there.refused_micros > limit_micros"
        "  THEN there.refused_micros END, refused.micros)"
        f" FROM {_GIVEN} JOIN campaigns ON campaigns.id = split_part(refused.id, '{AT}', 1)"
        " WHERE there.campaign_id = campaigns.id"
        " AND there.day = CAST(clock_timestamp() AT TIME ZONE time_zone AS date)"
        f" AND there.platform = substr(refused.id, length(campaigns.id || '{AT}') + 1)"
    ),
}


async def _refuse(connection: AsyncConnection, unpaid: dict[Due, str], accounts: Accounts) -> None:
    """Note what goes unpaid, and in each limit that refused it the least price refused."""
    if not unpaid:
        return
    rows = _columns(list(unpaid))
    await connection.execute(_UNPAID, {**rows, "reasons": list(unpaid.values())})
    least: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for one, reason in unpaid.items():
        if reason == "gone":
            continue
        name = _refusing(one, reason, accounts)
        least[reason][name] = min(one.price, least[reason].get(name, one.price))
    for reason, prices in least.items():
        values = {"names": list(prices), "prices": list(prices.values())}
        await connection.execute(_REFUSED[reason], values)


def _refusing(due: Due, reason: str, accounts: Accounts) -> str:
    """The name of the limit that had no room."""
    if reason == "balance":
        return accounts.held[due.campaign_id].advertiser_id
    if reason == "platform":
        return account_of(due.campaign_id, due.platform or "")
    return due.campaign_id
