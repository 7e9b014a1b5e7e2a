"""The events that the benchmark of the stream sends: what shoppers of a few shops do."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from service.store.events import Event, to_bytes
from tests.integration.worker.shop import NOW, click, feature_word, search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.terms import Campaign, Store

SHARES = {
    "impression": 52,
    "view": 24,
    "search": 8,
    "shown": 6,
    "click": 5,
    "clicked": 3,
    "add_to_cart": 1,
    "conversion": 1,
}
"""Of a hundred events; feature words are shown or clicked."""

SHOPPERS = 2_000
KNOWN = 0.6  # of shoppers: the others gave no consent
POISON_EVERY = 4_000


def made_events(
    shops: Sequence[tuple[Store, Campaign]], count: int, first: int, seed: int
) -> list[tuple[bytes, bytes, bool]]:
    """(kind, body, whether it is kept on the disk) of `count` events, numbered from `first`."""
    chance = random.Random(f"{seed}/{first}")  # noqa: S311 - the same events every run
    kinds = chance.choices(list(SHARES), list(SHARES.values()), k=count)
    made = []
    for number, kind in enumerate(kinds, first):
        store, campaign = chance.choice(shops)
        shopper = int(chance.paretovariate(0.8)) % SHOPPERS
        user = f"u-{shopper:05d}" if shopper % 10 < 10 * KNOWN else None
        event = _event(kind, store, campaign, number, user)
        made.append((b"event", to_bytes(event), kind in {"click", "conversion"}))
        if number % POISON_EVERY == 0:
            made.append((b"event", b'{"store_id": 1}', False))
    return made


def _event(kind: str, store: Store, campaign: Campaign, number: int, user: str | None) -> Event:
    who: dict[str, Any] = {"user_id": user, "session": user and f"s-{user}"}
    if kind in {"impression", "view", "click"}:
        price: dict[str, Any] = {} if kind == "click" else {"price": None}
        there = {"query": "table lamp oak", "payload": {"platform": "web"}}
        return click(campaign, store, number, type=kind, **there, **price, **who)
    if kind == "search":
        return search(store, f"lamp {number % 97}", number, **who)
    if kind in {"shown", "clicked"}:
        return feature_word(store, "oak", number, action=kind, **who)
    order: dict[str, Any] = (
        {"order_id": f"o-{number}", "line": "0"} if kind == "conversion" else {}
    )
    return Event(
        store_id=store.store_id,
        ts=NOW + number / 1000,
        type=kind,
        event_key=f"o-{number}/0" if order else f"e-{number}",
        received_at=NOW + number / 1000,
        product_id="100001",
        quantity=1.0,
        **who,
        **order,
    )
