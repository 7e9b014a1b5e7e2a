"""The demo shop, repeated until it has 50,000 ads, with shoppers whom it knows."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from service.contract.history import HISTORY_LIMIT, QUERY_LIMIT, TITLE_LIMIT
from service.decision.terms import Micros
from service.demo.log import write_log
from service.demo.merchants import make_shop
from service.demo.queries import make_queries
from service.store.profiles import StoredProfile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from service.decision.terms import Ad, Campaign, Product
    from service.demo.merchants import DemoShop
    from service.store.profiles import Timed

ADS = 50_000
SLOTS = 4
PLACEMENT = "search_top"
_SESSIONS = 20_000  # of the demo log that the profiles come from
_BUDGET = Micros(10**15)  # nobody stops during the run


def big_shop(seed: int) -> DemoShop:
    """Repeat the demo's products, campaigns and ads under ids of their own, up to 50,000 ads."""
    shop = make_shop(seed)
    copies = -(-ADS // len(shop.ads))
    return replace(
        shop,
        products=tuple(_product(one, copy) for copy in range(copies) for one in shop.products),
        campaigns=tuple(_campaign(one, copy) for copy in range(copies) for one in shop.campaigns),
        ads=tuple(_ad(one, copy) for copy in range(copies) for one in shop.ads)[:ADS],
    )


def _product(product: Product, copy: int) -> Product:
    return replace(product, product_id=f"{product.product_id}{copy:02d}")


def _campaign(campaign: Campaign, copy: int) -> Campaign:
    return replace(
        campaign,
        campaign_id=f"{campaign.campaign_id}{copy:02d}",
        bid=_bid(campaign.bid, copy),
        budget=_BUDGET,
    )


def _bid(bid: Micros, copy: int) -> Micros:
    """Copies bid differently, or every auction would be a tie of twenty."""
    return Micros(bid + copy * 7_919)


def _ad(ad: Ad, copy: int) -> Ad:
    return replace(
        ad,
        bid=None if ad.bid is None else _bid(ad.bid, copy),
        ad_id=f"{ad.ad_id}{copy:02d}",
        campaign_id=f"{ad.campaign_id}{copy:02d}",
        product_id=f"{ad.product_id}{copy:02d}",
    )


def known_shoppers(seed: int, folder: Path) -> dict[str, StoredProfile]:
    """What the demo's shoppers did of late, from its log, moved in time to end a minute ago."""
    write_log("base", seed, folder, sessions=_SESSIONS)
    facets = pl.read_parquet(folder / "facets.parquet")
    clicks = pl.read_parquet(folder / "clicks.parquet")
    items = pl.read_parquet(folder / "items.parquet").select("product_uid", "title")
    shift = time.time() - 60 - float(clicks["ts"].to_numpy().max())
    clicked = clicks.filter(pl.col("click") == 1).join(items, on="product_uid", how="left")
    words = _newest(facets.filter(pl.col("click") == 1), "sf_keyword", HISTORY_LIMIT, shift)
    titles = _newest(clicked, "title", TITLE_LIMIT, shift)
    visits = facets.unique("session_id", keep="first", maintain_order=True)
    queries = _newest(visits, "query", QUERY_LIMIT, shift)
    return {
        str(user): StoredProfile(words.get(user, ()), titles[user], queries.get(user, ()))
        for user in sorted(titles)
    }


def _newest(log: pl.DataFrame, text: str, limit: int, shift: float) -> dict[int, Timed]:
    found = (
        log.sort("ts", descending=True, maintain_order=True)
        .group_by("user_id", maintain_order=True)
        .agg(pl.col(text).head(limit), pl.col("ts").head(limit))
    )
    return {
        user: tuple((word, moment + shift) for word, moment in zip(texts, moments, strict=True))
        for user, texts, moments in found.select("user_id", text, "ts").iter_rows()
    }


def http_requests(
    users: Sequence[str], queries: Sequence[str], key: str, port: int, count: int, seed: int
) -> list[str]:
    """Write whole HTTP requests of random known shoppers; popular queries come oftener."""
    rng = np.random.default_rng(seed)
    popularity = (np.arange(len(queries)) + 1.0) ** -0.75
    asked = rng.choice(len(queries), size=count, p=popularity / popularity.sum())
    asking = rng.choice(len(users), size=count)
    head = (
        f"POST /v1/ads HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\n"
    )
    bodies = (
        request_body(queries[query], users[user])
        for query, user in zip(asked, asking, strict=True)
    )
    return [f"{head}Content-Length: {len(body.encode())}\r\n\r\n{body}" for body in bodies]


def request_body(query: str, user_id: str, *, explain: bool = False) -> str:
    """A consenting shopper's request for ads, as JSON."""
    body = {
        "query": query,
        "placement": PLACEMENT,
        "slots": SLOTS,
        "user": {"id": user_id, "session": f"s-{user_id}", "consent": True},
        "context": {"device": "mobile", "locale": "en-GB"},
    }
    return json.dumps(body | ({"explain": True} if explain else {}))


def demo_queries(seed: int) -> list[str]:
    """What the demo's shoppers type, commonest first."""
    return [query.text for query in sorted(make_queries(seed), key=lambda query: -query.weight)]
