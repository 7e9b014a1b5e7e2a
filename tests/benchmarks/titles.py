"""A million titles written at random, none of which may lie, be too long or lose a name.

    SALIENT_DATA=... python -m tests.benchmarks.titles --seed 1

Made-up products of twelve languages, many of them hostile, and real titles where SALIENT_DATA is
set, are built into snapshots; each title is written as the hot path does, with points, limit and
style drawn by lot, and judged by rules of its own. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING

from service.decision.choice import PRIOR, Choice
from service.decision.choice_options import Option
from service.decision.plain import plain
from service.decision.show import entitle
from service.decision.snapshot import Catalogue, build_snapshot
from service.decision.terms import Micros, PhrasePosition, PhraseStyle, Placement, Store
from tests.benchmarks.made_titles import TONGUES, make_product
from tests.benchmarks.real_catalogues import real_products
from tests.benchmarks.title_rules import Facts, faults, flat, letters, parsed_tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.snapshot import Snapshot
    from tests.benchmarks.made_titles import Made

REWRITES = 1_000_000
PRODUCTS = 20  # of one snapshot
PER_PRODUCT = 12
PARSED = 40  # one title in so many is read by a real HTML parser
FAULTS = (
    "unattested", "denied", "too_long", "lost_name", "said_twice", "without_evidence", "markup",
    "turned", "torn",
)  # fmt: skip
_LIMITS = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 300)


@dataclass
class Tally:
    """What was counted, and the first title with each fault."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def note(self, fault: str, example: str) -> None:
        """Count a fault."""
        self.counts[fault] += 1
        self.examples.setdefault(fault, example)


def rewrite(count: int, seed: int, data: Path | None = None) -> Tally:
    """Write `count` titles, a third of them real where there is `data`."""
    chance, tally = Random(seed), Tally()  # noqa: S311 - the same titles every run
    real = real_products(data, chance) if data else None
    while tally.counts["rewrites"] < count:
        locale = chance.choice(list(TONGUES))
        made = [make_product(f"p{n}", locale, chance) for n in range(PRODUCTS)]
        if real is not None and chance.random() < 1 / 3:
            locale, made = "en-US", next(real)
            tally.counts["real"] += PER_PRODUCT * len(made)
        _rewrite_shop(made, locale, chance, tally)
    return tally


def _rewrite_shop(made: Sequence[Made], locale: str, chance: Random, tally: Tally) -> None:
    store = Store("sto_1", "Shop", "EUR", locale, "https://shop.example")
    snapshot = build_snapshot(Catalogue(store, 1, [one.product for one in made], [], [], []))
    for one in made:
        row = snapshot.products.ids.find(one.product.product_id)
        facts = _facts(one, snapshot.products.titles[row], spaced=TONGUES[locale].spaced)
        for _ in range(PER_PRODUCT):
            _rewrite_one(row, facts, snapshot, chance, tally)


def _facts(made: Made, original: str, *, spaced: bool) -> Facts:
    product = made.product
    attested = {
        form(text)
        for one in made.attested
        for text in (one, plain(one))
        for form in (letters, flat)
    }
    values = {*product.highlights, *product.attributes.values(), product.title, original}
    denied = {letters(one) for one in made.denied}
    return Facts(original, made.names, attested, denied, values, spaced)


def _rewrite_one(row: int, facts: Facts, snapshot: Snapshot, chance: Random, tally: Tally) -> None:
    placement = Placement(
        "p",
        "web",
        1,
        Micros(0),
        title_limit=chance.choice(_LIMITS) + chance.randrange(10),
        phrase_style=chance.choice(list(PhraseStyle)),
        phrase_position=chance.choice(list(PhrasePosition)),
    )
    shown = entitle(row, _choice(row, snapshot, chance), placement, snapshot)
    counts, title = tally.counts, shown.title
    counts["rewrites"] += 1
    counts["with_points"] += bool(shown.chosen)
    counts["cut"] += "…" in title.text and "…" not in title.original
    counts["left_out"] += bool(title.left_out)
    found = list(faults(shown, facts, placement.title_limit))
    if not counts["rewrites"] % PARSED and parsed_tags([part.text for part in title.parts]):
        found.append("markup")
    for fault in found:
        tally.note(fault, f"{title!r} of at most {placement.title_limit}, {facts!r}")


def _choice(row: int, snapshot: Snapshot, chance: Random) -> Choice:
    """Up to three of the product's points, in any order."""
    points = snapshot.points
    rows = range(int(points.starts[row]), int(points.starts[row + 1]))
    drawn = chance.sample(rows, min(len(rows), chance.randint(0, 3)))
    options = [Option(point, int(points.phrase[point]), frozenset()) for point in drawn]
    return Choice(tuple([(option, 0.5) for option in options]), PRIOR)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rewrites", type=int, default=REWRITES)
    given = parser.parse_args()
    data = os.environ.get("SALIENT_DATA")
    started = perf_counter()
    tally = rewrite(given.rewrites, given.seed, Path(data) if data else None)
    for fault, example in tally.examples.items():
        print(f"{fault}: {example}", file=sys.stderr)  # noqa: T201
    counted = ("rewrites", "real", "with_points", "cut", "left_out", *FAULTS)
    told = {name: tally.counts[name] for name in counted}
    seconds = round(perf_counter() - started, 1)
    print(json.dumps(told | {"languages": len(TONGUES), "seconds": seconds}))  # noqa: T201
    return int(any(tally.counts[fault] for fault in FAULTS))


if __name__ == "__main__":
    sys.exit(main())
