"""How good the models of `make real` are: against a floor that knows no person, and the crowd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from sklearn.feature_extraction.text import TfidfVectorizer

from tests.benchmarks.real_data import as_log_rows, judged_pairs, split
from training.floors import PopularityByPosition
from training.metrics import gain_over

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.benchmarks.real_data import Files
    from tests.benchmarks.running_service import Surroundings
    from training.metrics import Gain

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Quality:
    """What the last line says about the models."""

    selling_points: Gain
    ranker: Gain
    spearman: float
    spearman_tfidf: float


@dataclass(frozen=True, slots=True)
class Judge:
    """Scores rows by a bundle, through `salient score`, and says how good the scores are."""

    around: Surroundings
    files: Files
    work: Path
    seed: int

    def gain(self, bundle: Path, log: Path, *, thing: str, place: str) -> Gain:
        """Compare the bundle with popularity x position on the last 30 % of a log."""
        past, rest = split(log)
        past_things, things = past[thing].to_numpy(), rest[thing].to_numpy()
        floor = PopularityByPosition.learn(
            past_things, past[place].to_numpy(), past["click"].to_numpy()
        )
        return gain_over(
            rest["click"].to_numpy(),
            self.scores(bundle, rest.drop("click"), f"rest-{thing}"),
            floor.score(things, rest[place].to_numpy()),
            rest["user_id"].to_numpy(),
            seed=self.seed,
        )

    def relevance(self, ranker: Path, queries: Sequence[str], now: int) -> tuple[float, float]:
        """Rank correlation with the crowd's relevance: of the ranker, and of tf-idf."""
        pairs = judged_pairs(self.files, list(queries))
        crowd = pairs["relevance"].to_numpy()
        ours = self.scores(ranker, as_log_rows(pairs, now), "judged")
        titles = pl.read_parquet(self.files.items)["title"].to_list()
        return spearman(ours, crowd), spearman(tfidf_similarity(pairs, titles), crowd)

    def scores(self, bundle: Path, rows: pl.DataFrame, name: str) -> FloatArray:
        """Return the bundle's p_click for each row, through its ONNX graphs."""
        given, out = self.work / f"{name}.parquet", self.work / f"{name}-scores.parquet"
        rows.write_parquet(given)
        self.around.salient(
            *("score", bundle, "--rows", given, "--items", self.files.items),
            *("--facets", self.files.facets, "--clicks", self.files.clicks, "--out", out),
        )
        return np.asarray(pl.read_parquet(out)["p_click"].to_numpy(), dtype=np.float64)


def spearman(one: FloatArray, other: FloatArray) -> float:
    """Rank correlation; equal values share their mean rank."""
    ranks = [pl.Series(values).rank("average").to_numpy() for values in (one, other)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def tfidf_similarity(pairs: pl.DataFrame, titles: Sequence[str]) -> FloatArray:
    """Cosine of query and title over tf-idf of their runs of 3 to 5 characters."""
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5))
    vectorizer.fit(titles)
    queries = vectorizer.transform(pairs["query"].to_list())
    shown = vectorizer.transform(pairs["title"].to_list())
    return np.asarray(queries.multiply(shown).sum(axis=1), dtype=np.float64).ravel()
