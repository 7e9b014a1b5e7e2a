"""Products with attributes from the catalogue that `salient export` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from training.extraction.examples import Example
from training.logs import TrainingDataError

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = pl.Schema(
    {
        "category": pl.String(),
        "title": pl.String(),
        "description": pl.String(),
        "attributes": pl.List(pl.Struct({"name": pl.String(), "value": pl.String()})),
    }
)


def read_catalogue(path: Path) -> list[Example]:
    """The products of `path`, which has the columns of CATALOGUE.

    Raises: TrainingDataError.
    """
    try:
        table = pl.read_parquet(path, columns=list(CATALOGUE)).cast(CATALOGUE)
    except (OSError, pl.exceptions.PolarsError) as error:
        wanted = ", ".join(CATALOGUE)
        raise TrainingDataError(f"{path}: cannot be read for {wanted}: {error}") from error
    return [
        Example(
            category=row["category"] or "",
            title=row["title"] or "",
            description=row["description"] or "",
            attributes={
                one["name"]: [one["value"]]
                for one in row["attributes"] or ()
                if one["name"] and one["value"]
            },
        )
        for row in table.iter_rows(named=True)
    ]
