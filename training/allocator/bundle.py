"""What goes into an allocator's bundle: graph, golden histories, manifest, card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from service.contract.manifest import GOLDEN_FILE, BundleKind, Manifest
from service.contract.platform_golden import OUTPUTS, GoldenDays, write_golden_days
from service.contract.platform_windows import GOALS, WINDOW, encode_newest, window_fingerprint
from training.allocator.config import AllocatorArm
from training.card import table
from training.export.bundle import CARD_FILE, entries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import keras
    import onnx

    from service.contract.manifest import Training
    from service.contract.platform_days import PlatformDays
    from training.allocator.windows import Series

_PLATFORMS = 2  # of the history, in a golden row
_ABOUT = {
    AllocatorArm.CNN: (
        "Says what each platform is expected to bring on the next day at any spend: a concave"
        " curve with what is not known of its height. Convolutions over its last six weeks,"
        " a curve weighed over a grid of bends with a prior learnt over platforms, negative"
        " binomial counts."
    ),
    AllocatorArm.P0: (
        "The paper's: foretells what each platform brings on the next day, whatever is spent."
        " Budgets can only be shared in proportion to it. For comparison."
    ),
}


@dataclass(frozen=True, slots=True)
class AllocatorParts:
    """What goes into the bundle of an allocator."""

    graphs: Mapping[str, onnx.ModelProto]
    golden: Sequence[GoldenDays]
    training: Training
    card: str

    def contents(self) -> dict[str, bytes]:
        """Return the bytes of every file but the manifest."""
        graphs = {f"{role}.onnx": one.SerializeToString() for role, one in self.graphs.items()}
        golden = write_golden_days(self.golden)
        return graphs | {GOLDEN_FILE: golden, CARD_FILE: self.card.encode()}

    def manifest(self, version: str, contents: Mapping[str, bytes]) -> Manifest:
        """Return the manifest over these files."""
        return Manifest(
            kind=BundleKind.ALLOCATOR,
            name=str(BundleKind.ALLOCATOR),
            version=version,
            encoding=None,
            fingerprint=window_fingerprint(),
            files=entries(contents),
            graphs={role: f"{role}.onnx" for role in self.graphs},
            training=self.training,
        )


def golden_rows(model: keras.Model, days: PlatformDays) -> list[GoldenDays]:
    """Return histories, common and odd, with what the trained network answers to each goal."""
    totals, known = days.totals[:_PLATFORMS, -WINDOW:], days.known[:_PLATFORMS, -WINDOW:]
    count = known.shape[1]
    gaps = known & (np.arange(count) % 3 > 0)
    still = totals * np.array([0.0, 1.0, 1.0, 1.0])  # came without any spend
    huge = np.minimum(totals * 1e6, 1e15)
    histories = [
        (totals, known),
        (totals[:1, -1:], known[:1, -1:]),
        (totals, gaps),
        (totals, np.zeros_like(known)),
        (still, known),
        (
            np.concatenate([totals, still[:1], huge[:1]]),
            np.concatenate([known, known[:1], gaps[:1]]),
        ),
    ]
    return [
        GoldenDays(goal, totals, known, _answers(model, totals, known, goal))
        for goal in GOALS
        for totals, known in histories
    ]


def _answers(model: Any, totals: Any, known: Any, goal: str) -> dict[str, Any]:
    answer = model(encode_newest(totals, known, goal).tensors)
    outputs = {name: getattr(answer, name) for name in OUTPUTS}
    found = {name: np.asarray(one, np.float64) for name, one in outputs.items() if one is not None}
    return found | {"level": found["level"][:, 0]}


def write_card(training: Training, series: Series) -> str:
    """Return the model card as Markdown."""
    counts = {
        "advertisers": len(series.known),
        "platforms": series.platforms,
        "days": series.days,
        "platform days": int(series.known.sum()),
    }
    about = _ABOUT[AllocatorArm(training.config["arm"])]
    return "\n".join(
        [
            "# allocator",
            "",
            about,
            "",
            "**For:** spreading a campaign's budget over platforms. Not for saying what a platform"
            " is worth in money, and not for days far ahead.",
            "",
            "**Inputs:** spend, impressions, clicks and conversions of each platform a day. No"
            " shopper, no currency, no name of a platform.",
            "",
            "## Data",
            "",
            *table(("what", "count"), counts),
            "",
            *table(("file", "SHA-256"), training.data_sha256),
            "",
            "## Measured",
            "",
            "On the newest days, which the weights were not fitted to; stopping did look at them."
            " error: sum of |expected - real| over sum of real, of the day after each window, at"
            " the spend really spent; `proportional` is that of the window's own return; within:"
            " share of days within two standard deviations.",
            "",
            *table(("metric", "value"), {k: f"{v:.4f}" for k, v in training.metrics.items()}),
            "",
            "## Settings",
            "",
            *table(("setting", "value"), {**training.config, "seed": training.seed}),
            "",
            "## Limits",
            "",
            "What brought the goal is taken to be the day's spend: where spend follows demand, its"
            " effect looks larger than it is. Where spend hardly varied, the bend of the curve is"
            " the prior of the platforms it learnt from. S-shaped answers are seen as concave.",
            "",
        ]
    )
