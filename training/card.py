"""The model card: what a bundle is, what it learnt from, and how well it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from training.arms.registry import ARMS
from training.config import ArmName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.contract.manifest import Training

_ABOUT: Final = {
    "selling-points": (
        "Scores how likely a shopper is to click a feature word, so that the selling points a"
        " title carries are those this shopper cares about.",
        "Choosing among phrases that are attested for a product. Not for making phrases up, and"
        " not for prices.",
    ),
    "ranker": (
        "Scores how likely a shopper is to click an ad, and to buy after the click. Residual"
        " tower over context and item that meet late; attention over clicked history; position"
        " and shown selling points in training only; calibrated on held-out rows.",
        "Ranking candidates of one query, and bid x p(click) in the auction. Not for ranking"
        " shoppers, and not for prices.",
    ),
}


def write_card(kind: str, training: Training, counts: Mapping[str, int]) -> str:
    """Return the card as Markdown."""
    about, use = _ABOUT[kind]
    if arm := training.config.get("arm"):
        about = f"{about} Arm `{arm}`: {ARMS[ArmName(arm)].about}"
    return "\n".join(
        [
            f"# {kind}",
            "",
            about,
            "",
            f"**For:** {use}",
            "",
            "**Inputs:** the query, what the shopper clicked and searched before (texts with ages,"
            " only with consent), the product's title and price or the phrase. No shopper id, no"
            " demographics.",
            "",
            "## Data",
            "",
            *table(("what", "count"), counts),
            "",
            *table(("file", "SHA-256"), training.data_sha256),
            "",
            "## Measured",
            "",
            "On the newest tenth of the rows, which the weights were not fitted to; stopping and"
            " calibration did look at it. `low` and `high` bound the gain of AUC over popularity x"
            " position (95 %, shoppers redrawn in pairs).",
            "",
            *table(("metric", "value"), {k: f"{v:.4f}" for k, v in training.metrics.items()}),
            "",
            "## Settings",
            "",
            *table(("setting", "value"), {**training.config, "seed": training.seed}),
            "",
            "## Limits",
            "",
            "It knows what one shop's shoppers clicked and repeats their habits. Words that no"
            " title held in training share 1024 vectors. Tastes fade by half in ten days.",
            "",
        ]
    )


def table(heads: tuple[str, str], rows: Mapping[str, Any]) -> list[str]:
    """Return the lines of a Markdown table of two columns."""
    lines = [f"| {heads[0]} | {heads[1]} |", "|---|---|"]
    return lines + [f"| {name} | {value} |" for name, value in rows.items()]
