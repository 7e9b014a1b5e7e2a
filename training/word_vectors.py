"""Where words start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.contract.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class WordVectors:
    """Vectors (size, D), and those that only what happened before `edge` taught.

    On the clicks that made the vectors, what they learnt by chance looks like taste: what they
    are worth shows in the rows since `edge`, Unix seconds, read with `older`.
    """

    vectors: FloatArray
    older: FloatArray
    edge: float

    @classmethod
    def without_clicks(cls, vectors: FloatArray) -> WordVectors:
        """Hold vectors that no click has touched, so that all rows show what they are worth."""
        return cls(vectors, vectors, float("-inf"))
