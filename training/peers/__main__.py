"""`python -m training.peers`: fit peers to the earlier part of a log, score the later one."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def peers(
    facets: Annotated[Path, typer.Option(help="Log of feature words shown.")],
    clicks: Annotated[Path, typer.Option(help="Log of ads shown.")],
    items: Annotated[Path, typer.Option(help="Catalogue.")],
    peer: Annotated[list[str] | None, typer.Option(help="Which; every one if none is.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Print a line of JSON for each contender: AUC on the last 30 %, processor time."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from training.lab.split import read_split
    from training.logs import TrainingDataError
    from training.metrics import auc
    from training.peers.peer import Evidence
    from training.peers.registry import FLOORS, PEERS

    every = FLOORS | PEERS
    unknown = [name for name in peer or () if name not in every]
    if unknown:
        raise typer.BadParameter(f"no peer named {unknown[0]!r}; there are {', '.join(every)}")
    try:
        split = read_split(Path(), (str(items), str(facets), str(clicks)))
    except TrainingDataError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    start = time.process_time()
    evidence = Evidence.of(split)
    typer.echo(_line("table", columns=len(evidence.table.names), since=start))
    for name in peer or every:
        start = time.process_time()
        contender = every[name](evidence, seed=seed)
        contender.fit(split.learnt)
        measured = auc(split.clicked, contender.score(split.tested))
        typer.echo(_line(name, auc=round(measured, 4), since=start))


def _line(name: str, *, since: float, **figures: float) -> str:
    spent = round(time.process_time() - since, 1)
    return json.dumps({"name": name, **figures, "cpu_seconds": spent})


if __name__ == "__main__":
    app()
