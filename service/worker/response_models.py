"""The model that plans are made with: the newest allocator that passes every gate, or none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from service.contract.manifest import BundleKind
from service.errors import BadBundleError
from service.inference.allocator import open_allocator
from service.inference.newest import bundle_versions
from service.worker import counts
from service.worker.bundles import Stamp, stamp_of

if TYPE_CHECKING:
    from pathlib import Path

    from service.inference.allocator import Allocator

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class ResponseModels:
    """The allocators below one models folder, each opened once while its files stay as they are.

    One that fails a gate is logged and counted once, and the next older one is tried.
    """

    models: Path
    _opened: dict[Path, tuple[Stamp, Allocator | None]] = field(default_factory=dict)

    def newest(self) -> Allocator | None:
        """Return the newest that passes every gate; None where there is none."""
        for folder in bundle_versions(self.models, BundleKind.ALLOCATOR):
            stamp, opened = stamp_of(folder), self._opened.get(folder)
            if opened is None or opened[0] != stamp:
                opened = self._opened[folder] = stamp, _open(folder)
            if opened[1] is not None:
                return opened[1]
        return None


def _open(folder: Path) -> Allocator | None:
    try:
        allocator = open_allocator(folder)
    except BadBundleError as error:
        counts.BUNDLES_REFUSED.labels(folder.parent.name).inc()
        log.error("bundle_refused", folder=str(folder), error=str(error))
        return None
    log.info("bundle_opened", model=allocator.model)
    return allocator
