"""The logs that the lab looks at: the demo shop's, and those of SALIENT_DATA where it is set."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from training.lab.split import Split, read_split

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

DEMO: Final = "demo"
RICH: Final = "rich"
SPARSE: Final = "sparse"


@dataclass(frozen=True, slots=True)
class Source:
    """A log in files; `truth` holds the demo shop's true probabilities, row by row."""

    name: str
    about: str
    folder: str
    items: str
    facets: str
    clicks: str
    truth: str | None = None

    def read(self) -> Split:
        """Read and cut the log.

        Raises: TrainingDataError.
        """
        return read_split(Path(self.folder), (self.items, self.facets, self.clicks))

    def true_chances(self, split: Split) -> dict[str, NDArray[np.float64]] | None:
        """Return P(click) and P(click) without taste of the tested rows; None where unknown."""
        if self.truth is None:
            return None
        folder = Path(self.folder)
        truth = pl.read_parquet(folder / self.truth)
        # the truth stands in the order of the file; the split's rows in the order of time
        order = (
            pl.read_parquet(folder / self.facets, columns=["ts", "session_id"])
            .with_columns(pl.col("session_id").cast(pl.String), pl.col("ts").cast(pl.Float64))
            .with_row_index("row")
            .sort("ts", "session_id", maintain_order=True)["row"]
            .to_numpy()
        )
        return {
            name: truth[name].to_numpy()[order][split.tested]
            for name in ("p_click", "p_click_without_taste")
        }


def demo_source(folder: Path) -> Source:
    """Return the demo shop's log, as `salient demo log` writes it."""
    names = ("items.parquet", "facets.parquet", "clicks.parquet", "truth/facets.parquet")
    return Source(DEMO, "the demo shop's log, made up, with known truth", str(folder), *names)


def real_sources(data: Path | None) -> list[Source]:
    """Return the semi-synthetic logs of SALIENT_DATA, the rich one first; none where unset."""
    if data is None:
        return []
    found = [
        Source(
            name,
            f"the {name} log: real queries, titles and words, made-up shoppers",
            str(data),
            f"synth_items{ending}.parquet",
            f"synth_s_sf{ending}.parquet",
            f"synth_s_c{ending}.parquet",
        )
        for name, ending in ((RICH, "_rich"), (SPARSE, ""))
    ]
    return [one for one in found if (data / one.facets).is_file()]


def sources_of(told: Iterable[Mapping[str, Any]]) -> dict[str, Source]:
    """Read sources back from what `as_told` gave."""
    return {one["name"]: Source(**one) for one in told}


def as_told(sources: Iterable[Source]) -> list[dict[str, Any]]:
    """Return sources as plain values."""
    return [asdict(one) for one in sources]
