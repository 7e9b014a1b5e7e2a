"""What campaigns may still spend: in all, on this day, and of their advertiser's balance."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

    from sqlalchemy import TextClause
    from sqlalchemy.ext.asyncio import AsyncConnection

PATIENT_TRIES: Final = 5
TRY_AGAIN_SECONDS: Final = 0.02

_LOCK: Final = (
    "SELECT id, advertiser_id, budget_micros - spent_micros AS left, daily_budget_micros AS daily,"
    # the database's clock says which day it is, whatever the caller's says
    " CAST(clock_timestamp() AT TIME ZONE time_zone AS date) AS day"
    " FROM campaigns WHERE id = ANY(:campaigns) ORDER BY id FOR NO KEY UPDATE"
)
_WAIT: Final = text(_LOCK)
_PASS_OVER: Final = text(f"{_LOCK} SKIP LOCKED")
_EXISTING: Final = text("SELECT id FROM campaigns WHERE id = ANY(:campaigns)")
_BRIEFLY: Final = text(
    "SELECT set_config(name, value, true) FROM (VALUES ('synchronous_commit', 'off'),"
    " ('statement_timeout', :milliseconds), ('lock_timeout', :milliseconds),"
    " ('idle_in_transaction_session_timeout', :milliseconds)) AS told (name, value)"
)
_TODAY: Final = (
    "unnest(CAST(:campaigns AS text[]), CAST(:days AS date[])) AS now (campaign_id, day)"
)
# one question for both, of a time when the campaigns were locked already
_DAYS: Final = text(
    "SELECT campaign_id, NULL AS platform, spent_micros AS micros FROM campaign_days"
    f" JOIN {_TODAY} USING (campaign_id, day)"
    " UNION ALL SELECT campaign_id, platform, limit_micros - spent_micros"
    f" FROM campaign_platform_days JOIN {_TODAY} USING (campaign_id, day)"
    " WHERE limit_micros IS NOT NULL"
)
_BALANCES: Final = text(
    "SELECT id, credit_micros - spent_micros FROM advertisers"
    " WHERE id = ANY(:advertisers) AND credit_micros IS NOT NULL"
    " ORDER BY id FOR NO KEY UPDATE"
)


@dataclass(slots=True)
class Account:
    """What one campaign may still spend, in micros; None is without a limit."""

    advertiser_id: str
    left: int
    day: date
    day_left: int | None
    platforms: dict[str, int] = field(default_factory=dict)  # those that have limits of their own


@dataclass(slots=True)
class Accounts:
    """Campaigns that are locked until the transaction ends, and what others hold just now."""

    held: dict[str, Account] = field(default_factory=dict)
    balances: dict[str, int] = field(default_factory=dict)  # of advertisers who pay ahead
    busy: frozenset[str] = frozenset()

    def refusal(self, campaign_id: str, price: int, platform: str | None = None) -> str | None:
        """Why the campaign cannot pay `price` for what was shown on `platform`.

        Returns: gone | budget | day | platform | balance; None if it can.
        """
        account = self.held.get(campaign_id)
        if account is None:
            return "gone"
        if price > account.left:
            return "budget"
        if account.day_left is not None and price > account.day_left:
            return "day"
        if account.platforms and price > account.platforms.get(platform or "", price):
            return "platform"
        balance = self.balances.get(account.advertiser_id)
        return "balance" if balance is not None and price > balance else None

    def take(self, campaign_id: str, price: int, platform: str | None = None) -> None:
        """Lower what is left by a price that was not refused."""
        account = self.held[campaign_id]
        account.left -= price
        if account.day_left is not None:
            account.day_left -= price
        if platform in account.platforms:
            account.platforms[platform] -= price
        if account.advertiser_id in self.balances:
            self.balances[account.advertiser_id] -= price


async def lock_accounts(
    connection: AsyncConnection, campaigns: Iterable[str], *, pass_over_busy: bool = False
) -> Accounts:
    """Lock campaigns in the order of their ids, then the balances that pay for them.

    All who lock keep this order, so that nobody waits for another in a ring. Locks that others
    hold are waited for; with `pass_over_busy` a tenth of a second at most, and what is still
    held then is `busy`.
    """
    wanted = sorted(set(campaigns))
    if not wanted:
        return Accounts()
    if pass_over_busy:
        accounts = await _lock_free(connection, wanted)
    else:
        accounts = Accounts(await _lock(connection, _WAIT, wanted))
    await _read_days(connection, accounts.held)
    owners = {"advertisers": sorted({one.advertiser_id for one in accounts.held.values()})}
    found = await connection.execute(_BALANCES, owners)
    accounts.balances = {row[0]: row[1] for row in found}
    return accounts


async def hold_campaign(connection: AsyncConnection, campaign_id: str, *, seconds: float) -> bool:
    """Whether the campaign could be locked, as with `pass_over_busy`; its balance is left free.

    Nobody's charges wait for a caller that stands still: Postgres ends what waits or idles longer
    than `seconds` in its transaction. Nor for the disk: what is committed may be lost with the
    power, so it has to be something that is made again.
    """
    await connection.execute(_BRIEFLY, {"milliseconds": str(round(seconds * 1000))})
    return campaign_id in (await _lock_free(connection, [campaign_id])).held


async def _lock_free(connection: AsyncConnection, wanted: list[str]) -> Accounts:
    held: dict[str, Account] = {}
    missing = wanted
    for _ in range(PATIENT_TRIES):
        held |= await _lock(connection, _PASS_OVER, missing)
        missing = [one for one in wanted if one not in held]
        if missing:
            found = await connection.execute(_EXISTING, {"campaigns": missing})
            missing = sorted(found.scalars())
        if not missing:
            break
        await asyncio.sleep(TRY_AGAIN_SECONDS)
    return Accounts(held, busy=frozenset(missing))


async def _lock(
    connection: AsyncConnection, statement: TextClause, campaigns: Collection[str]
) -> dict[str, Account]:
    found = await connection.execute(statement, {"campaigns": list(campaigns)})
    return {row.id: Account(row.advertiser_id, row.left, row.day, row.daily) for row in found}


async def _read_days(connection: AsyncConnection, held: dict[str, Account]) -> None:
    """Lower the daily budgets, which `day_left` begins with, and read the platforms' limits."""
    days = {"campaigns": list(held), "days": [one.day for one in held.values()]}
    for campaign_id, platform, micros in await connection.execute(_DAYS, days):
        account = held[campaign_id]
        if platform is not None:
            account.platforms[platform] = micros
        elif account.day_left is not None:
            account.day_left -= micros
