"""The allocator as a shop with a short history would train it, from the steps of the command.

A few hundred platform days are too few for a network: it learns from made-up advertisers too,
whose spend jumps and whose levels are struck, so that it stays sound where the own history has
seen nothing like it. The own history is repeated until it has about as many rows.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from service.contract.platform_table import TABLE_COLUMNS, day_rows
from service.demo.platform_history import history_rows
from service.inference.allocator import open_allocator
from training.allocator.config import AllocatorConfig
from training.allocator.history import by_advertiser
from training.allocator.run import allocator_of

if TYPE_CHECKING:
    from service.contract.platform_days import PlatformDays
    from service.inference.allocator import Allocator

_ADVERTISERS, _DAYS = 6, 84
_SEED: Final = 1
_MOST_COPIES: Final = 12


def allocator_from(days: PlatformDays, seed: int) -> Allocator:
    """Train on a history and made-up ones, write the bundle, open it through all gates.

    Raises: TrainingDataError, GateError, BadBundleError.
    """
    with TemporaryDirectory() as folder:
        out = Path(folder) / "allocator" / "1"
        out.parent.mkdir()
        histories = with_made_up(days)
        allocator_of(histories, AllocatorConfig(seed=seed), out, {}, lambda *_: None)
        return open_allocator(out)


def with_made_up(days: PlatformDays) -> list[PlatformDays]:
    """Return made-up histories, then copies of `days`, moved by whole weeks to end beside them."""
    rows = list(history_rows(_SEED, advertisers=_ADVERTISERS, days=_DAYS))
    columns = dict(zip(TABLE_COLUMNS, zip(*rows, strict=True), strict=True))
    made_up = by_advertiser(day_rows(columns))
    apart = (max(one.last_day for one in made_up) - days.last_day).days
    own = replace(days, first_day=days.first_day + timedelta(days=apart // 7 * 7))
    rows_made_up = sum(int(one.known.sum()) for one in made_up)
    copies = min(max(1, round(rows_made_up / max(int(days.known.sum()), 1))), _MOST_COPIES)
    return [*made_up, *([own] * copies)]
