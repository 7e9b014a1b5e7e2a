"""What goes into and comes out of each graph of a bundle, by name and type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from service.contract.history import EMPTY_HISTORY
from service.contract.manifest import BundleKind
from service.errors import BadBundleError

if TYPE_CHECKING:
    from service.contract.arrays import Tensors
    from service.inference.bundle import Bundle

Types = dict[str, type[np.generic]]

_HEAD: Final[Types] = {"context": np.float32, "match": np.float32}
_PLACE: Final[dict[BundleKind, Types]] = {
    BundleKind.RANKER: {"item": np.float32, "slot": np.int64, "shown": np.float32},
    BundleKind.SELLING_POINTS: {"phrase": np.float32, "position": np.int64},
}
_SCORES: Final = {
    BundleKind.RANKER: ("p_click", "p_conversion"),
    BundleKind.SELLING_POINTS: ("p_click",),
}


def check_interface(bundle: Bundle) -> None:
    """Hold the declared inputs and outputs of every graph against what they will be fed.

    A graph may leave an input out, but not ask for another, nor for another type.

    Raises: BadBundleError.
    """
    for role, graph in bundle.graphs.items():
        offered = _offered(bundle, role)
        unknown = {
            name: kind.__name__
            for name, kind in graph.inputs.items()
            if (name not in offered or offered[name] is not kind)
        }
        if unknown:
            message = f"graph gate: {role} asks for {unknown}, which nothing gives"
            raise BadBundleError(message)
        outputs = _SCORES[bundle.kind] if role in {"head", "placed"} else (role,)
        if graph.outputs != outputs:
            message = f"graph gate: {role} gives {graph.outputs}, expected {outputs}"
            raise BadBundleError(message)


def _offered(bundle: Bundle, role: str) -> Types:
    encoder = bundle.encoder
    if role == "context":
        tensors: Tensors = encoder.context("", EMPTY_HISTORY)
    elif role == "item":
        tensors = encoder.items([""], [0.0])
    elif role == "phrase":
        tensors = encoder.phrases([""])
    else:
        return _HEAD | _PLACE[bundle.kind]
    return {name: tensor.dtype.type for name, tensor in tensors.items()}
