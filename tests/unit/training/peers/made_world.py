"""A small world in which shoppers like two words of twelve each, and half of them never change."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from training.lab.split import Split
from training.peers.peer import Evidence

if TYPE_CHECKING:
    from service.contract.arrays import FloatArray, TimeArray
    from training.peers.shop import Shop

WORDS = tuple(f"word{number}" for number in range(12))
SHOPPERS = 24
DAY = 86_400.0
START = 1_700_000_000.0


def likes(shopper: int) -> tuple[int, int]:
    """Return the two words a shopper likes: shoppers six apart like the same."""
    return 2 * (shopper % 6), 2 * (shopper % 6) + 1


def items() -> pl.DataFrame:
    """Return 36 products with two words each: half of them of a pair that is liked together."""
    pairs = [
        (number % 12, number % 12 + 1 if number % 4 == 0 else (number + 5) % 12)
        for number in range(36)
    ]
    return pl.DataFrame(
        {
            "product_uid": [f"p{number}" for number in range(36)],
            "title": [f"Thing {WORDS[a]} {WORDS[b % 12]}" for a, b in pairs],
            "sp_candidates": [sorted({WORDS[a], WORDS[b % 12]}) for a, b in pairs],
        }
    )


def clicks(pages: int = 900, seed: int = 0) -> pl.DataFrame:
    """Return three ads a page over ten days; a liked word in the title makes a click likely."""
    rng, catalogue = np.random.default_rng(seed), items()["sp_candidates"].to_list()
    rows = []
    for page in range(pages):
        shopper = page % SHOPPERS
        liked = {WORDS[word] for word in likes(shopper)}
        for slot in range(3):
            product = int(rng.integers(36))
            p = 0.6 if liked & set(catalogue[product]) else 0.05
            rows.append(
                {
                    "request": f"r{page}",
                    "ts": START + page * 10 * DAY / pages,
                    "user_id": f"u{shopper}",
                    "query": f"query{page % 3}",
                    "product_uid": f"p{product}",
                    "slot": slot + 1,
                    "sp_shown": catalogue[product][:1] if page % 2 else [],
                    "click": float(rng.random() < p),
                    "conversion": 0.0,
                }
            )
    return pl.DataFrame(rows)


def facets(pages: int = 700, seed: int = 1) -> pl.DataFrame:
    """Return four feature words a page; every ninth page is of a shopper nobody knows."""
    rng = np.random.default_rng(seed)
    rows = []
    for page in range(pages):
        shopper = page % SHOPPERS
        for position, word in enumerate(rng.choice(12, 4, replace=False)):
            p = (0.7 if word in likes(shopper) else 0.06) * (1 - 0.15 * position)
            rows.append(
                {
                    "request": f"s{page}",
                    "ts": START + 60 + page * 10 * DAY / pages,
                    "user_id": None if page % 9 == 0 else f"u{shopper}",
                    "query": f"query{page % 3}",
                    "sf_keyword": WORDS[word],
                    "position": position + 1,
                    "click": float(rng.random() < p),
                }
            )
    return pl.DataFrame(rows)


@cache
def split() -> Split:
    """Return the world, cut after 70 % of the feature words."""
    return Split.of(items(), facets(), clicks())


@cache
def evidence() -> Evidence:
    """Return what peers may look at."""
    return Evidence.of(split())


def flipped(shop: Shop, since: float) -> Shop:
    """Return the shop with every click from `since` on turned into none, and none into one."""

    def turned(ts: TimeArray, clicked: FloatArray) -> FloatArray:
        return np.where(ts >= since, 1 - clicked, clicked).astype(np.float32)

    return replace(
        shop,
        facets=replace(shop.facets, clicks=turned(shop.facets.ts, shop.facets.clicks)),
        ads=replace(shop.ads, clicks=turned(shop.ads.ts, shop.ads.clicks)),
    )
