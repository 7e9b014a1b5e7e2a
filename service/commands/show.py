"""How commands show progress and results."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from service.decision.terms import ApiKey
    from service.store.feeds.report import Report

_MOST_ERRORS = 100
"""Bad lines that are shown one by one."""


def _bar(*more: MofNCompleteColumn) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    return Progress(*columns, *more, TimeElapsedColumn(), console=Console(stderr=True))


@contextmanager
def progress_bar(file: Path) -> Iterator[Callable[[int], None]]:
    """A bar over a file; what is yielded takes the bytes (or rows of a log) that were read."""
    total = file.stat().st_size
    with _bar() as bar:
        task = bar.add_task(file.name, total=total)
        yield lambda amount: bar.advance(task, amount)
        bar.update(task, completed=total)


@contextmanager
def steps_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar over steps; what is yielded takes how many are done, of how many."""
    with _bar(MofNCompleteColumn()) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def show_report(report: Report) -> None:
    """Print what was not used, each bad line, then the sums."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    for warning in report.warnings[:_MOST_ERRORS]:
        console.print(f"warning: {warning}")
    for error in report.errors[:_MOST_ERRORS]:
        console.print(str(error))
    if len(report.errors) > _MOST_ERRORS:
        console.print(f"... and {len(report.errors) - _MOST_ERRORS:,} more")
    bad_lines = len({error.line for error in report.errors})
    Console(highlight=False).print(
        f"{report.good:,} good lines, {report.changed:,} changed rows, {bad_lines:,} bad lines"
    )


def show_keys(keys: Sequence[ApiKey]) -> None:
    """Print a table of keys."""
    table = Table("id", "kind", "scopes", "origins", "advertiser")
    for key in keys:
        scopes, origins = " ".join(key.scopes), " ".join(key.origins)
        table.add_row(key.key_id, key.kind, scopes, origins, key.advertiser_id or "")
    Console(soft_wrap=True).print(table)
