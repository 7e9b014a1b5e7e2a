"""The allocator as a shop would train it: the command's own steps, and the bundle opened."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from service.inference.allocator import open_allocator
from training.allocator.config import AllocatorConfig
from training.allocator.run import allocator_of

if TYPE_CHECKING:
    from service.contract.platform_days import PlatformDays
    from service.inference.allocator import Allocator


def allocator_from(days: PlatformDays, seed: int) -> Allocator:
    """Train on a history, write the bundle, open it through all gates.

    Raises: TrainingDataError, GateError, BadBundleError.
    """
    with TemporaryDirectory() as folder:
        out = Path(folder) / "allocator" / "1"
        out.parent.mkdir()
        allocator_of([days], AllocatorConfig(seed=seed), out, {}, lambda *_: None)
        return open_allocator(out)
