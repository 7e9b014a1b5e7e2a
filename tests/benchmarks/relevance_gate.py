"""What a relevance floor keeps from shoppers, on real queries whose products people judged.

    SALIENT_DATA=... python -m tests.benchmarks.relevance_gate [--seed N]

Every judged pair of `rel_homedepot.parquet` is an ad whose keyword is just the query, so that
nothing but the floor can keep it out. `foreign` is as many pairs of a query with a product drawn
at random. For each floor: the share of pairs that it blocks, of those that people found relevant
(2.33 of 3 and more), irrelevant (1.67 and less) and of foreign ones. The last line is JSON: the
highest floor whose last step up blocked more of the foreign than of the relevant pairs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from service.decision.retrieve import coverage_of
from service.decision.snapshot import Catalogue, build_snapshot
from service.decision.spelling import word_rows
from service.decision.terms import PPM, Micros, Product, Store

if TYPE_CHECKING:
    from service.decision.snapshot import Snapshot
    from service.decision.tables import Floats

FILE = "rel_homedepot.parquet"
FLOORS = range(0, 650_000, 50_000)  # ppm
RELEVANT, IRRELEVANT = 2.33, 1.67
STORE = Store("sto_1", "Shop", "USD", "en", "https://shop.example")


def main() -> None:
    """Print the table, then the line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or 0))
    seed = parser.parse_args().seed
    path = Path(os.environ.get("SALIENT_DATA", "")) / FILE
    if not path.is_file():
        sys.exit(f"SALIENT_DATA must name the folder that holds {FILE}; there is no {path}")
    judged = pl.read_parquet(path)
    own, foreign = covered(judged, seed)
    relevance = judged["relevance"].to_numpy()
    kinds = {
        "relevant": own[relevance >= RELEVANT],
        "irrelevant": own[relevance <= IRRELEVANT],
        "foreign": foreign,
    }
    blocked = [
        {name: float((each * PPM < floor).mean()) for name, each in kinds.items()}
        for floor in FLOORS
    ]
    say("floor ppm  " + "".join(f"{name:>12}" for name in kinds))
    for floor, shares in zip(FLOORS, blocked, strict=True):
        say(f"{floor:>9}  " + "".join(f"{100 * share:>10.2f} %" for share in shares.values()))
    say(json.dumps(chosen(blocked)))


def covered(judged: pl.DataFrame, seed: int) -> tuple[Floats, Floats]:
    """The share of its query that each judged product has, and that one drawn at random has."""
    titles = judged.unique("product_uid", keep="first", maintain_order=True)
    shop = _snapshot(titles)
    rows = {one: row for row, one in enumerate(shop.products.ids.all())}
    drawn = np.random.default_rng([seed, 5]).integers(len(rows), size=len(judged))
    own, foreign = np.zeros(len(judged)), np.zeros(len(judged))
    numbered = judged.with_row_index("place")
    for (query,), pairs in numbered.group_by("query"):
        places = pairs["place"].to_numpy()
        share = coverage_of(word_rows(str(query), shop), shop)
        own[places] = share[[rows[str(one)] for one in pairs["product_uid"]]]
        foreign[places] = share[drawn[places]]
    return own, foreign


def _snapshot(titles: pl.DataFrame) -> Snapshot:
    products = [
        Product(str(one), title, "/p", Micros(1))
        for one, title in titles.select("product_uid", "product_title").iter_rows()
    ]
    return build_snapshot(Catalogue(STORE, 1, products, [], [], []))


def chosen(blocked: list[dict[str, float]]) -> dict[str, float]:
    """The floor before the first step that costs more than it keeps out."""
    dear = (
        step
        for step, (before, after) in enumerate(pairwise(blocked))
        if after["foreign"] - before["foreign"] < after["relevant"] - before["relevant"]
    )
    step = next(dear, len(blocked) - 1)
    return {"relevance_floor_ppm": FLOORS[step]} | {
        name: round(share, 4) for name, share in blocked[step].items()
    }


def say(line: str) -> None:
    print(line)  # noqa: T201 - the report


if __name__ == "__main__":
    main()
