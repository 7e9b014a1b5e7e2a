"""A tagger as a file of plain JSON: what training writes and the service reads.

{"format": 1, "categories": {name: {
    "attributes": [name], "steps": [[number]] of L + 1 rows,
    "clues": {clue: {label: weight}}, "values": {words: {attribute: [products, share]}}}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

from service.contract.tagging import CategoryTagger, Known, Tagger
from service.errors import BadBundleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.contract.arrays import FloatArray

FORMAT: Final = 1
TAGGER_FILE: Final = "tagger.json"
_DIGITS: Final = 3  # of weights: finer ones decide nothing


def dump_tagger(tagger: Tagger) -> bytes:
    """The content of the file; the same tagger, read back, but for the fourth digit."""
    categories = {name: _told(one) for name, one in tagger.categories.items()}
    return orjson.dumps({"format": FORMAT, "categories": categories}, option=orjson.OPT_SORT_KEYS)


def load_tagger(content: bytes) -> Tagger:
    """The tagger in the content of a file.

    Raises: BadBundleError if it is no such file, or its parts do not fit together.
    """
    try:
        read = orjson.loads(content)
        if read["format"] != FORMAT:
            raise BadBundleError(f"tagger format {read['format']!r}, this is {FORMAT}")
        return Tagger({name: _read(one) for name, one in read["categories"].items()})
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise BadBundleError(f"no tagger: {error!r}") from error


def _told(of: CategoryTagger) -> dict[str, Any]:
    return {
        "attributes": list(of.attributes),
        "steps": [[round(step, _DIGITS) for step in row] for row in of.steps.tolist()],
        "clues": {clue: _sparse(of.weights[row]) for clue, row in of.rows.items()},
        "values": {
            " ".join(words): {
                name: [one.products, round(one.share, _DIGITS)] for name, one in known.items()
            }
            for words, known in of.values.items()
        },
    }


def _sparse(weights: FloatArray) -> dict[str, float]:
    return {
        str(label): round(float(weights[label]), _DIGITS)
        for label in np.flatnonzero(np.abs(weights) >= 10**-_DIGITS).tolist()
    }


def _read(told: Mapping[str, Any]) -> CategoryTagger:
    attributes = tuple(map(str, told["attributes"]))
    labels = 1 + 2 * len(attributes)
    steps = np.array(told["steps"], np.float32)
    weights = np.zeros((len(told["clues"]), labels), np.float32)
    for row, sparse in enumerate(told["clues"].values()):
        for label, weight in sparse.items():
            weights[row, int(label)] = weight
    if steps.shape != (labels + 1, labels) or not np.isfinite(weights.sum() + steps.sum()):
        raise ValueError(f"steps {steps.shape} of {labels} labels, or a weight is no number")
    return CategoryTagger(
        attributes=attributes,
        rows={clue: row for row, clue in enumerate(told["clues"])},
        weights=weights,
        steps=steps,
        values={
            tuple(words.split(" ")): {
                str(name): Known(int(products), float(share))
                for name, (products, share) in known.items()
            }
            for words, known in told["values"].items()
        },
    )
