"""How much a model could learn from a demo log: the floor, the ceiling, and what lies between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TRAIN_SHARE = 0.7
_PRIOR_ROWS = 100.0  # smoothing: an unseen item counts as this many average rows


@dataclass(frozen=True, slots=True)
class Headroom:
    """AUCs on the last 30 % of a log, by time."""

    floor: float  # popularity x position
    without_taste: float  # true probabilities for a shopper of average taste
    ceiling: float  # true probabilities

    @property
    def impersonal_share(self) -> float:
        """The share of the way from floor to ceiling that needs no personal taste."""
        return (self.without_taste - self.floor) / (self.ceiling - self.floor)


def measure_headroom(log: Path) -> dict[str, Headroom]:
    """Measure the log in folder `log`, for "facets" and for "clicks"."""
    return {
        task: _headroom(
            pl.read_parquet(log / f"{task}.parquet"),
            pl.read_parquet(log / "truth" / f"{task}.parquet"),
            item,
            place,
        )
        for task, item, place in (
            ("facets", "sf_keyword", "position"),
            ("clicks", "product_uid", "slot"),
        )
    }


def _headroom(log: pl.DataFrame, truth: pl.DataFrame, item: str, place: str) -> Headroom:
    cut = int(log.height * TRAIN_SHARE)
    train, test = log[:cut], log[cut:]
    clicked = test["click"].to_numpy()
    mean = float(train["click"].sum()) / train.height
    floor = _rates(train, test, item, mean) * _rates(train, test, place, mean)
    return Headroom(
        floor=auc(clicked, floor),
        without_taste=auc(clicked, truth["p_click_without_taste"][cut:].to_numpy()),
        ceiling=auc(clicked, truth["p_click"][cut:].to_numpy()),
    )


def _rates(
    train: pl.DataFrame, test: pl.DataFrame, column: str, mean: float
) -> NDArray[np.float64]:
    rate = (pl.col("click").sum() + mean * _PRIOR_ROWS) / (pl.len() + _PRIOR_ROWS)
    rates = train.group_by(column).agg(rate.alias("rate"))
    joined = test.select(column).join(rates, on=column, how="left", maintain_order="left")
    return joined["rate"].fill_null(mean).to_numpy()


def auc(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """Area under the ROC curve; ties count one half."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    rank = (ends - (counts - 1) / 2.0)[place]
    positives = int(labels.sum())
    negatives = labels.size - positives
    above = rank[labels == 1].sum() - positives * (positives + 1) / 2.0
    return float(above / (positives * negatives))
