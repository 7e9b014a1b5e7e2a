"""Score the rows of a log, choose selling points for them, judge choices by the demo's truth."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer

from service.errors import BadInputError

Rows = Annotated[Path, typer.Option(help="Ads to choose for (layout synth_s_c).")]
Out = Annotated[Path, typer.Option("--out", help="File to write.")]
Facets = Annotated[Path | None, typer.Option(help="Feature words clicked before.")]
Most = Annotated[int, typer.Option("--max", min=0, max=3, help="Selling points in a title.")]
Share = Annotated[float, typer.Option(min=0, max=1, help="Share of titles drawn by lot.")]


def score(
    bundle: Annotated[Path, typer.Argument(help="A model bundle's folder.")],
    rows: Annotated[Path, typer.Option(help="Rows to score, in a log layout.")],
    items: Annotated[Path, typer.Option(help="The catalogue: product_uid, title, ...")],
    out: Out,
    facets: Facets = None,
    clicks: Annotated[Path | None, typer.Option(help="Ads clicked before.")] = None,
) -> None:
    """Score rows by a bundle, each from what its shopper did strictly before it."""
    from service.commands.show import steps_bar
    from service.inference.score import score_rows

    with steps_bar("Scoring") as progress:
        score_rows(bundle, rows, items, facets, clicks, out, progress)


def choose(  # noqa: PLR0913, PLR0917 - one argument for each option of the command
    bundle: Annotated[Path, typer.Argument(help="A selling-points bundle's folder.")],
    rows: Rows,
    items: Annotated[Path, typer.Option(help="The catalogue: product_uid, title, sp_candidates.")],
    out: Out,
    facets: Facets = None,
    clicks: Annotated[Path | None, typer.Option(help="Ads shown and clicked before.")] = None,
    most: Most = 2,
    explore: Share = 0.0,
    seed: Annotated[int, typer.Option(help="Of the lots.")] = 0,
) -> None:
    """Choose selling points for titles, each from what its shopper did strictly before it."""
    from service.commands.show import steps_bar
    from service.inference.choose import ChoiceFiles, ChoiceRules, choose_rows

    files = ChoiceFiles(rows, items, facets, clicks)
    with steps_bar("Choosing") as progress:
        choose_rows(bundle, files, ChoiceRules(most, explore, seed), out, progress)


def demo_choices(
    chosen: Annotated[Path, typer.Argument(help="What `salient choose` wrote.")],
    rows: Rows,
    world: Annotated[str, typer.Option(help="base, shift or null.")] = "base",
    seed: Annotated[int, typer.Option(help="Of the demo log.")] = 1,
    null_worlds: Annotated[
        int, typer.Option(min=0, help="Worlds without any lift, to count claims of one in.")
    ] = 0,
) -> None:
    """Judge chosen selling points by the demo shop's own truth; one line of JSON."""
    import polars as pl

    from service.demo.choices import judge_choices
    from service.demo.null_worlds import null_false_positives

    table, choices = pl.read_parquet(rows), pl.read_parquet(chosen)
    if len(table) != len(choices):
        raise BadInputError(f"{rows} has {len(table)} rows, {chosen} {len(choices)}")
    judged = judge_choices(table, choices["chosen"].to_list(), world=world, seed=seed)
    claimed = null_false_positives(null_worlds, seed) if null_worlds else None
    content = asdict(judged) | {"null_false_positives": claimed, "null_worlds": null_worlds}
    typer.echo(orjson.dumps(content).decode())
