"""Precision, recall and F1 of the extraction of attributes from titles and descriptions.

    python -m tests.benchmarks.extraction [--seed N]

On three sets of real products with gold attribute values, in the folder named by `SALIENT_DATA`.
The seed splits each into a part that is learnt from and a part that is measured. The baseline is
a dictionary: of the values seen in the learnt part for a category, one that stands in the text.

Counted as those who made the sets count (Brinkmann et al. 2024): for each product and each of its
labelled attributes one value is told or none, and it is right if it is one of the gold values, in
every letter. `strict` also counts as wrong what is told of attributes that the set does not label.
The last line is one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections import Counter, defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from tests.benchmarks.extraction_scores import Scores, counts, gain_interval, score
from training.extraction.examples import Example
from training.extraction.learn import learn_tagger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Told = Mapping[str, str]
    Rank = Callable[[str, int], tuple[int, int]]

SETS = ("wdc_pave", "ae_110k", "oa_mine")
LEARNT_SHARE = 0.7
NOTHING = "n/a"


def read_examples(path: Path) -> list[Example]:
    """The products of one set with their gold values; an attribute without any is known so."""
    return [
        Example(
            category=row["category"],
            title=row["title"],
            description=row["description"] or "",
            attributes={
                name: [value.strip() for value in values if value != NOTHING]
                for name, values in json.loads(row["target_scores_json"]).items()
            },
        )
        for row in pl.read_parquet(path).iter_rows(named=True)
    ]


def split(examples: Sequence[Example], seed: int) -> tuple[list[Example], list[Example]]:
    """The part that may be learnt from, and the part that is measured."""
    order = np.random.default_rng(seed).permutation(len(examples)).tolist()
    edge = int(len(order) * LEARNT_SHARE)
    return [examples[at] for at in order[:edge]], [examples[at] for at in order[edge:]]


class Dictionary:
    """The values seen in the learnt part, looked up in titles and descriptions as whole words.

    Of several values of one attribute that stand there it takes the best by `rank`.
    """

    def __init__(self, learnt: Sequence[Example], rank: Rank) -> None:
        self._rank = rank
        self._seen: defaultdict[str, defaultdict[str, Counter[str]]]
        self._seen = defaultdict(lambda: defaultdict(Counter))
        for one in learnt:
            for name, values in one.attributes.items():
                self._seen[one.category][name].update(values)

    def tell(self, example: Example) -> Told:
        """One value of each attribute that has one in the text."""
        text = "\n".join(example.texts.values())
        told = {}
        for name, seen in self._seen[example.category].items():
            there = [value for value in seen if value in text and _stands(value, text)]
            if there:
                told[name] = max(there, key=lambda value: self._rank(value, seen[value]))
        return told


def _stands(value: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None


RANKS: dict[str, Rank] = {
    "most frequent": lambda value, seen: (seen, len(value)),
    "longest": lambda value, seen: (len(value), seen),
}


def measure(examples: Sequence[Example], seed: int) -> dict[str, Any]:
    """Learn from one part of `examples` and measure the other, next to the better dictionary."""
    learnt, held = split(examples, seed)
    started = time.process_time()
    tagger = learn_tagger(learnt, seed=seed)
    learning = time.process_time() - started
    started = time.process_time()
    told = [_tell(tagger.extract(one.category, one.texts)) for one in held]
    taken = time.process_time() - started
    baselines = {
        name: [dictionary.tell(one) for one in held]
        for name, rank in RANKS.items()
        for dictionary in [Dictionary(learnt, rank)]
    }
    measured = {
        kind: _compare(told, baselines, held, seed=seed, strict=strict)
        for kind, strict in (("labelled", False), ("strict", True))
    }
    return {
        **measured["labelled"],
        "strict": measured["strict"],
        "products": {"learnt": len(learnt), "measured": len(held)},
        "learning_seconds": round(learning, 1),
        "milliseconds_per_product": round(1000 * taken / len(held), 3),
    }


def _tell(extracted: Mapping[str, Any]) -> Told:
    return {name: one.value for name, one in extracted.items()}


def _compare(
    told: Sequence[Told],
    baselines: Mapping[str, Sequence[Told]],
    held: Sequence[Example],
    *,
    seed: int,
    strict: bool,
) -> dict[str, Any]:
    """Scores, those of the better baseline, and the interval of the gain over it."""

    def counted(of: Sequence[Told]) -> Any:
        pairs = zip(of, held, strict=True)
        return np.array([counts(one, gold.attributes, strict=strict) for one, gold in pairs])

    rows = {name: counted(of) for name, of in baselines.items()}
    best = max(rows, key=lambda name: score(rows[name]).f1)
    own = counted(told)
    low, high = gain_interval(own, rows[best], seed)
    return {
        **_rounded(score(own)),
        "dictionary": {"takes": best, **_rounded(score(rows[best]))},
        "gain_ci": [round(low, 4), round(high, 4)],
    }


def _rounded(scores: Scores) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(scores).items()}


def show(results: Mapping[str, Any]) -> None:
    """Draw the table that the last line says again."""
    table = Table("set", "precision", "recall", "F1", "dictionary F1", "gain, 95 %", "strict F1")
    for name, one in results.items():
        numbers = [f"{one[kind]:.3f}" for kind in ("precision", "recall", "f1")]
        low, high = one["gain_ci"]
        strict = f"{one['strict']['f1']:.3f} / {one['strict']['dictionary']['f1']:.3f}"
        base = f"{one['dictionary']['f1']:.3f}"
        table.add_row(name, *numbers, base, f"{low:+.3f} to {high:+.3f}", strict)
    Console(width=110).print(table)


def main() -> None:
    """Measure all sets."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    seed: int = parser.parse_args().seed
    data = Path(os.environ.get("SALIENT_DATA", ""))
    paths = {name: data / f"attr_{name}.parquet" for name in SETS}
    missing = [path.name for path in paths.values() if not path.is_file()]
    if not os.environ.get("SALIENT_DATA") or missing:
        raise SystemExit(
            f"SALIENT_DATA must name the folder that holds {', '.join(missing or SETS)};"
            f" it is {os.environ.get('SALIENT_DATA')!r}"
        )
    results = {name: measure(read_examples(path), seed) for name, path in paths.items()}
    show(results)
    sys.stdout.write(json.dumps({"seed": seed, **results}) + "\n")


if __name__ == "__main__":
    main()
