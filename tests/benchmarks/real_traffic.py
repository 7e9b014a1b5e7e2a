"""Real queries of known shoppers, sent over HTTP, with all that happens afterwards.

Nobody knows what these shoppers like, so clicks are simulated in the form that the click model of
the log is documented in, with invented weights: a liked phrase is one whose chip the shopper
clicked in the log.

    P(click) = s ** -.5 * sigmoid(-4.2 + relevance + .5 liked),    s = 1 for the top slot
"""

from __future__ import annotations

import http.client
import json
import math
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.benchmarks.hot_path_load import cpu_seconds
from tests.benchmarks.real_titles import shown_phrases

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np

SLOTS = 4
PLACEMENT = "search_top"
_AT_ONCE = 50  # searches sent before their events are
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_BASE, _LIKED = -4.2, 0.5
_UNJUDGED_RELEVANCE = 1.8  # the share of query words in the title is added to it

EventKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Search:
    """One shopper's search, with what the simulation knows about it."""

    query: str
    user_id: str
    relevance: Mapping[str, float]  # of the products that people judged for this query
    liked: frozenset[str]  # phrases this shopper clicked in the log


@dataclass(slots=True)
class Traffic:
    """What was sent and what came back."""

    latencies_ms: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)  # of the server, a request, by bunch
    sent: Counter[EventKey] = field(default_factory=Counter)
    ads: list[dict[str, Any]] = field(default_factory=list)
    filled: int = 0
    asked: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    degraded: Counter[str] = field(default_factory=Counter)
    rejected: int = 0

    @property
    def fill(self) -> float:
        return self.filled / self.asked


class Shop:
    """Plays the shop: asks for ads, shows them, lets the shopper click."""

    def __init__(self, base_url: str, key: str, server_pid: int, rng: np.random.Generator) -> None:
        at = urlsplit(base_url)
        self._connection = http.client.HTTPConnection(str(at.hostname), at.port, timeout=10)
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "User-Agent": _BROWSER,
        }
        self._server_pid = server_pid
        self._rng = rng
        self.traffic = Traffic()

    def serve(self, searches: Sequence[Search]) -> Iterator[int]:
        """Send every search, and after each bunch what happened. Yields how many are done."""
        for start in range(0, len(searches), _AT_ONCE):
            bunch = searches[start : start + _AT_ONCE]
            cpu = cpu_seconds(self._server_pid)
            answers = [self._ask(search) for search in bunch]
            used = cpu_seconds(self._server_pid) - cpu
            self.traffic.cpu_us.append(used * 1e6 / len(bunch))
            for number, (search, answer) in enumerate(zip(bunch, answers, strict=True), start):
                self._happen(search, answer, f"real-{number}")
            yield start + len(bunch)

    def _ask(self, search: Search) -> dict[str, Any]:
        body = {
            "query": search.query,
            "placement": PLACEMENT,
            "slots": SLOTS,
            "user": _user(search),
        }
        begun = time.perf_counter()
        status, _, answer = self._send("POST", "/v1/ads", body)
        self.traffic.latencies_ms.append((time.perf_counter() - begun) * 1000)
        if status != 200:
            raise RuntimeError(f"POST /v1/ads answered {status}: {answer[:300]!r}")
        told: dict[str, Any] = json.loads(answer)
        self.traffic.asked += SLOTS
        self.traffic.filled += len(told["ads"])
        self.traffic.ads += told["ads"]
        self.traffic.degraded.update(told["degraded"])
        if told["no_fill_reason"]:
            self.traffic.reasons[told["no_fill_reason"]] += 1
        return told

    def _happen(self, search: Search, answer: dict[str, Any], event_id: str) -> None:
        """Tell the search and its impressions in one batch, then click."""
        ads = answer["ads"]
        events: list[dict[str, Any]] = [
            {
                "type": "search",
                "event_id": event_id,
                "query": search.query,
                "user": _user(search),
            },
            *({"type": "impression", "token": ad["impression_url"]} for ad in ads),
        ]
        status, _, receipt = self._send("POST", "/v1/events", {"events": events})
        if status != 202:
            raise RuntimeError(f"POST /v1/events answered {status}: {receipt[:300]!r}")
        self.traffic.rejected += json.loads(receipt)["rejected"]
        self.traffic.sent["search", event_id] += 1
        for ad in ads:
            self.traffic.sent["impression", ad["impression_id"]] += 1
            if self._rng.random() < click_chance(search, ad):
                self._click(ad)

    def _click(self, ad: Mapping[str, Any]) -> None:
        status, headers, answer = self._send("GET", urlsplit(ad["click_url"]).path, None)
        if status != 302 or not headers.get("Location"):
            raise RuntimeError(f"a click answered {status}: {answer[:300]!r}")
        self.traffic.sent["click", ad["impression_id"]] += 1

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        data = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, data, self._headers)
        response = self._connection.getresponse()
        return response.status, response.headers, response.read()


def click_chance(search: Search, ad: Mapping[str, Any]) -> float:
    """The equation of the module, for one ad in its slot."""
    asked = set(search.query.casefold().split())
    said = set(ad["title"]["original"].casefold().split())
    guess = _UNJUDGED_RELEVANCE + len(asked & said) / max(len(asked), 1)
    relevance = search.relevance.get(ad["product_id"], guess)
    liked = sum(phrase.casefold() in search.liked for phrase in shown_phrases(ad))
    logit = _BASE + relevance + _LIKED * liked
    return float((ad["slot"] + 1) ** -0.5 / (1.0 + math.exp(-logit)))


def _user(search: Search) -> dict[str, Any]:
    return {"id": search.user_id, "session": f"s-{search.user_id}", "consent": True}
