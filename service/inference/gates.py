"""What gates of all kinds of bundles share: whatever fails at one is a bundle that is refused."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from service.contract.golden import GoldenError
from service.contract.manifest import GOLDEN_FILE, MANIFEST_FILE
from service.errors import BadBundleError
from service.inference.files import read_files
from service.inference.graph import Graph

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from service.contract.manifest import Manifest

_LONGEST_REASON = 300

Opened = TypeVar("Opened")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A bundle whose files are those of its manifest; no graph of it is loaded yet."""

    folder: Path
    manifest: Manifest
    contents: Mapping[str, bytes]

    @property
    def manifest_sha256(self) -> str:
        """The seal of it all: the manifest has that of every other file."""
        return hashlib.sha256(self.contents[MANIFEST_FILE]).hexdigest()

    def golden_rows(self, read: Callable[[bytes], tuple[Row, ...]]) -> tuple[Row, ...]:
        """Return what `read` makes of the golden rows.

        Raises: BadBundleError.
        """
        try:
            return read(self.contents[GOLDEN_FILE])
        except GoldenError as error:
            message = f"golden gate: {error}"
            raise BadBundleError(message) from error

    def graph(self, role: str) -> Graph:
        """Load the graph of that role.

        Raises: BadBundleError.
        """
        file = self.manifest.graphs[role]
        try:
            return Graph(self.folder / file)
        except Exception as error:
            message = f"graph gate: {role} ({file}) does not load: {str(error)[:_LONGEST_REASON]}"
            raise BadBundleError(message) from error


def open_sealed(folder: Path, gates: Callable[[Sealed], Opened]) -> Opened:
    """Return what `gates` let through, after those of the manifest and the files.

    Raises: BadBundleError naming the gate and what was found; never anything else.
    """
    try:
        return gates(Sealed(folder, *read_files(folder)))
    except BadBundleError:
        raise
    except Exception as error:
        raise BadBundleError(_told(error)) from error


def try_at(gate: str, attempt: Callable[[], None]) -> None:
    """Make the attempt; it passes the gate if it does not fail.

    Raises: BadBundleError.
    """
    try:
        attempt()
    except BadBundleError:
        raise
    except Exception as error:
        message = f"{gate}: {_told(error)}"
        raise BadBundleError(message) from error


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:_LONGEST_REASON]}"
