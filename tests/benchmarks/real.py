"""`make real`: the main job on real input, from the files in the folder named by `SALIENT_DATA`.

41,338 real titles are imported as a shop's products, merchants and campaigns assigned by a seeded
rule; both models are trained on the first 70 % of a semi-synthetic log of that shop; 2,000 real
queries of known shoppers go over HTTP to the service that runs on those models, and every
impression and click goes back to it. Then all is counted and judged: see the last line.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.benchmarks.real_data import MissingDataError, cut
from tests.benchmarks.real_import import bring_in
from tests.benchmarks.real_quality import Judge, Quality
from tests.benchmarks.real_searches import known_searches
from tests.benchmarks.real_stored import wait_for_events
from tests.benchmarks.real_titles import marked, shown_phrases, untruths
from tests.benchmarks.real_traffic import Shop
from tests.benchmarks.running_service import leave_on_sigterm, run, surroundings
from tests.benchmarks.stages import Stages

if TYPE_CHECKING:
    from rich.progress import Progress

    from tests.benchmarks.real_data import Files
    from tests.benchmarks.real_stored import Stored
    from tests.benchmarks.real_titles import Untruth
    from tests.benchmarks.real_traffic import Traffic
    from tests.benchmarks.running_service import Surroundings

QUERIES = 2_000
FILL_TARGET = 0.9
_RANKER, _SELLING_POINTS = "ranker/1", "selling-points/1"
_TITLES_SHOWN = 10


def train(files: Files, models: Path, seed: int, progress: Progress) -> None:
    """Train both models on the past by the real commands."""
    common = ["--clicks", str(files.past_clicks), "--items", str(files.items), "--seed", str(seed)]
    for kind, where, more in (
        ("selling-points", _SELLING_POINTS, ["--facets", str(files.past_facets)]),
        ("ranker", _RANKER, []),
    ):
        task = progress.add_task(f"training {kind}", total=None)
        (models / where).parent.mkdir(parents=True, exist_ok=True)
        out = ["--out", str(models / where)]
        run([sys.executable, "-m", "training", kind, *more, *common, *out])
        progress.update(task, total=1, completed=1)


def serve_and_ask(
    around: Surroundings, files: Files, work: Path, seed: int, progress: Progress
) -> tuple[Traffic, Stored, list[str], int]:
    """Import, serve 2,000 searches with all their events, and count what was stored.

    Returns: the traffic, the stored events, the queries, and when it began, in Unix seconds.
    """
    searches = known_searches(files, QUERIES, seed)
    key = bring_in(around, files, work, seed, progress)
    task = progress.add_task("searches, impressions, clicks", total=len(searches))
    with around.process("service", "worker"), around.process("service", "serve") as server:
        around.wait_until_ready(server)
        began = time.time()
        shop = Shop(around.base_url, key, server.pid, np.random.default_rng(seed))
        for done in shop.serve(searches):
            progress.update(task, completed=done)
        stored = wait_for_events(around.urls.database_url, shop.traffic.sent, began)
    return shop.traffic, stored, [search.query for search in searches], int(began)


def judge_models(
    judge: Judge, models: Path, queries: list[str], now: int, progress: Progress
) -> Quality:
    """Hold both models against their floors, and the ranker against the crowd."""
    task = progress.add_task("judging the models", total=3)
    ranker, selling_points = models / _RANKER, models / _SELLING_POINTS
    spearman = judge.relevance(ranker, queries, now)
    progress.advance(task)
    of_points = judge.gain(
        selling_points, judge.files.facets, thing="sf_keyword", place="position"
    )
    progress.advance(task)
    of_ranker = judge.gain(ranker, judge.files.clicks, thing="product_uid", place="slot")
    progress.advance(task)
    return Quality(of_points, of_ranker, *spearman)


def untrue(files: Files, traffic: Traffic) -> list[Untruth]:
    """Find the selling points served that a product does not have, or that its title denies."""
    items = pl.read_parquet(files.items, columns=["product_uid", "sp_candidates"])
    candidates = {str(product): phrases for product, phrases in items.iter_rows()}
    return list(untruths(traffic.ads, candidates))


def show_titles(console: Console, traffic: Traffic) -> None:
    """Print ten titles before and after."""
    table = Table(title="Titles before and after")
    table.add_column("catalogue's title", ratio=1)
    table.add_column("served, selling points in [ ]", ratio=1)
    personal = [ad for ad in traffic.ads if shown_phrases(ad)]
    step = max(1, len(personal) // _TITLES_SHOWN)
    for ad in personal[::step][:_TITLES_SHOWN]:
        table.add_row(Text(ad["title"]["original"]), Text(marked(ad)))
    console.print(table)


def show_counts(console: Console, traffic: Traffic, stored: Stored, lies: list[Untruth]) -> None:
    """Print what the last line has no room for."""
    carrying = sum(bool(shown_phrases(ad)) for ad in traffic.ads)
    kinds = Counter(kind for kind, _ in traffic.sent)
    lines = {
        "events sent": ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())),
        "events missing / stored twice / never sent": (
            f"{stored.missing} / {stored.twice} / {stored.strange}"
        ),
        "events rejected": str(traffic.rejected),
        "titles with selling points": f"{carrying} of {len(traffic.ads)}",
        "untrue selling points": str(len(lies)),
        "queries without ads": str(dict(traffic.reasons)),
        "degraded answers": str(dict(traffic.degraded)),
        "CPU a request for ads": f"{np.mean(traffic.cpu_us):.0f} us",
    }
    for name, value in lines.items():
        console.print(f"{name}: {value}", markup=False, highlight=False)
    for lie in lies[:_TITLES_SHOWN]:
        console.print(f"UNTRUE {lie}", markup=False)


def summary(traffic: Traffic, stored: Stored, quality: Quality) -> dict[str, Any]:
    """The figures of the last line."""
    points, ranker = quality.selling_points, quality.ranker
    p50, p99 = np.percentile(traffic.latencies_ms, [50, 99])
    return {
        "fill": round(traffic.fill, 4),
        "events_sent": traffic.sent.total(),
        "events_stored": stored.rows,
        "spearman": round(quality.spearman, 4),
        "spearman_tfidf": round(quality.spearman_tfidf, 4),
        "auc_sp": round(points.auc, 4),
        "auc_sp_floor": round(points.floor, 4),
        "auc_sp_gain_ci": [round(points.low, 4), round(points.high, 4)],
        "auc_ranker": round(ranker.auc, 4),
        "auc_ranker_floor": round(ranker.floor, 4),
        "auc_ranker_gain_ci": [round(ranker.low, 4), round(ranker.high, 4)],
        "p50_ms": round(float(p50), 3),
        "p99_ms": round(float(p99), 3),
    }


def missed(told: dict[str, Any], stored: Stored, lies: list[Untruth]) -> list[str]:
    """Name the targets that were missed."""
    targets = {
        f"fill >= {FILL_TARGET}": told["fill"] >= FILL_TARGET,
        "every event sent is stored, once": told["events_stored"] == told["events_sent"]
        and not stored.missing + stored.twice + stored.strange,
        "selling-point model clear of its floor": told["auc_sp_gain_ci"][0] > 0,
        "ranker clear of its floor": told["auc_ranker_gain_ci"][0] > 0,
        "Spearman above tf-idf": told["spearman"] > told["spearman_tfidf"],
        "no untrue selling point": not lies,
    }
    return [name for name, met in targets.items() if not met]


def measure(data: Path, seed: int, console: Console) -> int:
    """Do the whole of it in a folder that is thrown away. Returns the exit status."""
    with (
        tempfile.TemporaryDirectory(prefix="salient-real-") as folder,
        Stages(console) as progress,
    ):
        work = Path(folder)
        models = work / "models"
        files = cut(data, work)
        train(files, models, seed, progress)
        with surroundings(work / "state", models) as around:
            traffic, stored, queries, began = serve_and_ask(around, files, work, seed, progress)
            judge = Judge(around, files, work, seed)
            quality = judge_models(judge, models, queries, began, progress)
        lies = untrue(files, traffic)
    show_titles(console, traffic)
    show_counts(console, traffic, stored, lies)
    told = summary(traffic, stored, quality)
    failures = missed(told, stored, lies)
    for failure in failures:
        console.print(f"MISSED: {failure}", markup=False)
    sys.stdout.write(json.dumps(told) + "\n")
    return int(bool(failures))


def main() -> int:
    """Run the main job on the real files named by SALIENT_DATA."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or 0))
    options = parser.parse_args()
    leave_on_sigterm()
    named = os.environ.get("SALIENT_DATA")
    if not named:
        sys.stdout.write("skipped: SALIENT_DATA does not name a folder of real data\n")
        return 0
    try:
        return measure(Path(named).resolve(), options.seed, Console())
    except MissingDataError as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
