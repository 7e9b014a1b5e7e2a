"""How long 100,000 products take from POST to done, and what a swap of their snapshot costs.

    python -m tests.benchmarks.bulk_import [--products N] [--seconds N]

One serving process and one worker, on stores of their own in a folder that is thrown away. First
the catalogue is posted as a CSV feed; then ten campaigns advertise all of it. Ads are asked for at
a steady rate: while nothing changes; while another process builds snapshots that nobody swaps in;
and while a product changes again and again, so that one snapshot after the other is built and
swapped in. Two cores are few for server, client, database and builder, so that the second, not the
first, is what the third is held against. The machine must be idle otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from service.demo.feed import COLUMNS, feed_row
from service.demo.merchants import DemoShop, make_shop
from service.store.keys import create_key
from service.store.postgres import open_engine
from tests.benchmarks.running_service import Surroundings, surroundings

RATE = 40.0  # requests a second
CAMPAIGNS = 10
PATIENCE_SECONDS = 600.0
NICE = 10  # of who builds: elsewhere it has a core of its own


def feed_of(shop: DemoShop, size: int) -> bytes:
    """The demo shop's products, over and over under new ids, as a CSV feed."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    rows = [feed_row(product, shop.store) for product in shop.products]
    for number in range(size):
        row = rows[number % len(rows)] | {"id": f"n{number}"}
        row["title"] = f"{row['title']} No. {number // len(rows)}"
        writer.writerow(
            [
                ",".join(f'"{one}"' for one in cell) if isinstance(cell, list) else cell
                for cell in row.values()
            ]
        )
    return text.getvalue().encode()


def bookings_of(size: int) -> bytes:
    """Campaigns that advertise all of the feed."""
    share = size // CAMPAIGNS
    lines = [
        {
            "advertiser": f"Merchant {number}",
            "name": "All",
            "status": "active",
            "bid": "0.30",
            "budget": "100000",
            "keywords": ["lamp", "chair", "jacket", "shoe", "mug", "bag"],
            "product_ids": [f"n{row}" for row in range(number * share, (number + 1) * share)],
        }
        for number in range(CAMPAIGNS)
    ]
    return "\n".join(map(json.dumps, lines)).encode()


async def import_all(client: httpx.AsyncClient, path: str, body: bytes, kind: str) -> float:
    """Seconds from the POST until the job is done."""
    started = time.monotonic()
    answer = await client.post(path, content=body, headers={"content-type": kind})
    answer.raise_for_status()
    while True:
        job = (await client.get(answer.headers["location"])).json()
        if job["finished_at"] is not None:
            break
        await asyncio.sleep(0.25)
    seconds = time.monotonic() - started
    if job["status"] != "done" or job["bad"]:
        raise SystemExit(f"the import failed: {job}")
    say(f"{path}: {len(body) / 1e6:.1f} MB, {job['good']:,} lines in {seconds:.1f} s")
    return seconds


async def ask(client: httpx.AsyncClient, queries: list[str], seconds: float) -> list[float]:
    """Milliseconds of each answer, asked for at `RATE`; inf for one that failed."""
    took: list[float] = []

    async def one(number: int) -> None:
        body = {"query": queries[number % len(queries)], "placement": "search_top", "slots": 4}
        started = time.perf_counter()
        try:
            answer = await client.post("/v1/ads", json=body)
            good = answer.status_code == 200 and "no_snapshot" not in answer.text
        except httpx.HTTPError:
            good = False
        took.append((time.perf_counter() - started) * 1000 if good else float("inf"))

    begin = time.monotonic()
    waiting = []
    for number in range(int(seconds * RATE)):
        await asyncio.sleep(max(0.0, begin + number / RATE - time.monotonic()))
        waiting.append(asyncio.create_task(one(number)))
    await asyncio.gather(*waiting)
    return took


async def change_again_and_again(client: httpx.AsyncClient, stop: asyncio.Event) -> None:
    """Give a product another price whenever the last one is served."""
    number = 0
    while not stop.is_set():
        number, before = number + 1, await swaps(client)
        body = {"title": "Lamp", "link": "/p/n0", "price_micros": 1_000_000 + number}
        (await client.put("/v1/products/n0", json=body)).raise_for_status()
        served = before
        while served == before and not stop.is_set():
            await asyncio.sleep(1)
            served = await swaps(client)


async def swaps(client: httpx.AsyncClient) -> int:
    """How many snapshots the server has swapped in so far."""
    text = (await client.get("/metrics")).text
    line = next(one for one in text.splitlines() if one.startswith("salient_snapshots_loaded_t"))
    return int(float(line.split()[1]))


async def measure(around: Surroundings, size: int, seconds: float) -> None:
    """Import, then ask with and without swaps."""
    shop = make_shop(1)
    secret = await key_of(around)
    headers = {"authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(base_url=around.base_url, headers=headers, timeout=60) as client:
        await settle(client)
        await import_all(client, "/v1/products/import", feed_of(shop, size), "text/csv")
        await import_all(client, "/v1/imports", bookings_of(size), "application/x-ndjson")
        await settle(client)
        queries = [product.title for product in shop.products[:200]]
        await ask(client, queries, 5)
        calm = await ask(client, queries, seconds)
        with around.process("tests.benchmarks.decision_stages", nice=NICE):
            beside = await ask(client, queries, seconds)
        before, stop = await swaps(client), asyncio.Event()
        changing = asyncio.create_task(change_again_and_again(client, stop))
        busy = await ask(client, queries, seconds)
        stop.set()
        await changing
        tell("nothing changes", calm)
        tell("others build, no swap", beside)
        tell(f"{await swaps(client) - before} swaps", busy)


async def key_of(around: Surroundings) -> str:
    """A secret key of the only store."""
    engine = open_engine(around.urls.database_url)
    async with engine.begin() as connection:
        store_id = make_shop(1).store.store_id
        _, secret = await create_key(connection, store_id, "secret", ["admin"])
    await engine.dispose()
    return secret


async def settle(client: httpx.AsyncClient) -> None:
    """Wait until no snapshot was swapped in for a while."""
    seen, since = await swaps(client), time.monotonic()
    while time.monotonic() - since < 20:
        await asyncio.sleep(1)
        now = await swaps(client)
        if now != seen:
            seen, since = now, time.monotonic()


def tell(what: str, took: list[float]) -> None:
    """Print the middle, the worst in a hundred, and how many failed."""
    ordered = sorted(took)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    failed = sum(one == float("inf") for one in took)
    say(f"{what}: {len(took)} requests, p50 {p50:.1f} ms, p99 {p99:.1f} ms, {failed} failed")


def say(text: str) -> None:
    """Print with the machine's load, which every figure depends on."""
    sys.stdout.write(f"{text}   (load average {os.getloadavg()[0]:.1f})\n")
    sys.stdout.flush()


def main() -> None:
    """Run it all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=30)
    given: Any = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="salient-bulk-") as folder,
        surroundings(Path(folder), Path("models")) as around,
    ):
        around.salient("demo", "seed")
        with (
            around.process("service", "worker", nice=NICE),
            around.process("service", "serve") as server,
        ):
            around.wait_until_ready(server)
            asyncio.run(measure(around, given.products, given.seconds))


if __name__ == "__main__":
    main()
