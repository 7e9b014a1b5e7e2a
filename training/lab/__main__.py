"""`python -m training.lab`: every table and figure of the selling-point paper, in one page."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from training.lab.page import page
from training.lab.run import Run, Settings
from training.lab.trials import TrialFailedError
from training.logs import TrainingDataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def report(
    out: Annotated[Path, typer.Option(help="Folder for report.html, report.json and all else.")],
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 10)] = 0,
    minutes: Annotated[float, typer.Option(help="All of it ends within.", min=1.0)] = 29.0,
    sessions: Annotated[int, typer.Option(help="Page views of the demo log.", min=200)] = 40_000,
    visits: Annotated[int, typer.Option(help="Page views in each A/B design.", min=10)] = 2_000,
    past: Annotated[int, typer.Option(help="Page views before them.", min=0)] = 10_000,
) -> None:
    """Rerun the paper's experiments; the last line is a JSON object that sums them up."""
    data = os.environ.get("SALIENT_DATA")
    console = Console(stderr=True)
    settings = Settings(out, seed, minutes, Path(data) if data else None, sessions, visits, past)
    try:
        with _bars(console) as tell:
            found = Run(settings, tell).go()
    except (TrialFailedError, TrainingDataError) as error:
        console.print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from error
    _write(out, found)
    console.print(f"{out / 'report.html'} and {out / 'report.json'}", highlight=False)
    typer.echo(json.dumps(found["summary"]))


def _write(out: Path, found: dict[str, Any]) -> None:
    (out / "report.json").write_text(json.dumps(found, indent=1) + "\n")
    (out / "report.html").write_text(page(found))


@contextmanager
def _bars(console: Console) -> Iterator[Callable[[str, float, str], None]]:
    """Draw a bar for each thread of work."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(who: str, share: float, what: str) -> None:
            if who not in tasks:
                tasks[who] = bars.add_task(who, total=1.0)
            bars.update(tasks[who], completed=share, description=f"{who}: {what}")

        yield tell


if __name__ == "__main__":
    app()
