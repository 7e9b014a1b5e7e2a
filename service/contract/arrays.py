"""The array types that the rooms exchange."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int32]
"""Word ids and text codes."""

LongArray = NDArray[np.int64]
"""Row numbers, positions, shoppers."""

FloatArray = NDArray[np.float32]
"""Features and scores."""

TimeArray = NDArray[np.float64]
"""Unix seconds."""

TextTable = NDArray[np.void]
"""One structured row a text: what matching needs of it (`matching.text_dtype`)."""

Tensors = dict[str, NDArray[Any]]
"""Named inputs of a graph."""
