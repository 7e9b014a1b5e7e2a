"""Look at model bundles, and put them through the gates that serving puts them through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.contract.manifest import BundleKind
from service.errors import BadBundleError
from service.inference.allocator import open_allocator
from service.inference.bundle import open_bundle
from service.inference.files import kind_of
from service.inference.newest import bundle_versions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gates said of one bundle; no error is a pass."""

    folder: Path
    error: str | None


def all_versions(models: Path) -> Iterator[Path]:
    """The folders of all bundles under `models`, by name, newest first."""
    for name in sorted(p.name for p in models.iterdir() if p.is_dir()) if models.is_dir() else ():
        yield from bundle_versions(models, name)


def verify(folder: Path) -> Verdict:
    """Put one bundle through every gate."""
    try:
        if kind_of(folder) is BundleKind.ALLOCATOR:
            open_allocator(folder)
        else:
            open_bundle(folder)
    except BadBundleError as error:
        return Verdict(folder, str(error))
    return Verdict(folder, None)
