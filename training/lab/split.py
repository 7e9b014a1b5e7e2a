"""One split for every contender: learn from what came first, be tested on what came after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from training.logs import (
    TrainingDataError,
    read_clicks,
    read_facets,
    read_items,
    with_known_products,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from service.contract.arrays import LongArray

LEARNT_SHARE: Final = 0.7


@dataclass(frozen=True, slots=True)
class Split:
    """Logs in order of time, cut at one moment.

    `learnt` and `tested` are row numbers of `facets`, `earlier` row numbers of `clicks` before
    the edge: what a contender may fit to. Histories of tested rows may reach past the edge, but
    never to the row itself or beyond. Contenders return scores (N_tested,), in this order.
    """

    items: pl.DataFrame
    facets: pl.DataFrame
    clicks: pl.DataFrame
    learnt: LongArray
    tested: LongArray
    earlier: LongArray
    edge_seconds: float

    @classmethod
    def of(
        cls,
        items: pl.DataFrame,
        facets: pl.DataFrame,
        clicks: pl.DataFrame,
        share: float = LEARNT_SHARE,
    ) -> Split:
        """Cut frames of `training.logs` after the first `share` of the feature words' rows.

        Rows of one moment stay on one side: the later one.

        Raises: TrainingDataError when one of the sides would be empty.
        """
        ts = facets["ts"].to_numpy()
        if not np.all(np.diff(ts) >= 0):
            raise TrainingDataError("the feature words are not in order of time")
        edge = float(ts[min(int(len(ts) * share), len(ts) - 1)])
        every = np.arange(len(ts))
        learnt, tested = every[ts < edge], every[ts >= edge]
        if not len(learnt):
            raise TrainingDataError(
                f"nothing to learn from: no feature word was shown before {edge:.0f} s, where "
                f"the first {share:.0%} of the {len(ts):,} rows end"
            )
        earlier = np.flatnonzero(clicks["ts"].to_numpy() < edge)
        return cls(items, facets, clicks, learnt, tested, earlier, edge)

    def latest(self, share: float) -> Split:
        """Return the split with only the last `share` of what is learnt from, both logs alike.

        For a learning curve: the rows tested, and every shopper's history, stay as they are.
        """
        begin = round(len(self.learnt) * (1 - share))
        ts = self.facets["ts"].to_numpy()[self.learnt]
        start = float(ts[min(begin, len(ts) - 1)])
        kept = self.clicks["ts"].to_numpy()[self.earlier] >= start
        return replace(self, learnt=self.learnt[ts >= start], earlier=self.earlier[kept])

    def anonymous(self, *, facets: bool, clicks: bool) -> Split:
        """Return the split with nobody known in one of the logs, or in both."""
        nobody = pl.lit(None, pl.String).alias("user_id")
        return replace(
            self,
            facets=self.facets.with_columns(nobody) if facets else self.facets,
            clicks=self.clicks.with_columns(nobody) if clicks else self.clicks,
        )

    @property
    def clicked(self) -> NDArray[np.float32]:
        """Which of the tested rows were clicked: 0 or 1."""
        return self.column("click", self.tested)

    @property
    def shoppers(self) -> LongArray:
        """Who saw the tested rows, as numbers; nobody known is number 0."""
        return self._codes("user_id")

    @property
    def requests(self) -> LongArray:
        """Which page view the tested rows stood on, as numbers."""
        return self._codes("request")

    def column(self, name: str, rows: LongArray) -> NDArray[Any]:
        """Return a column of the feature words' log at `rows`."""
        values: NDArray[Any] = self.facets[name].to_numpy()[rows]
        return values

    def _codes(self, name: str) -> LongArray:
        dense = self.facets[name].rank("dense").fill_null(0).to_numpy()
        codes: LongArray = dense.astype(np.int64)[self.tested]
        return codes


def read_split(folder: Path, names: tuple[str, str, str], share: float = LEARNT_SHARE) -> Split:
    """Read and cut the logs `names` (items, facets, clicks) of a folder.

    Raises: TrainingDataError.
    """
    items, facets, clicks = (folder / name for name in names)
    catalogue = read_items(items)
    shown = with_known_products(read_clicks(clicks), catalogue, clicks)
    return Split.of(catalogue, read_facets(facets), shown, share)
