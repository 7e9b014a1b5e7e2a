"""A training run of the allocator, from the history to a bundle that passed the gates."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from service.contract.manifest import Training
from service.contract.platform_days import METRICS
from training.allocator.bundle import AllocatorParts, golden_rows, write_card
from training.allocator.history import read_history
from training.allocator.learn import AllocatorData, fit_all, fit_once
from training.allocator.measure import allocator_metrics
from training.allocator.windows import Series, rows_of
from training.export.allocator import allocator_graphs
from training.export.bundle import check_place, write_bundle
from training.logs import TrainingDataError, file_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from service.contract.manifest import Manifest
    from service.contract.platform_days import PlatformDays
    from training.allocator.config import AllocatorConfig
    from training.fit import Report

LEAST_DAYS: Final = 14
"""Platform days of spend that anything can be learnt from."""


def train_allocator(
    history: Path, config: AllocatorConfig, out: Path, tell: Callable[[str], None], report: Report
) -> Manifest:
    """Train the allocator on a history of platforms; write the bundle.

    Raises: TrainingDataError, GateError.
    """
    check_place(out)
    tell("reading the history")
    histories = read_history(history)
    return allocator_of(histories, config, out, {"history": file_hash(history)}, report)


def allocator_of(
    histories: Sequence[PlatformDays],
    config: AllocatorConfig,
    out: Path,
    hashes: Mapping[str, str],
    report: Report,
) -> Manifest:
    """Train the allocator on the histories of advertisers; write the bundle.

    Raises: TrainingDataError, GateError.
    """
    series = Series.of(histories)
    _check(series)
    data = AllocatorData.of(series, config)
    if not len(rows_of(series, data.learnt, config, None)["value"]):
        raise TrainingDataError("no day with spend, and with what it brought, follows another day")
    found = fit_once(data, config, report)
    metrics = allocator_metrics(found.model, data, config)
    model = fit_all(data, found, report)
    settings = asdict(found.config) | {"steps": found.steps}
    training = Training(config.seed, dict(hashes), settings, metrics)
    graphs = allocator_graphs(model, config.arm)
    golden = golden_rows(model, histories[0])
    card = write_card(training, series)
    return write_bundle(out, AllocatorParts(graphs, golden, training, card))


def _check(series: Series) -> None:
    spent = int((series.totals[..., METRICS.index("spend")] > 0).sum())
    if spent < LEAST_DAYS or series.days < 2:  # noqa: PLR2004 - a day and the one after
        raise TrainingDataError(
            f"{spent} platform days with spend over {series.days} days; learning needs"
            f" {LEAST_DAYS} of them on at least two days"
        )
    if not series.totals[..., 2:].any():
        raise TrainingDataError("no platform ever brought a click or a conversion")
