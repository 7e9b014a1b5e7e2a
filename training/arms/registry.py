"""The arms by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from training.arms.salient import Salient
from training.config import ArmName
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


ARMS: Final[dict[ArmName, Arm]] = {
    ArmName.SALIENT: Arm(
        "AMTDL with links: two tasks (feature-word clicks, ad clicks with title attention) over"
        " shared embeddings and layers, feature groups, products of shopper and phrase vectors.",
        Salient,
        salient_graphs,
    ),
}
