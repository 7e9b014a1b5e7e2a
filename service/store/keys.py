"""API keys: made, listed, revoked. Only their SHA-256 is kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from sqlalchemy import func, insert, select, update

from service.decision.terms import ApiKey, KeyKind
from service.errors import BadInputError
from service.store.tables import advertisers, api_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

SCOPES: Final = ("serve", "events", "manage", "report", "admin")
PUBLIC_SCOPES: Final = ("serve", "events")
"""A key that stands in a page asks for ads and reports events, no more."""

_ORIGIN: Final = re.compile(r"https?://[a-z0-9.\-\[\]:]+")
_PREFIXES: Final = {KeyKind.PUBLISHABLE: "pk_", KeyKind.SECRET: "sk_"}


async def create_key(
    connection: AsyncConnection,
    store_id: str,
    kind: KeyKind | str,
    scopes: Sequence[str],
    origins: Sequence[str] = (),
    advertiser_id: str | None = None,
) -> tuple[str, str]:
    """Make a key; returns (its id, the key itself, which nobody can be told again).

    Raises: BadInputError for a kind, scope, origin or advertiser that there is not, and for a
    scope that the kind may not have.
    """
    kind = _kind(kind)
    allowed = PUBLIC_SCOPES if kind is KeyKind.PUBLISHABLE else SCOPES
    wrong = sorted(set(scopes) - set(allowed))
    if wrong or not scopes:
        raise BadInputError(f"a {kind} key has scopes of {allowed}, got {list(scopes)}")
    await _require_advertiser(connection, store_id, advertiser_id)
    key_id = f"key_{uuid4().hex}"
    plaintext = _PREFIXES[kind] + secrets.token_urlsafe(24)
    values = {
        "id": key_id,
        "store_id": store_id,
        "advertiser_id": advertiser_id,
        "kind": kind.value,
        "scopes": list(scopes),
        "sha256": hashlib.sha256(plaintext.encode()).digest(),
        "origins": [_origin(origin) for origin in origins],
    }
    await connection.execute(insert(api_keys), values)
    return key_id, plaintext


def _kind(kind: str) -> KeyKind:
    try:
        return KeyKind(kind)
    except ValueError:
        raise BadInputError(f"a key is {' or '.join(KeyKind)}, not {kind!r}") from None


def _origin(given: str) -> str:
    """An origin as browsers send it: a path or a capital letter would never match."""
    origin = given.strip().lower().removesuffix("/")
    if origin != "*" and not _ORIGIN.fullmatch(origin):
        raise BadInputError(
            f"an origin is like https://shop.example, without a path, or *; not {given!r}"
        )
    return origin


async def _require_advertiser(
    connection: AsyncConnection, store_id: str, advertiser_id: str | None
) -> None:
    if advertiser_id is None:
        return
    columns = advertisers.c
    here = (columns.id == advertiser_id, columns.store_id == store_id)
    if (await connection.execute(select(columns.id).where(*here))).first() is None:
        raise BadInputError(f"the store has no advertiser {advertiser_id!r}")


async def list_keys(connection: AsyncConnection, store_id: str) -> list[ApiKey]:
    """The keys of a store that are not revoked, oldest first."""
    columns = api_keys.c
    statement = (
        select(
            columns.id,
            columns.sha256,
            columns.kind,
            columns.scopes,
            columns.origins,
            columns.advertiser_id,
        )
        .where(columns.store_id == store_id, columns.revoked_at.is_(None))
        .order_by(columns.created_at, columns.id)
    )
    return [
        ApiKey(key_id, sha256.hex(), KeyKind(kind), tuple(scopes), tuple(origins), advertiser)
        for key_id, sha256, kind, scopes, origins, advertiser in await connection.execute(
            statement
        )
    ]


async def revoke_key(connection: AsyncConnection, store_id: str, key_id: str) -> bool:
    """Make a key useless from the next snapshot on; returns whether there was such a key."""
    columns = api_keys.c
    here = (columns.store_id == store_id, columns.id == key_id, columns.revoked_at.is_(None))
    done = await connection.execute(update(api_keys).where(*here).values(revoked_at=func.now()))
    return done.rowcount > 0
