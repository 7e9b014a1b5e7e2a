"""What the page tells the service, as bodies of POST /v1/events."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SAME_VISIT_SECONDS = 1800.0


def page_shown(
    user: Mapping[str, object], query: str, words: Sequence[str], now: float
) -> Iterator[dict[str, object]]:
    """A search and the feature words beside it; told again within half an hour, it counts once."""
    visit = (user.get("session"), int(now // _SAME_VISIT_SECONDS), query)
    yield {"type": "search", "event_id": event_id("search", visit), "user": user, "query": query}
    for position, word in enumerate(words, start=1):
        yield {
            "type": "feature_word",
            "event_id": event_id("shown", visit, word),
            "user": user,
            "query": query,
            "feature_word": word,
            "action": "shown",
            "position": position,
        }


def word_clicked(
    user: Mapping[str, object], query: str, word: str, position: int | None, moment: str
) -> dict[str, object]:
    """A click on a feature word; `moment` tells two clicks apart."""
    return {
        "type": "feature_word",
        "event_id": event_id("clicked", moment, query, word),
        "user": user,
        "query": query,
        "feature_word": word,
        "action": "clicked",
        "position": position,
    }


def put_in_cart(
    user: Mapping[str, object], product_id: str, price: int, moment: str
) -> dict[str, object]:
    """A product put into the cart, worth `price` in micros."""
    return {
        "type": "add_to_cart",
        "event_id": event_id("cart", moment, product_id),
        "user": user,
        "product_id": product_id,
        "quantity": 1,
        "value": price,
    }


def event_id(*parts: object) -> str:
    """An id that is the same for the same parts."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
