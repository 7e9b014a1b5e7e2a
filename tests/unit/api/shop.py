"""A shop small enough to reckon with, and fakes for what stands around the API."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

from service.api.application import make_application
from service.api.keys import LiveStores
from service.api.metrics import Metrics
from service.api.state import State
from service.api.tokens import TokenSigner
from service.decision.live import Live
from service.decision.snapshot import Catalogue, build_snapshot
from service.decision.terms import (
    Ad,
    ApiKey,
    Campaign,
    CampaignStatus,
    KeyKind,
    Keyword,
    MatchType,
    Micros,
    Placement,
    Product,
    Store,
)
from service.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from service.api.hot_route import HotApp
    from service.decision.snapshot import Snapshot

SHOE, OTHER = "sto_shoe", "sto_other"
PAGE = "https://shop.example"
SERVE_AND_EVENTS = ("serve", "events")


def api_key(text: str, kind: KeyKind, scopes: Sequence[str], *origins: str) -> ApiKey:
    digest = sha256(text.encode()).hexdigest()
    return ApiKey(f"key_{text}", digest, kind, tuple(scopes), tuple(origins))


def keys_of(prefix: str) -> tuple[ApiKey, ...]:
    """pk_<prefix> and sk_<prefix> do ads and events, sk_<prefix>_report neither."""
    return (
        api_key(f"pk_{prefix}", KeyKind.PUBLISHABLE, SERVE_AND_EVENTS, PAGE),
        api_key(f"sk_{prefix}", KeyKind.SECRET, SERVE_AND_EVENTS),
        api_key(f"sk_{prefix}_report", KeyKind.SECRET, ("report",)),
    )


def snapshot_of(store_id: str, prefix: str) -> Snapshot:
    """Three shoes at 0.30, 0.20 and 0.10, each from its own campaign."""
    store = Store(store_id, "Shoes", "EUR", "en", "https://shop.example")
    products = [
        Product(
            f"{prefix}{number}",
            f"Trail Running Shoe {number}",
            f"/p/{number}",
            Micros(59_990_000),
            category="Shoes",
            highlights=("waterproof", "wide fit"),
        )
        for number in (1, 2, 3)
    ]
    campaigns = [
        Campaign(
            f"cmp_{prefix}{number}",
            f"adv_{number}",
            f"Shoes {number}",
            CampaignStatus.ACTIVE,
            Micros(400_000 - 100_000 * number),
            Micros(10_000_000),
            keywords=(Keyword("running shoe", MatchType.BROAD),),
        )
        for number in (1, 2, 3)
    ]
    ads = [
        Ad(f"ad_{prefix}{number}", f"cmp_{prefix}{number}", f"{prefix}{number}")
        for number in (1, 2, 3)
    ]
    placements = [Placement("search_top", "web", 2, Micros(50_000))]
    catalogue = Catalogue(store, 7, products, campaigns, ads, placements, keys_of(prefix))
    return build_snapshot(catalogue)


@dataclass
class Profiles:
    """Redis, as far as the hot path reads it."""

    values: dict[bytes, bytes] = field(default_factory=dict)
    down: bool = False
    reads: list[bytes] = field(default_factory=list)

    async def get(self, key: bytes, deadline_seconds: float) -> bytes | None:
        self.reads.append(key)
        if self.down or deadline_seconds <= 0:
            raise StoreUnavailableError("down")
        return self.values.get(key)


@dataclass
class Log:
    """The event log, kept in memory."""

    entries: list[tuple[bytes, dict[str, Any]]] = field(default_factory=list)
    down: bool = False

    def append_soon(self, kind: bytes, body: bytes) -> None:
        self.entries.append((kind, orjson.loads(body)))

    append_surely = append_soon

    async def append(
        self, kind: bytes, bodies: Sequence[bytes], *, surely: Collection[int] = ()
    ) -> None:
        assert all(number < len(bodies) for number in surely)
        if self.down:
            raise StoreUnavailableError("neither stream nor spool")
        for body in bodies:
            self.append_soon(kind, body)

    def of(self, kind: bytes) -> list[dict[str, Any]]:
        return [body for one, body in self.entries if one == kind]


def make_state() -> State:
    live = LiveStores()
    live[SHOE] = Live(snapshot_of(SHOE, "a"))
    live[OTHER] = Live(snapshot_of(OTHER, "b"))
    return State(
        live=live,
        signer=TokenSigner({1: b"k" * 32}),
        profiles=Profiles(),
        log=Log(),
        metrics=Metrics(),
        base_url="https://ads.example",
    )


def make_app(state: State, **options: Any) -> HotApp:
    app = make_application("0", **options)
    app.state.salient = state
    return app
