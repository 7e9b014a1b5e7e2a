"""Keys and what they may do, looked up by SHA-256 in the snapshots' own table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from service.errors import UnauthenticatedError

if TYPE_CHECKING:
    from service.decision.live import Live


class Scope(StrEnum):
    """What a key may be used for."""

    SERVE = "serve"
    EVENTS = "events"
    MANAGE = "manage"
    REPORT = "report"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the routes see it: never its text."""

    key_id: str
    store_id: str
    secret: bool  # else publishable: ads and events, from its origins
    scopes: frozenset[str]
    origins: frozenset[str] = frozenset()
    advertiser_id: str | None = None

    def allows(self, scope: Scope) -> bool:
        """Whether the key may do `scope`; admin may do everything in its store."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


class LiveStores(dict[str, "Live"]):
    """What each store serves from, with the keys of all of them.

    Assign or delete one store at a time: that keeps the key table in step.
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys: dict[bytes, Key] = {}
        self._origins: frozenset[str] = frozenset()

    def __setitem__(self, store_id: str, live: Live) -> None:
        before = self.get(store_id)
        super().__setitem__(store_id, live)
        if before is None or before.snapshot is not live.snapshot:
            self._index()

    def __delitem__(self, store_id: str) -> None:
        super().__delitem__(store_id)
        self._index()

    def key(self, plaintext: bytes) -> Key | None:
        """The key whose text is `plaintext`, if it is in use."""
        return self._keys.get(sha256(plaintext).digest())

    def of(self, key: Key) -> Live:
        """What the store of `key` serves from.

        Raises: UnauthenticatedError if the store went while the request's body came.
        """
        live = self.get(key.store_id)
        if live is None:
            raise UnauthenticatedError("the key given is not in use")
        return live

    def lists_origin(self, origin: str) -> bool:
        """Whether any publishable key is used from `origin`: all that a preflight can ask."""
        return origin in self._origins or "*" in self._origins

    def _index(self) -> None:
        """Rebuild both tables and swap each as one reference."""
        keys: dict[bytes, Key] = {}
        for store_id, live in self.items():
            for record in live.snapshot.keys:
                keys[bytes.fromhex(record.sha256)] = Key(
                    key_id=record.key_id,
                    store_id=store_id,
                    secret=record.kind == "secret",
                    scopes=frozenset(record.scopes),
                    origins=frozenset(record.origins),
                    advertiser_id=record.advertiser_id,
                )
        self._keys = keys
        self._origins = frozenset().union(
            *(key.origins for key in keys.values() if not key.secret)
        )
