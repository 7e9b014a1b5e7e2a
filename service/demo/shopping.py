"""One visit to the demo shop, over the service's REST API, as its page and a browser would."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import numpy as np

from service.demo.merchants import make_shop
from service.demo.open_loop import ServiceAwayError
from service.demo.search import ShopSearch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.demo.tally import Tally
    from service.demo.traffic import SimulatedShoppers
    from service.demo.visits import Visit

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36"
SHORTEST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.3, 1.5  # at a page, before a click
_REFUSALS = {400, 401, 403, 404, 422}  # would be the same for every visit
_ORGANIC, _SEARCHED = 12, 60

Event = dict[str, Any]


class Aisles:
    """What the shop of a seed shows beside its ads, remembered for every query."""

    def __init__(self, seed: int) -> None:
        self._search = ShopSearch(make_shop(seed).products)
        self._seen: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def page(self, query: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The organic product ids, and the feature words."""
        if query not in self._seen:
            found = self._search.find(query, _SEARCHED)
            words = self._search.feature_words(query, found)
            self._seen[query] = tuple(p.product_id for p in found[:_ORGANIC]), words
        return self._seen[query]


@dataclass(frozen=True)
class Shopping:
    """How visits are made: `run` tells the events of one run from those of another."""

    client: httpx.AsyncClient
    people: SimulatedShoppers
    aisles: Aisles
    placement: str
    tally: Tally
    run: str
    seed: int
    pause: float = 1.0  # how long people look, against the usual

    async def visit(self, visit: Visit, due: float) -> None:
        """Search, see what is there, perhaps click and buy.

        Raises: ServiceAwayError when the service refuses what every visit asks for.
        """
        steps = _Steps(self, visit, np.random.default_rng([self.seed, 9, visit.number]))
        try:
            answer = await self._ask(steps, due)
            await self._tell([*steps.looked(answer["ads"]), *steps.chips()])
            await steps.look()
            for ad in steps.clicked(answer["ads"]):
                await self._click(ad)
                await self._tell(steps.bought(ad))
        except httpx.TransportError as error:
            self.tally.failed(type(error).__name__, unreachable=True)
        except _UnexpectedError as error:
            self.tally.failed(str(error))

    async def _ask(self, steps: _Steps, due: float) -> Mapping[str, Any]:
        clock = asyncio.get_running_loop().time
        began = clock()
        asked = steps.asked
        due += clock() - began  # the shop's own search is no part of the answer time
        response = await self.client.post("/v1/ads", json=asked)
        if response.status_code in _REFUSALS:
            raise ServiceAwayError(f"the service refuses this traffic: {response.text[:300]}")
        _expect(response, httpx.codes.OK)
        answer: Mapping[str, Any] = response.json()
        self.tally.answered(clock() - due, len(answer["ads"]))
        return answer

    async def _tell(self, events: Sequence[Event]) -> None:
        if events:
            response = await self.client.post("/v1/events", json={"events": list(events)})
            _expect(response, httpx.codes.ACCEPTED)
            self.tally.impressions += sum(event["type"] == "impression" for event in events)
            self.tally.orders += sum(event["type"] == "conversion" for event in events)

    async def _click(self, ad: Mapping[str, Any]) -> None:
        # whatever host its URL names, only the service that is under test is called
        response = await self.client.get(urlsplit(ad["click_url"]).path)
        _expect(response, httpx.codes.FOUND)
        self.tally.clicks += 1


class _UnexpectedError(Exception):
    """An answer that a working service does not give."""


def _expect(response: httpx.Response, status: int) -> None:
    if response.status_code != status:
        path = response.request.url.path
        route = path if path.startswith("/v1/") else path[:2]  # not one for every token
        raise _UnexpectedError(f"{response.status_code} to {route}")


@dataclass(frozen=True)
class _Steps:
    """What one visitor does, drawn by the click model."""

    shopping: Shopping
    visit: Visit
    rng: np.random.Generator

    @cached_property
    def user(self) -> Mapping[str, object]:
        if not self.visit.consents:
            return {"consent": False}
        session = f"{self.shopping.run}-{self.visit.number}"
        return {"id": f"sim-{self.visit.shopper}", "session": session, "consent": True}

    @property
    def asked(self) -> Mapping[str, object]:
        organic, _ = self.shopping.aisles.page(self.visit.query)
        return {
            "query": self.visit.query,
            "placement": self.shopping.placement,
            "user": self.user,
            "context": {"device": "mobile" if self.visit.mobile else "desktop"},
            "organic_ids": organic,
        }

    async def look(self) -> None:
        seconds = self.rng.uniform(SHORTEST_LOOK_SECONDS, LONGEST_LOOK_SECONDS)
        await asyncio.sleep(seconds * self.shopping.pause)

    def looked(self, ads: Sequence[Mapping[str, Any]]) -> list[Event]:
        """Every ad is rendered; the s-th is in view with the click model's s ** -slot_decay."""
        decay = self.shopping.people.model.world.slot_decay
        seen = [ad for ad in ads if self.rng.random() < (ad["slot"] + 1.0) ** -decay]
        shown: list[Event] = [{"type": "impression", "token": ad["impression_url"]} for ad in ads]
        return shown + [{"type": "view", "token": ad["view_url"]} for ad in seen]

    def chips(self) -> list[Event]:
        """The search, its feature words and clicks on them: told of those who agreed to it."""
        if not self.visit.consents:
            return []
        people, visit = self.shopping.people, self.visit
        events = [self._event("search", "search")]
        for position, word in enumerate(self.shopping.aisles.page(visit.query)[1], start=1):
            about = {"feature_word": word, "position": position}
            events.append(self._event(f"s{position}", "feature_word", action="shown", **about))
            chance = people.p_chip_click(visit.shopper, visit.query, word, position)
            if self.rng.random() < chance:
                clicked = self._event(f"c{position}", "feature_word", action="clicked", **about)
                events.append(clicked)
        return events

    def clicked(self, ads: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [ad for ad in ads if self.rng.random() < self._p_click(ad)]

    def bought(self, ad: Mapping[str, Any]) -> list[Event]:
        """The order that follows a click, if there is one."""
        people, visit, product_id = self.shopping.people, self.visit, ad["product_id"]
        if self.rng.random() >= people.p_conversion(visit.shopper, visit.query, product_id):
            return []
        order = f"sim-{self.shopping.run}-{visit.number}-{ad['slot']}"
        common = {"product_id": product_id, "user": self.user}
        return [
            {"type": "add_to_cart", "event_id": f"cart-{order}", **common},
            {"type": "conversion", "order_id": order, "token": ad["click_url"], **common},
        ]

    def _p_click(self, ad: Mapping[str, Any]) -> float:
        shown = [part["text"] for part in ad["title"]["parts"] if part["highlight"]]
        return self.shopping.people.p_ad_click(
            self.visit.shopper, self.visit.query, ad["product_id"], shown, ad["slot"]
        )

    def _event(self, name: str, kind: str, **more: object) -> Event:
        event_id = f"sim-{self.shopping.run}-{self.visit.number}-{name}"
        common = {"type": kind, "event_id": event_id, "user": self.user}
        return {**common, "query": self.visit.query, **more}
