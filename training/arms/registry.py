"""The arms by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from training.arms.linear import Additive, LowRank, Summed
from training.arms.paper import Amtdl, Bm, Mtdl
from training.arms.salient import Salient
from training.config import ArmName
from training.export.linear import linear_graphs
from training.export.network import network_graphs
from training.export.salient import salient_graphs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import onnx

    from service.contract.encoding import Encoding
    from training.arms.model import SellingPointModel
    from training.config import SellingPointConfig


@dataclass(frozen=True, slots=True)
class Arm:
    """How to build a selling-point model, and how to export it."""

    about: str  # for the model card
    build: Callable[[int, SellingPointConfig], SellingPointModel]  # of that many ids
    graphs: Callable[[Any, Encoding], Mapping[str, onnx.ModelProto]]
    two_tasks: bool = True
    words_from_clicks: bool = False  # where word vectors start: else from the catalogue alone


ARMS: Final[dict[ArmName, Arm]] = {
    ArmName.SALIENT: Arm(
        "AMTDL with links: two tasks (feature-word clicks, ad clicks with title attention) over"
        " shared embeddings and layers, feature groups, products of shopper and phrase vectors.",
        Salient,
        salient_graphs,
        words_from_clicks=True,
    ),
    ArmName.BM: Arm(
        "BM of Hou et al.: one task, clicks on feature words, from pooled words of shopper, query"
        " and phrase.",
        Bm,
        network_graphs,
        two_tasks=False,
    ),
    ArmName.MTDL: Arm(
        "MTDL of Hou et al.: two tasks (feature-word clicks, ad clicks with title attention) over"
        " shared words and layers.",
        Mtdl,
        network_graphs,
    ),
    ArmName.AMTDL: Arm(
        "AMTDL of Hou et al.: MTDL with groups of clicked titles, recent queries and the query's"
        " head word.",
        Amtdl,
        network_graphs,
    ),
    ArmName.LOWRANK: Arm(
        "A linear model of two tasks that share a few directions, W = U + Theta^T V.",
        LowRank,
        linear_graphs,
    ),
    ArmName.ADDITIVE: Arm(
        "A linear model of two tasks, sparse weights of their own and shared features, W = U + V.",
        Additive,
        linear_graphs,
    ),
    ArmName.SUMMED: Arm(
        "A linear model of two tasks that differ more from level to level, W = sum W_i.",
        Summed,
        linear_graphs,
    ),
}
