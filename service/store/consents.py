"""What shoppers said may be known of them, and what is left of those who were erased: a hash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

Shopper = tuple[str, str]
"""(store id, the shop's own id of the shopper)"""


class Limit(NamedTuple):
    """Up to when nothing may be kept of a shopper."""

    until: float  # Unix seconds; infinity: consent is withdrawn
    salt: bytes  # of the store's hashes


MARGIN_SECONDS: Final = 60
"""How far clocks may differ: what happens this soon after an erasure counts as before it."""

_HASH: Final = "sha256(stores.salt || convert_to(given.user_id, 'UTF8'))"
_LOCK: Final = text(
    "SELECT pg_advisory_xact_lock(shopper) FROM ("
    " SELECT DISTINCT hashtextextended(:store_id || user_id, 0) AS shopper"
    " FROM unnest(CAST(:user_ids AS text[])) AS user_id ORDER BY 1) AS shoppers"
)
_LIMITS: Final = text(
    "SELECT given.store_id, given.user_id, CASE WHEN consent IS FALSE THEN 'infinity'::float8"
    " ELSE extract(epoch FROM erased_until)::float8 END, stores.salt"
    " FROM unnest(CAST(:stores AS text[]), CAST(:users AS text[])) AS given (store_id, user_id)"
    " JOIN stores ON stores.id = given.store_id"
    f" JOIN shoppers ON shoppers.store_id = stores.id AND shoppers.user_sha256 = {_HASH}"
    " WHERE consent IS FALSE OR erased_until IS NOT NULL"
)
_WITHDRAWN: Final = text(
    "SELECT user_id FROM shoppers"
    " WHERE store_id = :store_id AND user_id = ANY(:user_ids) AND NOT consent"
)
_GIVEN: Final = (
    " FROM stores, (SELECT CAST(:user_id AS text) AS user_id) AS given WHERE stores.id = :store_id"
)
_READ: Final = text(
    "SELECT consent, consent_at, erased_until, encode(user_sha256, 'hex') AS shopper"
    " FROM shoppers WHERE store_id = :store_id"
    f" AND user_sha256 = (SELECT {_HASH}{_GIVEN})"
)
_SAY: Final = text(
    "INSERT INTO shoppers (store_id, user_sha256, user_id, consent, consent_at)"
    f" SELECT stores.id, {_HASH}, given.user_id, :consent, now(){_GIVEN}"
    " ON CONFLICT (store_id, user_sha256) DO UPDATE SET user_id = excluded.user_id,"
    " consent = excluded.consent, consent_at = CASE WHEN shoppers.consent = excluded.consent"
    " THEN shoppers.consent_at ELSE excluded.consent_at END"
    " RETURNING consent, consent_at, erased_until, encode(user_sha256, 'hex') AS shopper"
)
_MARK_ERASED: Final = text(
    "INSERT INTO shoppers (store_id, user_sha256, user_id, erased_until)"
    f" SELECT stores.id, {_HASH}, given.user_id, now() + make_interval(secs => :margin){_GIVEN}"
    " ON CONFLICT (store_id, user_sha256) DO UPDATE SET user_id = excluded.user_id,"
    " erased_until = excluded.erased_until RETURNING encode(user_sha256, 'hex')"
)
_NAMED: Final = text(
    "SELECT user_id FROM shoppers"
    " WHERE store_id = :store_id AND user_sha256 = decode(:shopper, 'hex')"
)
_UNNAME: Final = text(
    "UPDATE shoppers SET user_id = NULL, erased_until = now() + make_interval(secs => :margin)"
    " WHERE store_id = :store_id AND user_sha256 = decode(:shopper, 'hex')"
)


async def take_turns(
    connection: AsyncConnection, store_id: str, user_ids: Collection[str]
) -> None:
    """Let no one else write these shoppers' profiles until the transaction ends."""
    await connection.execute(_LOCK, {"store_id": store_id, "user_ids": list(user_ids)})


async def keeping_limits(
    connection: AsyncConnection, shoppers: Collection[Shopper]
) -> dict[Shopper, Limit]:
    """The limits of those of `shoppers` who have one."""
    if not shoppers:
        return {}
    stores, users = zip(*shoppers, strict=True)
    values = {"stores": list(stores), "users": list(users)}
    found = await connection.execute(_LIMITS, values)
    return {(row[0], row[1]): Limit(row[2], row[3]) for row in found}


async def withdrawn_among(
    connection: AsyncConnection, store_id: str, user_ids: Collection[str]
) -> set[str]:
    """Those of `user_ids` who withdrew their consent."""
    values = {"store_id": store_id, "user_ids": list(user_ids)}
    return set((await connection.execute(_WITHDRAWN, values)).scalars())


async def get_consent(
    connection: AsyncConnection, store_id: str, user_id: str
) -> RowMapping | None:
    """The shopper's consent, consent_at, erased_until and hash (hex), if anything was told."""
    values = {"store_id": store_id, "user_id": user_id}
    return (await connection.execute(_READ, values)).mappings().one_or_none()


async def say_consent(
    connection: AsyncConnection, store_id: str, user_id: str, *, consent: bool
) -> RowMapping:
    """Remember what the shopper said; returns the row as `get_consent` does."""
    values = {"store_id": store_id, "user_id": user_id, "consent": consent}
    return (await connection.execute(_SAY, values)).mappings().one()


async def mark_erased(connection: AsyncConnection, store_id: str, user_id: str) -> str:
    """Keep nothing more of what the shopper did until now; returns their hash in hex."""
    values = {"store_id": store_id, "user_id": user_id, "margin": MARGIN_SECONDS}
    shopper: str = (await connection.execute(_MARK_ERASED, values)).scalar_one()
    return shopper


async def user_of(connection: AsyncConnection, store_id: str, shopper: str) -> str | None:
    """The id behind the hash `shopper`, if it is not erased yet."""
    found = await connection.execute(_NAMED, {"store_id": store_id, "shopper": shopper})
    user_id: str | None = found.scalar_one_or_none()
    return user_id


async def unname(connection: AsyncConnection, store_id: str, shopper: str) -> None:
    """Leave the hash alone of an erased shopper."""
    values = {"store_id": store_id, "shopper": shopper, "margin": MARGIN_SECONDS}
    await connection.execute(_UNNAME, values)
