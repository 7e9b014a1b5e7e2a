"""A shop of a few hundred rows: enough to train on, small enough to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ("red", "blue", "steel", "oak", "led", "wireless", "不锈钢", "größe")
KINDS = ("lamp", "chair", "mug", "桌子")


def made_items(count: int = 24, *, prices: bool = True) -> pl.DataFrame:
    titles = [
        f"Acme {WORDS[n % 8]} {WORDS[(n * 3 + 1) % 8]} {KINDS[n % 4]} {n % 5} in."
        for n in range(count)
    ]
    columns = {
        "product_uid": [100 + n for n in range(count)],
        "title": titles,
        "sp_candidates": [[WORDS[n % 8], WORDS[(n * 3 + 1) % 8]] for n in range(count)],
    }
    if prices:
        columns["price_z"] = [float("nan") if n == 3 else n / count - 0.5 for n in range(count)]
    return pl.DataFrame(columns)


def made_clicks(requests: int = 60, seed: int = 0) -> pl.DataFrame:
    """Four ads a request; every shopper likes one word and clicks titles that hold it."""
    rng = np.random.default_rng(seed)
    rows = []
    for request in range(requests):
        shopper = request % 6
        for slot in range(4):
            item = int(rng.integers(24))
            liked = WORDS[shopper] in (WORDS[item % 8], WORDS[(item * 3 + 1) % 8])
            click = int(rng.random() < (0.7 if liked else 0.1))
            shown = [WORDS[item % 8]] if slot % 2 else []
            rows.append(
                {
                    "request_id": request,
                    "ts": 1_700_000_000 + request * 600,
                    "user_id": f"u{shopper}" if shopper else None,
                    "query": f"{WORDS[request % 8]} {KINDS[request % 4]}",
                    "product_uid": 100 + item,
                    "slot": slot + 1,
                    "propensity": 0.25,
                    "sp_arm": "random_1",
                    "sp_shown": shown,
                    "click": click,
                    "conversion": click * int(rng.random() < 0.3),
                    "mobile": 0,
                }
            )
    return pl.DataFrame(rows)


def made_facets(sessions: int = 50, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for session in range(sessions):
        shopper = session % 6
        for position in range(1 + session % 6):
            word = WORDS[int(rng.integers(8))]
            liked = word == WORDS[shopper]
            rows.append(
                {
                    "session_id": session,
                    "ts": 1_700_000_100 + session * 700,
                    "user_id": f"u{shopper}" if shopper else None,
                    "query": KINDS[session % 4],
                    "sf_keyword": word,
                    "position": position + 1,
                    "click": int(rng.random() < (0.8 if liked else 0.1)),
                }
            )
    return pl.DataFrame(rows)


def write_logs(folder: Path) -> dict[str, Path]:
    paths = {name: folder / f"{name}.parquet" for name in ("facets", "clicks", "items")}
    made_facets().write_parquet(paths["facets"])
    made_clicks().write_parquet(paths["clicks"])
    made_items().write_parquet(paths["items"])
    return paths
