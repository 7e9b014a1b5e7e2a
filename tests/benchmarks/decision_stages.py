"""What a decision costs by stage, and what a snapshot of 50,000 ads costs to build, write and map.

    python -m tests.benchmarks.decision_stages

Stages run on one warm query with 100 candidates, without models; the figure is CPU time, the
median of batches. Cold retrieval runs every query once on a snapshot that remembers nothing.
"""

from __future__ import annotations

import gc
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time
from typing import TYPE_CHECKING

import numpy as np

from service.contract.history import EMPTY_HISTORY
from service.decision.choose import Titling, choose_points
from service.decision.decide import decide
from service.decision.eligible import pick_candidates
from service.decision.rank import rank
from service.decision.reading import Readings
from service.decision.retrieve import retrieve
from service.decision.scorers import Scorers
from service.decision.snapshot import Catalogue, build_snapshot
from service.decision.terms import AdQuery, Shopper
from service.demo.merchants import make_shop
from service.store.snapshots import map_snapshot, write_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.contract.arrays import FloatArray
    from service.decision.scorers import Question
    from service.decision.snapshot import Snapshot

ADS = 50_000
BATCHES, BATCH = 21, 300


class Even:
    """Scores without a model: a phrase's row decides."""

    model = "even@0:00000000"
    uplift = None

    def score(self, questions: Sequence[Question]) -> FloatArray:
        phrases = np.concatenate([one.rows for one in questions])
        return (phrases % 97 / 97).astype(np.float32)


def main() -> None:
    catalogue = _repeated_shop(ADS)
    known = Readings()
    report("build", _milliseconds(lambda: build_snapshot(catalogue, known)), "ms")
    report("build again", _milliseconds(lambda: build_snapshot(catalogue, known)), "ms")
    snapshot = build_snapshot(catalogue, known)
    with tempfile.TemporaryDirectory() as folder:
        report("write", _milliseconds(lambda: write_snapshot(snapshot, Path(folder))), "ms")
        written = Path(folder) / snapshot.version
        report("map", _milliseconds(lambda: map_snapshot(written)), "ms")
        mapped = map_snapshot(written)
        _cold(
            mapped,
            sorted({keyword.text for one in catalogue.campaigns for keyword in one.keywords}),
        )
        gc.collect()
        gc.freeze()  # as the service does after loading
        _stages(mapped)


def _repeated_shop(ads: int) -> Catalogue:
    """The demo shop, its products, campaigns and ads repeated under new names."""
    shop = make_shop(1, "https://shop.example")
    products, campaigns, listed = [], [], []
    for n in range(-(-ads // len(shop.ads))):
        products += [replace(one, product_id=f"{one.product_id}{n:02}") for one in shop.products]
        campaigns += [
            replace(one, campaign_id=f"{one.campaign_id}{n:02}", spent=one.spent)
            for one in shop.campaigns
        ]
        listed += [
            replace(
                one,
                ad_id=f"{one.ad_id}{n:02}",
                campaign_id=f"{one.campaign_id}{n:02}",
                product_id=f"{one.product_id}{n:02}",
            )
            for one in shop.ads
        ]
    return Catalogue(shop.store, 1, products, campaigns, listed[:ads], shop.placements)


def _cold(snapshot: Snapshot, queries: list[str]) -> None:
    placement = next(iter(snapshot.placements.values()))
    shopper = Shopper(None, EMPTY_HISTORY)
    spent = []
    for text in queries:
        query = AdQuery(text, "", placement, placement.slots, shopper)
        spent.append(_milliseconds(partial(retrieve, query, snapshot)))
    report(f"retrieve, cold, {len(queries)} queries", median(spent) * 1e3)
    report("retrieve, cold, p99", float(np.percentile(spent, 99)) * 1e3)


def _stages(snapshot: Snapshot) -> None:
    placement = next(iter(snapshot.placements.values()))
    query = AdQuery("running shoes", "", placement, 4, Shopper(None, EMPTY_HISTORY))
    scorers = Scorers(None, Even())
    found = retrieve(query, snapshot)
    nothing: frozenset[str] = frozenset()
    candidates = pick_candidates(found, query, snapshot, now=0.0, spent_out=nothing)
    answer = decide(query, snapshot, scorers, now=0.0, seed=1, spent_out=nothing)
    products = [snapshot.products.ids.find(one.award.ad.product_id) for one in answer.awards]
    titling = Titling(query, found.words, products)
    print(f"{answer.candidates} candidates, {len(answer.awards)} awards")  # noqa: T201
    stages: dict[str, Callable[[], object]] = {
        "retrieve, warm": lambda: retrieve(query, snapshot),
        "pick candidates": lambda: pick_candidates(
            found, query, snapshot, now=0.0, spent_out=nothing
        ),
        "linear rank": lambda: rank([candidates], [query], scorers),
        "choose points": lambda: choose_points([titling], snapshot, scorers),
        "decide": lambda: decide(query, snapshot, scorers, now=0.0, seed=1, spent_out=nothing),
    }
    for name, stage in stages.items():
        report(name, _microseconds(stage))


def _milliseconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return (perf_counter() - start) * 1e3


def _microseconds(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(BATCHES):
        start = thread_time()
        for _ in range(BATCH):
            work()
        spent.append((thread_time() - start) / BATCH * 1e6)
    return median(spent)


def report(name: str, figure: float, unit: str = "us") -> None:
    print(f"{name:32} {figure:9.1f} {unit}")  # noqa: T201


if __name__ == "__main__":
    main()
