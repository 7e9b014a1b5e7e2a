"""`python -m training selling-points | ranker | allocator | extraction`: parquet in, model out."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from training.allocator.config import AllocatorArm, AllocatorConfig
from training.config import ArmName, RankerConfig, ScheduleName, SellingPointConfig
from training.logs import TrainingDataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.contract.manifest import Manifest
    from training.fit import Report

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train Salient's models from parquet logs; each run writes one verified bundle.",
)

Facets = Annotated[Path, typer.Option(help="Log of feature words shown (layout synth_s_sf).")]
SomeFacets = Annotated[
    Path | None, typer.Option(help="The same, if there is one: it adds to shoppers' histories.")
]
Clicks = Annotated[Path, typer.Option(help="Log of ads shown (layout synth_s_c).")]
Items = Annotated[Path, typer.Option(help="Catalogue (layout synth_items).")]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Equal seeds, equal bundles.")]
Out = Annotated[Path, typer.Option(help="Folder of the bundle; its last part is the version.")]


WhichArm = Annotated[ArmName, typer.Option(help="Which model.")]
WhichSchedule = Annotated[ScheduleName, typer.Option(help="In which order its tasks are learnt.")]
HowManyAds = Annotated[
    float | None,
    typer.Option("--k", min=0.0, help="Ad rows learnt for each row of feature words."),
]


@app.command("selling-points")
def selling_points(  # noqa: PLR0913 each an option of the command line
    facets: Facets,
    clicks: Clicks,
    items: Items,
    out: Out,
    *,
    seed: Seed = 0,
    arm: WhichArm = ArmName.SALIENT,
    schedule: WhichSchedule = ScheduleName.ALTERNATE,
    k: HowManyAds = None,
) -> None:
    """Train a model that chooses selling points."""
    paths = {"facets": facets, "clicks": clicks, "items": items}
    with _progress("selling-points", out) as (tell, report, finish):
        from training.runs import train_selling_points

        config = SellingPointConfig.of(arm, schedule=schedule, seed=seed, k=k)
        finish(train_selling_points(paths, config, out, tell, report))


@app.command()
def ranker(
    clicks: Clicks, items: Items, out: Out, facets: SomeFacets = None, seed: Seed = 0
) -> None:
    """Train the model that ranks ads."""
    paths = {"clicks": clicks, "items": items} | ({"facets": facets} if facets else {})
    with _progress("ranker", out) as (tell, report, finish):
        from training.runs import train_ranker

        finish(train_ranker(paths, RankerConfig(seed=seed), out, tell, report))


@app.command()
def allocator(
    history: Annotated[
        Path,
        typer.Option(help="Days of platforms: date, platform, spend, impressions, clicks, ..."),
    ],
    out: Out,
    arm: Annotated[AllocatorArm, typer.Option(help="Which model.")] = AllocatorArm.CNN,
    seed: Seed = 0,
) -> None:
    """Train the model that says what platforms answer to spend."""
    with _progress("allocator", out) as (tell, report, finish):
        from training.allocator.run import train_allocator

        finish(train_allocator(history, AllocatorConfig(arm, seed), out, tell, report))


@app.command()
def extraction(
    catalogue: Annotated[Path, typer.Option(help="Products, as `salient export` writes them.")],
    out: Annotated[Path, typer.Option(help="Folder; its last part is the version.")],
    seed: Seed = 0,
) -> None:
    """Learn to find the attributes of products in titles and descriptions."""
    from training.extraction.run import train_extraction

    console = Console()
    try:
        with console.status("") as status:
            said = train_extraction(catalogue, out, seed, status.update)
    except TrainingDataError as error:
        console.print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from error
    console.print(said, highlight=False, soft_wrap=True)


@contextmanager
def _progress(
    kind: str, out: Path
) -> Iterator[tuple[Callable[[str], None], Report, Callable[[Manifest], None]]]:
    """Draw a bar, print the metrics at the end, and turn bad data into exit status 2."""
    # TensorFlow's C++ part talks on standard error unless told not to before it is loaded.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console) as bars:
            task = bars.add_task(f"{kind}: loading", total=None)

            def tell(stage: str) -> None:
                bars.update(task, description=f"{kind}: {stage}", total=None)

            def report(done: int, total: int, note: str) -> None:
                bars.update(task, total=total, completed=done, description=f"{kind}: {note}")

            def finish(manifest: Manifest) -> None:
                metrics = manifest.training.metrics
                found = ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())
                console.print(f"{out}: {found}", highlight=False, soft_wrap=True)

            yield tell, report, finish
    except TrainingDataError as error:
        console.print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    app()
