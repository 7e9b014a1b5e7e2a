"""Histories out of the rows of a log: who clicked and searched what, when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.contract.history import NO_TRAIL, NOBODY, HistoryLog, Trail

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from service.contract.arrays import LongArray, TimeArray


class Codes:
    """Numbers for values in order of first sight, shared by all the columns it is given."""

    def __init__(self) -> None:
        self.numbers: dict[Hashable, int] = {}

    def of(self, values: Iterable[Hashable]) -> LongArray:
        """Return the number of each value (N,); None is NOBODY."""
        numbers = self.numbers
        found = [
            NOBODY if value is None else numbers.setdefault(value, len(numbers))
            for value in values
        ]
        return np.array(found, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class LoggedRows:
    """Columns of a log, a row each time something was shown to a shopper.

    shoppers (E,) codes, NOBODY where unknown; ts (E,) Unix seconds; texts: the feature word, or
    the original title of the ad's product (None where unknown); clicked (E,) bool.
    """

    shoppers: LongArray
    ts: TimeArray
    queries: Sequence[str]
    texts: Sequence[str | None]
    clicked: np.ndarray


def build_history(facets: LoggedRows | None, clicks: LoggedRows | None) -> HistoryLog:
    """Gather what each shopper did: clicked feature words, clicked ads' titles, and queries.

    A query counts once for a shopper and moment, however many rows it has.
    """
    texts = Codes()
    words = _clicked(facets, texts)
    titles = _clicked(clicks, texts)
    queries = _searched([rows for rows in (facets, clicks) if rows is not None], texts)
    return HistoryLog([str(text) for text in texts.numbers], words, titles, queries)


def _clicked(rows: LoggedRows | None, texts: Codes) -> Trail:
    if rows is None:
        return NO_TRAIL
    known = np.array([text is not None for text in rows.texts], dtype=np.bool_)
    kept = np.flatnonzero(rows.clicked.astype(np.bool_) & known)
    codes = texts.of(rows.texts[row] for row in kept.tolist())
    return Trail(rows.shoppers[kept], rows.ts[kept], codes.astype(np.int32))


def _searched(logs: Sequence[LoggedRows], texts: Codes) -> Trail:
    if not logs:
        return NO_TRAIL
    shoppers = np.concatenate([rows.shoppers for rows in logs])
    ts = np.concatenate([rows.ts for rows in logs]).astype(np.float64)
    codes = np.concatenate([texts.of(rows.queries) for rows in logs])
    order = np.lexsort((codes, ts, shoppers))
    shoppers, ts, codes = shoppers[order], ts[order], codes[order]
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (np.diff(shoppers) != 0) | (np.diff(ts) != 0) | (np.diff(codes) != 0)
    return Trail(shoppers[new], ts[new], codes[new].astype(np.int32))
