"""Model bundles as the periodic work sees them: opened once, refused until they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from service.decision.snapshot import BundleRef
from service.errors import BadBundleError
from service.inference.bundle import open_bundle
from service.inference.newest import bundle_versions
from service.worker import counts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.inference.bundle import Bundle

log = structlog.get_logger(__name__)

RANKER = "ranker"
SELLING_POINTS = "selling-points"

Stamp = tuple[tuple[str, int, int], ...]
"""Name, size and time of each file in a folder: another stamp means that something changed."""


Used = dict[str, "tuple[BundleRef, Bundle]"]
"""The bundle in use under each name."""


def stamp_of(folder: Path) -> Stamp:
    """The stamp of `folder`; empty if there is none."""
    try:
        return tuple(sorted(_stamps(folder)))
    except OSError:
        return ()


def _stamps(folder: Path) -> Iterator[tuple[str, int, int]]:
    for path in folder.iterdir():
        stat = path.stat()
        yield path.name, stat.st_size, stat.st_mtime_ns


class Bundles:
    """The bundles below one models folder.

    Each is put through every gate once and kept while its files stay as they are. One that fails
    is refused, logged and counted once, and looked at again only when its files change. Where the
    files of an opened one go bad, what is in memory stays in use.
    """

    def __init__(self, models: Path) -> None:
        self.models = models
        self._opened: dict[Path, tuple[Stamp, Bundle]] = {}
        self._refused: dict[Path, tuple[Stamp, str]] = {}

    def newest(self) -> Used:
        """The newest bundle of each name that passes every gate, where there is one."""
        found = {name: self._newest(name) for name in (RANKER, SELLING_POINTS)}
        return {name: bundle for name, bundle in found.items() if bundle is not None}

    def _newest(self, name: str) -> tuple[BundleRef, Bundle] | None:
        for folder in bundle_versions(self.models, name):
            try:
                bundle = self._open(folder)
            except BadBundleError:
                continue
            return BundleRef(name, folder.name, bundle.manifest_sha256), bundle
        return None

    def exactly(self, ref: BundleRef) -> Bundle:
        """The bundle that `ref` names.

        Raises: BadBundleError if it fails a gate, or is another one under the same name.
        """
        bundle = self._open(self.models / ref.name / ref.version)
        if bundle.manifest_sha256 != ref.manifest_sha256:
            raise BadBundleError(
                f"{ref.name}@{ref.version}: the manifest's SHA-256 is {bundle.manifest_sha256},"
                f" the snapshot was made with {ref.manifest_sha256}"
            )
        return bundle

    def _open(self, folder: Path) -> Bundle:
        stamp = stamp_of(folder)
        opened = self._opened.get(folder)
        if opened is not None and opened[0] == stamp:
            return opened[1]
        refused = self._refused.get(folder)
        if refused is None or refused[0] != stamp:
            refused = self._verify(folder, stamp)
        if refused is None or opened is not None:  # good, or bad now and good before
            return self._opened[folder][1]
        raise BadBundleError(refused[1])

    def _verify(self, folder: Path, stamp: Stamp) -> tuple[Stamp, str] | None:
        """Open the bundle, or remember and return why it is refused."""
        try:
            bundle = open_bundle(folder)
            if bundle.kind != folder.parent.name:
                raise BadBundleError(f"a {bundle.kind} bundle lies in {folder}")
        except BadBundleError as error:
            self._refused[folder] = (stamp, str(error))
            counts.BUNDLES_REFUSED.labels(folder.parent.name).inc()
            log.error("bundle_refused", folder=str(folder), error=str(error))
            return self._refused[folder]
        self._refused.pop(folder, None)
        self._opened[folder] = (stamp, bundle)
        log.info("bundle_opened", model=bundle.model)
        return None
