"""The last decisions and events of the store, as everyone who looks sees them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from service.web.cards import price_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from service.decision.terms import Product

ROWS = 8
"""Decisions and events that are shown of each."""

_ASKED = 40  # of which those are left out that the decisions tell of already
_TOLD_BY_DECISIONS = {"impression", "view"}

FRESH_SECONDS = 1.0
"""The service is asked no more often than this, however many look."""

_SAID = {
    "add_to_cart": "into the cart",
    "click": "clicked",
    "conversion": "bought",
    "feature_word": "wants",
    "hide": "hid",
    "impression": "shown",
    "search": "searched",
    "view": "seen",
}


@dataclass(frozen=True, slots=True)
class LiveDecision:
    """An answer in one line. `ads` are (slot, what became of it, title, price)."""

    at: str
    asked: str
    ads: tuple[tuple[int, str, str, str], ...]
    personal: bool
    took: str
    notes: tuple[str, ...]  # why there are no ads, and what was done without


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """An event in one line."""

    at: str
    kind: str
    said: str
    what: str
    worth: str


@dataclass(frozen=True, slots=True)
class LiveView:
    """What the list shows; a problem in its place where there is one."""

    decisions: tuple[LiveDecision, ...] = ()
    events: tuple[LiveEvent, ...] = ()
    problem: str | None = None


class LiveFeed:
    """Asks for what happened lately, once a second for all who look."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = asyncio.Lock()
        self._read_at = float("-inf")
        self._view = LiveView()

    async def view(
        self,
        read: Callable[[int], Awaitable[Mapping[str, Any] | str]],
        products: Mapping[str, Product],
    ) -> LiveView:
        """The last view, or a new one if it is no longer fresh."""
        async with self._lock:
            if self._clock() - self._read_at >= FRESH_SECONDS:
                told = await read(_ASKED)
                self._view = (
                    LiveView(problem=told) if isinstance(told, str) else view_of(told, products)
                )
                self._read_at = self._clock()
        return self._view


def view_of(told: Mapping[str, Any], products: Mapping[str, Product]) -> LiveView:
    """What GET /v1/activity answered, for people."""
    events = [one for one in told["events"] if one["type"] not in _TOLD_BY_DECISIONS]
    return LiveView(
        decisions=tuple(_decision(one, products) for one in told["decisions"][:ROWS]),
        events=tuple(_event(one, products) for one in events[:ROWS]),
    )


def _decision(told: Mapping[str, Any], products: Mapping[str, Product]) -> LiveDecision:
    nothing = [f"no ads: {told['no_fill_reason']}"] if told["no_fill_reason"] else []
    without = [f"without: {part}" for part in told["degraded"]]
    return LiveDecision(
        at=_time(told["at"]),
        asked=told["query"] or told["category"],
        ads=tuple(
            (
                award["slot"] + 1,
                _fate(award["events"]),
                _name(award["product_id"], products),
                price_text(award["price_micros"]),
            )
            for award in told["awards"]
        ),
        personal=any(award["reason"] == "personal" for award in told["awards"]),
        took=f"{told['took_us'] / 1000:.1f} ms",
        notes=(*nothing, *(text.replace("_", " ") for text in without)),
    )


def _fate(became: Sequence[Mapping[str, Any]]) -> str:
    """The furthest that an ad came: awarded, shown, seen, clicked, bought."""
    valid = {event["type"] for event in became if event["invalid_reason"] is None}
    for kind in ("conversion", "hide", "click", "view", "impression"):
        if kind in valid:
            return _SAID[kind]
    return "awarded"


def _event(told: Mapping[str, Any], products: Mapping[str, Product]) -> LiveEvent:
    price = told["price_micros"] if told["type"] == "click" else told["value_micros"]
    counted = told["invalid_reason"] is None
    return LiveEvent(
        at=_time(told["received_at"]),
        kind=told["type"],
        said=_SAID.get(told["type"], told["type"]),
        what=_what(told, products),
        worth=f"not counted: {told['invalid_reason']}" if not counted else _worth(price),
    )


def _what(told: Mapping[str, Any], products: Mapping[str, Product]) -> str:
    if told["product_id"]:
        return _name(told["product_id"], products)
    return str(told["feature_word"] or told["query"] or "")


def _worth(micros: int | None) -> str:
    return "" if micros is None else price_text(micros)


def _name(product_id: str, products: Mapping[str, Product]) -> str:
    product = products.get(product_id)
    return product.title if product else product_id


def _time(told: str) -> str:
    return f"{datetime.fromisoformat(told).astimezone(UTC):%H:%M:%S}"
