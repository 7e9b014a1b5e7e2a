"""The allocator, opened: it passed every gate, or it is not opened at all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from service.contract.manifest import BundleKind
from service.contract.platform_golden import OUTPUTS, read_golden_days
from service.contract.platform_windows import (
    GOALS,
    WINDOW,
    encode,
    encode_newest,
    encode_windows,
    window_fingerprint,
)
from service.decision.responses import Responses
from service.errors import BadBundleError
from service.inference.gates import open_sealed, try_at
from service.inference.newest import bundle_versions

if TYPE_CHECKING:
    from pathlib import Path

    from service.contract.arrays import FloatArray, Tensors
    from service.contract.manifest import Manifest
    from service.contract.platform_days import PlatformDays
    from service.contract.platform_golden import GoldenDays
    from service.contract.platform_windows import Windows
    from service.decision.responses import Goal
    from service.inference.gates import Sealed
    from service.inference.graph import Graph

SHAPES: Final = (1, 3, 64)
_INPUTS: Final = {"history": np.float32, "mask": np.float32}
_LARGEST: Final = 50.0  # a logarithm further out is no share of any usual day
_ANY_SPEND: Final = 1.0  # per micro: so steep that a budget is shared in proportion


@dataclass(frozen=True, slots=True)
class Allocator:
    """A verified model of what platforms answer to spend."""

    manifest: Manifest
    manifest_sha256: str
    graph: Graph

    @property
    def model(self) -> str:
        """The model as plans record it: name@version:sha8."""
        return f"{self.manifest.name}@{self.manifest.version}:{self.manifest_sha256[:8]}"

    @property
    def name(self) -> str:
        """What plans call the model."""
        return self.model

    @property
    def answers_to_spend(self) -> bool:
        """Whether it knows what more spend brings; the arm p0 does not."""
        return "bend" in self.graph.outputs

    def run(self, tensors: Tensors) -> dict[str, FloatArray]:
        """Return each output (P,) of windows of P platforms."""
        return dict(zip(self.graph.outputs, self.graph.run(tensors), strict=True))

    def responses(self, days: PlatformDays, goal: Goal) -> Responses:
        """Return the curves of `days.platforms` (P,), in their order, for the day after.

        Of v e^level ln(1 + e^bend x / s) / ln(1 + e^bend), see `platform_windows`, scale is all
        that stands before the logarithm of x. Without a bend, the scale is what is foretold for
        the day: the best split over curves so steep is the one in proportion to it.
        """
        windows = encode(days, goal.value)
        found = {
            name: np.asarray(one, np.float64) for name, one in self.run(windows.tensors).items()
        }
        value = windows.value * np.exp(found["level"])
        sd = np.sqrt(np.expm1(found["sd"] ** 2))
        if not self.answers_to_spend:
            usual = np.log1p(_ANY_SPEND * windows.spend.mean())
            return Responses(value / usual, np.full_like(value, _ANY_SPEND), sd)
        bend = np.exp(found["bend"])
        return Responses(value / np.log1p(bend), bend / windows.spend, sd)


def newest_allocator(models: Path) -> Allocator | None:
    """Return the newest allocator under `models` that passes every gate, None if none does."""
    for folder in bundle_versions(models, BundleKind.ALLOCATOR):
        try:
            return open_allocator(folder)
        except BadBundleError:
            continue
    return None


def open_allocator(folder: Path) -> Allocator:
    """Open the allocator in `folder` after putting it through every gate.

    Gates in order: manifest, files (each there, none besides, SHA-256), fingerprint of the
    encoding, graph (loads, names, types), batch shapes (1, 3 and 64 platforms, no NaN), and golden
    rows within 1e-5.

    Raises: BadBundleError naming the gate and what was found; never anything else.
    """
    return open_sealed(folder, _through_gates)


def _through_gates(sealed: Sealed) -> Allocator:
    manifest = sealed.manifest
    if manifest.kind is not BundleKind.ALLOCATOR:
        message = f"manifest gate: a {manifest.kind} bundle is no allocator"
        raise BadBundleError(message)
    _check_fingerprint(manifest)
    golden = sealed.golden_rows(read_golden_days)
    graph = sealed.graph("response")
    _check_interface(graph)
    allocator = Allocator(manifest, sealed.manifest_sha256, graph)
    for platforms in SHAPES:
        try_at("batch shape gate", partial(_try_shape, allocator, platforms))
    for number, row in enumerate(golden):
        try_at("golden gate", partial(_try_row, allocator, number, row))
    return allocator


def _check_fingerprint(manifest: Manifest) -> None:
    here = window_fingerprint()
    if here != manifest.fingerprint:
        message = (
            f"fingerprint gate: histories are encoded as {here[:16]} here, the model was trained"
            f" with {manifest.fingerprint[:16]}"
        )
        raise BadBundleError(message)


def _check_interface(graph: Graph) -> None:
    if graph.inputs != _INPUTS:
        asked = {name: kind.__name__ for name, kind in graph.inputs.items()}
        message = f"graph gate: response asks for {asked}, it gets {sorted(_INPUTS)} as float32"
        raise BadBundleError(message)
    if graph.outputs not in {OUTPUTS, OUTPUTS[:3]}:
        message = f"graph gate: response gives {graph.outputs}, expected {OUTPUTS}"
        raise BadBundleError(message)


def _try_shape(allocator: Allocator, platforms: int) -> None:
    for name, values in allocator.run(_made_up(platforms).tensors).items():
        found: FloatArray = values
        if found.shape != (platforms,) or found.dtype != np.float32:
            message = (
                f"batch shape gate: {name} is {found.dtype} {found.shape}, not ({platforms},)"
            )
            raise BadBundleError(message)
        least = 0.0 if name in {"sd", "dispersion"} else -_LARGEST
        if not ((found > least) & (found < _LARGEST)).all():
            message = f"batch shape gate: {name} runs from {found.min()} to {found.max()}"
            raise BadBundleError(message)


def _made_up(platforms: int) -> Windows:
    """Return windows as different as they come: no day known, no spend, one day, far too much."""
    number = np.arange(platforms)[:, None]
    day = np.arange(WINDOW)[None, :]
    spend = 1e6 * (number % 7) * (1 + day % (number + 2)) ** (number % 5)
    counts = (number % 11) * (day % 5) * 10.0 ** (number % 4)
    totals: Any = np.stack([spend, 9 * counts, counts, counts // 20], axis=-1)
    known = (day >= WINDOW - 1 - 4 * (number % 8)) & (number % 9 > 0) & (day % 6 > 0)
    return encode_windows(totals, known, GOALS[platforms % len(GOALS)])


def _try_row(allocator: Allocator, number: int, row: GoldenDays) -> None:
    windows = encode_newest(row.totals, row.known, row.goal)
    if differs := row.differs(allocator.run(windows.tensors)):
        message = f"golden gate: row {number}: {differs}"
        raise BadBundleError(message)
