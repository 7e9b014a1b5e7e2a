"""The producer of the chaos run, in a process of its own: tells, shops, and writes down what took.

python -m tests.faults.chaos_events FOLDER EVENTS RATE SEED PORT...

It writes to FOLDER: `keys`, what was answered with 202 or 302 (`chaos_keys`), and `doubtful`, what
was not answered; `samples`, a few of the former as text, for who waits until they are stored;
`produced`, a JSON of counts, at the end.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from service.api.token_events import token_in
from service.store.stream import STREAM
from tests.faults.chaos_keys import KeyLog, Taken
from tests.faults.chaos_shop import (
    CAPPED,
    OPEN,
    PRICE,
    QUERY,
    SIGNER,
    TIGHT,
    TIGHT_SECONDS,
    ChaosShop,
    key_of,
)

if TYPE_CHECKING:
    from service.api.tokens import AdToken

BATCH: Final = 500
SENDERS: Final = 4
AWARDS: Final = 200  # of a batch: all were shown
VIEWS: Final = 40  # of them were seen
CLICKED: Final = 100  # from there on they were clicked
KEYED: Final = (("search", 100), ("feature_word", 40), ("conversion", 20))
AGE_SECONDS: Final = 30.0
VIEWS_A_SECOND: Final = 60.0
CLICK_SHARE: Final = 0.05  # as the service expects of a full match
LOOK_SECONDS: Final = 0.7  # from the page to the click
TOLD_TWICE: Final = 0.02  # of the batches, although the first time was answered
RETRY_SECONDS: Final = 0.05
BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36"
MOST_WAITING: Final = 2_500  # entries in the stream; with more than that, nothing new is told
BRAKE_SECONDS: Final = 0.25
MORNING: Final = 20  # clicks that spend what the tight campaign is to have spent before

Told = tuple[dict[str, Any], Taken, str]
"""An event as it is sent, as it is written down, and its line for the samples, if it has one."""


@dataclass
class Producer:
    """Sends every event until a server takes it, and only then calls it sent."""

    shop: ChaosShop
    folder: Path
    ports: list[int]
    lot: random.Random
    http: httpx.AsyncClient
    redis_url: str
    log: KeyLog = field(init=False)
    doubtful: KeyLog = field(init=False)  # perhaps taken: the answer did not come
    pending: int = 0  # events that are being told
    failed: int = 0  # requests, while a server was away
    refused: list[str] = field(default_factory=list)  # answers that no outage explains
    shown: int = 0  # ads
    clicks: set[asyncio.Task[None]] = field(default_factory=set)
    free: asyncio.Event = field(default_factory=asyncio.Event)  # the workers keep up

    def __post_init__(self) -> None:
        self.log = KeyLog(self.folder / "keys")
        self.doubtful = KeyLog(self.folder / "doubtful")
        self.samples = (self.folder / "samples").open("a", buffering=1)

    async def produce(self, events: int, rate: float) -> None:
        """Tell so many events a second beside the shoppers' clicks, until `events` are taken."""
        await self.tell(self.morning(events / rate))
        beside = [asyncio.create_task(self.go_shopping()), asyncio.create_task(self.brake())]
        await self.tell_at(rate, events)
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, *self.clicks, return_exceptions=True)
        while (left := events - self.log.count) > 0:
            await self.tell(self.batch(min(left, BATCH)))

    async def tell_at(self, rate: float, events: int) -> None:
        """Tell full batches at that rate, a few at once, until less than two are left."""
        room = asyncio.Semaphore(SENDERS)
        due = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            while events - self.log.count - self.pending > 2 * BATCH:
                await self.free.wait()
                await room.acquire()
                sending = tasks.create_task(self.tell(self.batch(BATCH)))
                sending.add_done_callback(lambda _: room.release())
                due = max(due, time.monotonic() - 1) + BATCH / rate
                await asyncio.sleep(due - time.monotonic())

    async def brake(self) -> None:
        """Hold the batches up while the workers are behind; without Redis nobody can know."""
        async with Redis.from_url(self.redis_url, socket_timeout=1, retry=None) as redis:
            while True:
                behind = False
                with suppress(RedisError):
                    behind = await redis.xlen(STREAM) > MOST_WAITING
                (self.free.clear if behind else self.free.set)()
                await asyncio.sleep(BRAKE_SECONDS)

    def morning(self, seconds: float) -> list[Told]:
        """What the tight campaign spent before: two fifths into the run it is to be empty."""
        rest = self.shop.tight_budget * 0.4 * seconds / TIGHT_SECONDS
        price = int((self.shop.tight_budget - rest) / MORNING)
        return [
            self.signed("click", self.award(TIGHT, price), TIGHT, price) for _ in range(MORNING)
        ]

    def batch(self, size: int) -> list[Told]:
        """New events in the order in which shoppers make them."""
        awards = [self.award(self.lot.randrange(OPEN), PRICE) for _ in range(AWARDS)]
        awards[-1] = self.award(CAPPED, PRICE)
        made = [self.signed("impression", award) for award in awards]
        made += [self.signed("view", award) for award in awards[:VIEWS]]
        clicked = awards[CLICKED:]
        made += [
            self.signed("click", award, self.shop.campaigns.index(award.campaign_id), PRICE)
            for award in clicked
        ]
        made += [self.keyed(kind) for kind, number in KEYED for _ in range(number)]
        return made[:size]

    def award(self, campaign: int, price: int) -> AdToken:
        """An ad that was shown some seconds ago."""
        return self.shop.award(self.lot, campaign, price=price, ts=time.time() - AGE_SECONDS)

    def signed(self, kind: str, award: AdToken, *paid: int) -> Told:
        """An event on an ad."""
        taken = Taken(kind, key_of(award), *paid)
        sample = f"{kind}\t{taken.key}\t{award.ts}\n" if int(taken.key[-5:-2], 16) < 80 else ""
        return {"type": kind, "token": SIGNER.sign(award)}, taken, sample

    def keyed(self, kind: str) -> Told:
        """An event with a key of the shop's own."""
        key = f"{self.lot.getrandbits(96):024x}"
        if kind == "conversion":
            told: dict[str, Any] = {
                "order_id": key,
                "line": 1,
                "product_id": self.shop.products[0],
            }
            return {"type": kind} | told, Taken(kind, f"{key}/1"), ""
        told = {"event_id": key, "query": "lamp"}
        if kind == "feature_word":
            told |= {"feature_word": "oak", "action": "clicked"}
        return {"type": kind} | told, Taken(kind, key), ""

    async def tell(self, batch: list[Told]) -> None:
        """Tell it to one server after the other until one takes all of it."""
        self.pending += len(batch)
        body = {"events": [told for told, _, _ in batch]}
        while await self.send("POST", "/v1/events", 202, body) is None:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(RETRY_SECONDS)
        self.log.write(taken for _, taken, _ in batch)
        self.pending -= len(batch)
        self.samples.write("".join(sample for _, _, sample in batch))
        if self.lot.random() < TOLD_TWICE:
            await self.send("POST", "/v1/events", 202, body)

    async def go_shopping(self) -> None:
        """Pages at a steady rate, whether or not the ones before were answered."""
        while True:
            view = asyncio.create_task(self.visit())
            self.clicks.add(view)
            view.add_done_callback(self.clicks.discard)
            await asyncio.sleep(1 / VIEWS_A_SECOND)

    async def visit(self) -> None:
        """A page, and now and then a click on its ad."""
        body = {"query": QUERY, "placement": "search_top", "timeout_ms": 1000}
        page = await self.send("POST", "/v1/ads", 200, body)
        for ad in page["ads"] if page else ():
            self.shown += 1
            if self.lot.random() < CLICK_SHARE:
                await self.click(token_in(ad["click_url"]), token_in(ad["impression_url"]))

    async def click(self, token: str, seen: str) -> None:
        """See the ad, look at it, and follow its link, each tried once."""
        award = SIGNER.read(token)
        event = {"events": [{"type": "impression", "token": seen}]}
        impression = await self.send("POST", "/v1/events", 202, event)
        self.note(impression, Taken("impression", key_of(award)))
        await asyncio.sleep(LOOK_SECONDS)
        click = await self.send("GET", f"/c/{token}", 302)
        self.note(click, Taken("click", key_of(award), TIGHT, award.price))

    def note(self, answer: Any, event: Taken) -> None:
        """Write down what became of an event that is sent only once."""
        (self.doubtful if answer is None else self.log).write([event])

    async def send(self, method: str, path: str, expected: int, body: Any = None) -> Any:
        """The answer of a server chosen by lot, None where it was away."""
        url = f"http://127.0.0.1:{self.lot.choice(self.ports)}{path}"
        try:
            answer = await self.http.request(method, url, json=body)
        except httpx.HTTPError:
            self.failed += 1
            return None
        if answer.status_code == 503:
            self.failed += 1
            return None
        told = answer.json() if answer.status_code in {200, 202} else {}
        if answer.status_code != expected or told.get("rejected"):
            self.refused.append(f"{path[:12]}: {answer.status_code} {answer.text[:300]}")
            return None
        return told


async def main(folder: Path, events: int, rate: float, seed: int, ports: list[int]) -> None:
    """Produce, and leave the counts."""
    shop = ChaosShop.read(folder / "shop.json")
    headers = {"authorization": f"Bearer {shop.key}", "user-agent": BROWSER}
    limits = httpx.Limits(max_connections=100, keepalive_expiry=1)
    async with httpx.AsyncClient(headers=headers, timeout=10, limits=limits) as http:
        lot = random.Random(seed)  # noqa: S311 - a plan, no secret
        producer = Producer(shop, folder, ports, lot, http, os.environ["REDIS_URL"])
        await producer.produce(events, rate)
    told = {"failed": producer.failed, "refused": producer.refused[:5], "shown": producer.shown}
    (folder / "produced").write_text(json.dumps(told))


if __name__ == "__main__":
    _folder, _events, _rate, _seed, *_ports = sys.argv[1:]
    asyncio.run(
        main(Path(_folder), int(_events), float(_rate), int(_seed), [int(p) for p in _ports])
    )
