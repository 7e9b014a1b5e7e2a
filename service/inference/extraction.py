"""The tagger that finds attributes in titles and descriptions: models/extraction/<version>/."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import structlog

from service.contract.tagger_file import TAGGER_FILE, load_tagger
from service.decision.claims import NO_TAGGER
from service.errors import BadBundleError
from service.inference.newest import versions_with

if TYPE_CHECKING:
    from pathlib import Path

    from service.contract.tagging import Tagger

log = structlog.get_logger(__name__)

EXTRACTION = "extraction"


def newest_tagger(models: Path) -> Tagger:
    """The newest one that can be read; one that finds nothing where there is none.

    The same file gives the same object, so that callers see when it is another.
    """
    for folder in versions_with(models, EXTRACTION, TAGGER_FILE):
        path = folder / TAGGER_FILE
        try:
            stat = path.stat()
            found = _opened(path, stat.st_size, stat.st_mtime_ns)
        except OSError:
            continue
        if found is not None:
            return found
    return NO_TAGGER


@lru_cache(maxsize=8)
def _opened(path: Path, _size: int, _changed: int) -> Tagger | None:
    try:
        return load_tagger(path.read_bytes())
    except BadBundleError as error:
        log.error("tagger_refused", path=str(path), error=str(error))
        return None
