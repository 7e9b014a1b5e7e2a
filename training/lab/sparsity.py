"""Shoppers by how much is known of them: clicks on feature words by clicks on ads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from training.lab.split import Split

FEW_MAIN: Final = 6
FEW_AUXILIARY: Final = 21


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the paper's Table 3, and its rows among the tested ones (N,)."""

    name: str
    sparse_main: bool
    sparse_auxiliary: bool
    rows: NDArray[np.bool_]


def cells(split: Split) -> list[Cell]:
    """Divide the tested rows by what their shoppers had clicked before the edge."""
    main = _clicks_before(split.facets[split.learnt], split)
    auxiliary = _clicks_before(split.clicks[split.earlier], split)
    found = []
    for few_main in (True, False):
        for few_auxiliary in (False, True):
            rows = ((main <= FEW_MAIN) == few_main) & (
                (auxiliary <= FEW_AUXILIARY) == few_auxiliary
            )
            name = f"{_side(FEW_MAIN, few_main)} / {_side(FEW_AUXILIARY, few_auxiliary)}"
            found.append(Cell(name, few_main, few_auxiliary, rows))
    return found


def _clicks_before(log: pl.DataFrame, split: Split) -> NDArray[np.float64]:
    """Count the clicks in `log` of the shopper of each tested row (N_tested,)."""
    clicks = log.group_by("user_id").agg(clicks=pl.col("click").sum().cast(pl.Float64))
    tested = split.facets[split.tested].select("user_id")
    joined = tested.join(clicks, on="user_id", how="left", maintain_order="left")
    return joined["clicks"].fill_null(0.0).to_numpy()


def _side(edge: int, few: bool) -> str:
    return f"≤ {edge}" if few else f"> {edge}"
