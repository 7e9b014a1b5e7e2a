"""What both logs showed as rows of one regression: words, shopper, clicks and expected clicks."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import sparse

from training.examples import row_codes
from training.expected import expected_clicks
from training.fit import column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, LongArray, TimeArray
    from training.examples import Examples

_PLACE_PRIOR: Final = 1.0
_PHRASE_PRIOR: Final = 20.0
_TITLE_PRIOR: Final = 100.0
_QUERY_PRIOR: Final = 200.0
_SAID: Final = 0.7  # of a selling point that a title said, beside the title's own words
_MOST_UNCLICKED: Final = 100_000


@dataclass(frozen=True, slots=True)
class Shown:
    """Rows (N,) of a log."""

    words: sparse.csr_matrix  # (N, size) how much each word stands for the text
    shoppers: LongArray
    ts: TimeArray
    clicks: FloatArray
    expected: FloatArray
    weights: FloatArray  # how many rows of the log each stands for

    def where(self, chosen: NDArray[np.bool_]) -> Shown:
        """Return the rows chosen (N,)."""
        kept: dict[str, Any] = {
            field.name: getattr(self, field.name)[chosen] for field in fields(self)
        }
        return Shown(**kept)


def joined(logs: Sequence[Shown]) -> Shown:
    """Put logs together by shopper, without rows of shoppers nobody knows."""
    shoppers = np.concatenate([log.shoppers for log in logs])
    order = np.argsort(shoppers, kind="stable")
    order = order[shoppers[order] >= 0]
    rest = ("ts", "clicks", "expected", "weights")
    columns = {name: np.concatenate([getattr(log, name) for log in logs]) for name in rest}
    return Shown(
        sparse.vstack([log.words for log in logs]).tocsr()[order],
        shoppers[order],
        **{name: values[order] for name, values in columns.items()},
    )


def shown_phrases(examples: Examples, requests: LongArray, size: int, *, seed: int) -> Shown:
    """Return the feature words that `requests` showed; the words of a phrase share 1.

    Of the rows without a click some are drawn and stand for all of them.
    """
    phrases = column(examples, "phrase_words", requests)
    rows = _rows(examples, requests, phrases, _PHRASE_PRIOR)
    drawn, weights = _drawn(rows["clicks"], seed)
    words = _spread(phrases[drawn], size, 1.0)
    return Shown(words, weights=weights, **{name: rows[name][drawn] for name in rows})


def shown_ads(examples: Examples, requests: LongArray, size: int, *, seed: int) -> Shown:
    """Return the ads that `requests` showed, each of m words of a title counting 1 / sqrt(m).

    Of the rows without a click some are drawn and stand for all of them.
    """
    titles, said = (column(examples, name, requests) for name in ("title_words", "shown_words"))
    rows = _rows(examples, requests, titles, _TITLE_PRIOR)
    drawn, weights = _drawn(rows["clicks"], seed)
    words = _spread(titles[drawn], size, 0.5)
    for place in range(said.shape[1]):
        words = words + _SAID * _spread(said[drawn, place], size, 1.0)
    return Shown(words, weights=weights, **{name: rows[name][drawn] for name in rows})


def _rows(
    examples: Examples, requests: LongArray, texts: NDArray[Any], text_prior: float
) -> dict[str, NDArray[Any]]:
    sizes = examples.requests.real[requests].sum(axis=1)
    clicks = column(examples, "click", requests).astype(np.float32)
    keys = (
        (column(examples, "place", requests), _PLACE_PRIOR),
        (np.unique(row_codes(texts), return_inverse=True)[1], text_prior),
        (np.repeat(examples.contexts.query_codes[requests], sizes), _QUERY_PRIOR),
    )
    return {
        "shoppers": np.repeat(examples.shoppers[requests], sizes),
        "ts": np.repeat(examples.ts[requests], sizes),
        "clicks": clicks,
        "expected": expected_clicks(clicks, keys, np.arange(len(clicks))),
    }


def _drawn(clicks: FloatArray, seed: int) -> tuple[NDArray[np.bool_], FloatArray]:
    """Return which rows (N,) are kept, and how many each of the kept stands for."""
    without = clicks == 0
    share = min(_MOST_UNCLICKED / max(int(without.sum()), 1), 1.0)
    drawn = ~without | (np.random.default_rng(seed).random(len(clicks)) < share)
    weights: FloatArray = np.where(without[drawn], 1 / share, 1.0).astype(np.float32)
    return drawn, weights


def _spread(ids: NDArray[Any], size: int, power: float) -> sparse.csr_matrix:
    """Return (n, size): each of the m words of a text counts m ** -power; 0 pads."""
    rows, places = np.nonzero(ids)
    counts = np.maximum((ids > 0).sum(axis=1), 1)
    shares = (counts**-power)[rows].astype(np.float32)
    return sparse.csr_matrix((shares, (rows, ids[rows, places])), (len(ids), size))
