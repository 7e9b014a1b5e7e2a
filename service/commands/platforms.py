"""Write the made-up history of platforms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Out = Annotated[Path, typer.Option("--out", help="A .parquet file to write.")]
Advertisers = Annotated[int, typer.Option(min=1, max=2_000, help="Each has ten platforms.")]
Days = Annotated[int, typer.Option(min=2, max=3_650, help="How many of each.")]
Seed = Annotated[int, typer.Option(help="The same seed makes the same.")]


def demo_platforms(
    out: Out, advertisers: Advertisers = 60, days: Days = 84, seed: Seed = 1
) -> None:
    """Write what made-up platforms cost and brought a day, as the allocator learns it."""
    from service.demo.platform_history import write_history

    rows = write_history(out, seed, advertisers=advertisers, days=days)
    typer.echo(f"{rows:,} rows in {out}")
