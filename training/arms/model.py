"""What every arm is: logits of both tasks, and the parts that fitting and export reach for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, IntArray
    from training.config import SellingPointConfig
    from training.word_vectors import WordVectors

Tensor = Any


@dataclass(frozen=True, slots=True)
class TaskRows:
    """Rows of one task that a model may look at before a step is taken."""

    match: FloatArray  # (n, M); (n, 0) for ads
    places: IntArray  # (n,) where they stood, from 1
    clicks: FloatArray  # (n,)
    odds: float  # log odds of a click
    fresh: NDArray[np.bool_]  # (n,) which came after all that word vectors learnt from
    over: Callable[[Callable[[Any], Tensor]], FloatArray]
    """Runs a function of a batch, which gives (B, N, ...), over the rows: (n, ...)."""


@dataclass(frozen=True, slots=True)
class Start:
    """What the logs and the catalogue tell before a step is taken."""

    words: WordVectors
    idf: FloatArray  # (size,) inverse document frequencies
    main: TaskRows
    auxiliary: TaskRows


class SellingPointModel(Protocol):
    """A Keras model of two tasks; a batch holds contexts (B, ...) and what was shown (B, N, ...).

    `table` holds the word vectors, which learn at a rate of their own; `calibration` is set on the
    newest rows, on the logits that a call returns.
    """

    config: SellingPointConfig
    table: Any
    calibration: Any

    def __call__(self, batch: Mapping[str, Tensor], training: bool = False) -> Tensor:
        """Return logits (B, N) of clicks on the shown feature words: the main task."""

    def ad_clicks(self, batch: Mapping[str, Tensor], training: bool = False) -> Tensor:
        """Return logits (B, N) of clicks on the shown ads: the auxiliary task."""

    def start(self, start: Start) -> None:
        """Set what is not drawn by chance; both tasks have run once."""

    def get_weights(self) -> Sequence[Any]:
        """Return the weights, fixed ones too."""

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Put weights back."""
