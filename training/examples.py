"""Rows of a log as arrays: encoded once, gathered a batch of requests at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from service.contract.context_batches import ContextBatches
from service.contract.groups import feature_groups
from service.contract.history_log import Codes, LoggedRows, build_history

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from service.contract.arrays import LongArray, Tensors, TimeArray
    from service.contract.encoder import Encoder
    from service.contract.history import HistoryLog

OF_SHOPPER: Final = 2  # groups about the shopper, activity and recency; the third is the query's
MOST_SHOWN: Final = 16  # rows of one request that stand side by side; more become another request
MOST_PHRASES: Final = 3  # selling points shown in one title that count
_ODD_FACTOR: Final = 1_000_003
_UNUSED_WITHOUT_EVENTS: Final = {
    "clicked_words": "clicked_word_days",
    "clicked_titles": "clicked_title_days",
}


@dataclass(frozen=True, slots=True)
class Requests:
    """Rows (N,) of a log put together by request: rows (R, S) with real (R, S)."""

    rows: LongArray
    real: NDArray[np.bool_]

    @classmethod
    def of(cls, log: pl.DataFrame) -> Requests:
        """Find runs of rows with the same request, shopper, time and query."""
        runs = log.select(run=pl.struct("request", "ts", "user_id", "query").rle_id())[
            "run"
        ].to_numpy()
        starts = np.flatnonzero(np.diff(runs, prepend=-1))
        lengths = np.diff(np.append(starts, len(runs)))
        parts = -(-lengths // MOST_SHOWN)
        offsets = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
        firsts = np.repeat(starts, parts) + offsets * MOST_SHOWN
        left = np.minimum(np.repeat(starts + lengths, parts) - firsts, MOST_SHOWN)
        places = np.arange(int(left.max(initial=1)))
        real = places < left[:, None]
        return cls(np.where(real, firsts[:, None] + places, firsts[:, None]), real)

    @property
    def of_rows(self) -> LongArray:
        """Return the request of each row (N,)."""
        owners: LongArray = np.empty(int(self.real.sum()), dtype=np.int64)
        owners[self.rows[self.real]] = np.nonzero(self.real)[0]
        return owners


@dataclass(frozen=True, slots=True)
class Examples:
    """What a model learns from: contexts (R,), and columns (N, ...) of what was shown."""

    contexts: ContextBatches
    requests: Requests
    columns: Mapping[str, NDArray[Any]]
    ts: TimeArray  # (R,)
    shoppers: LongArray  # (R,)

    def take(self, chosen: LongArray) -> Tensors:
        """Return the batch of requests `chosen` (B,): contexts (B, ..), columns (B, S, ..)."""
        context = self.contexts.take(chosen)
        for ids, days in _UNUSED_WITHOUT_EVENTS.items():
            if not context[ids].any():
                context |= {ids: context[ids][:, :1], days: context[days][:, :1]}
        rows = self.requests.rows[chosen]
        shown = {name: column[rows] for name, column in self.columns.items()}
        real = self.requests.real[chosen].astype(np.float32)
        return context | shown | {"real": real}

    def split(self, share: float) -> tuple[LongArray, LongArray]:
        """Return requests before and in the last `share` of the rows, by time."""
        rows = np.concatenate([[0], np.cumsum(self.requests.real.sum(axis=1))])
        edge = int(np.searchsorted(rows, rows[-1] * (1 - share)))
        edge = min(max(edge, 1), len(self.ts))
        every = np.arange(len(self.ts))
        return every[:edge], every[edge:]


def without_history(batch: Tensors, chosen: NDArray[np.bool_], taste: int) -> Tensors:
    """Return a batch in which requests `chosen` (B,) come from shoppers nobody knows.

    New shoppers are many at serving and few in a log: so a model learns what holds for them too.
    The last `taste` columns of the match are the shopper's.
    """
    known = ~chosen
    past = (*_UNUSED_WITHOUT_EVENTS, *_UNUSED_WITHOUT_EVENTS.values(), "past_queries")
    changed = {name: _where(known, batch[name]) for name in (*past, "past_query_days")}
    match = batch["match"].copy()
    match[chosen, :, match.shape[-1] - taste :] = 0.0
    groups = batch["groups"].copy()
    nobody = feature_groups(np.zeros((1, 3), int), np.full((1, 3), np.inf), np.zeros((1, 3), int))
    groups[chosen, :OF_SHOPPER] = nobody[0, :OF_SHOPPER]
    return batch | changed | {"match": match, "groups": groups}


def _where(known: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[Any]:
    kept: NDArray[Any] = values * known.reshape(-1, *[1] * (values.ndim - 1)).astype(values.dtype)
    return kept


@dataclass(frozen=True, slots=True)
class Shop:
    """The logs and the catalogue of one training run, with one numbering of shoppers."""

    items: pl.DataFrame
    facets: pl.DataFrame | None
    clicks: pl.DataFrame
    history: HistoryLog
    shopper_codes: Codes

    @classmethod
    def of(cls, items: pl.DataFrame, clicks: pl.DataFrame, facets: pl.DataFrame | None) -> Shop:
        """Join the clicked products' titles and look every shopper's trail up."""
        clicks = clicks.join(
            items.with_row_index("item").select("product_uid", "item", "title", "price_z"),
            on="product_uid",
            maintain_order="left",
        )
        shoppers = Codes()
        ads = _logged(clicks, "title", shoppers)
        words = None if facets is None else _logged(facets, "sf_keyword", shoppers)
        return cls(items, facets, clicks, build_history(words, ads), shoppers)

    def contexts(
        self, encoder: Encoder, log: pl.DataFrame, requests: Requests
    ) -> tuple[ContextBatches, TimeArray, LongArray]:
        """Encode each request as its shopper stood just before it; also times and shoppers."""
        first = log[requests.rows[:, 0]]
        shoppers = self.shopper_codes.of(first["user_id"].to_list())
        ts = first["ts"].to_numpy()
        histories = self.history.at(shoppers, ts)
        return ContextBatches(encoder, first["query"].to_list(), histories), ts, shoppers


def row_codes(ids: NDArray[Any]) -> LongArray:
    """Return one number for each row of ids (N, W): equal rows, equal number."""
    odd = np.arange(1, 2 * ids.shape[1], 2, dtype=np.int64) * _ODD_FACTOR
    codes: LongArray = ((ids.astype(np.int64) + 1) * odd).sum(axis=1)
    return codes


def ad_examples(shop: Shop, encoder: Encoder, *, matched: bool) -> Examples:
    """Encode the ads shown: title_words, price_z, place, click, conversion, shown_words.

    `matched` adds the columns of TITLE_MATCH, which take the longest.
    """
    log = shop.clicks
    requests = Requests.of(log)
    contexts, ts, shoppers = shop.contexts(encoder, log, requests)
    titles = encoder.title_table(shop.items["title"].to_list())
    items = log["item"].to_numpy().astype(np.int64)
    columns: dict[str, NDArray[Any]] = {
        "title_words": titles["content"][items],
        "price_z": log["price_z"].to_numpy(),
        "place": log["slot"].to_numpy().astype(np.int32),
        "click": log["click"].to_numpy(),
        "conversion": log["conversion"].to_numpy(),
        "shown_words": _shown(encoder, log["sp_shown"]),
    }
    if matched:
        columns["match"] = contexts.match_titles(requests.of_rows, titles, items)
    return Examples(contexts, requests, columns, ts, shoppers)


def facet_examples(shop: Shop, facets: pl.DataFrame, encoder: Encoder) -> Examples:
    """Encode the feature words shown: phrase_words, place, click, match."""
    requests = Requests.of(facets)
    contexts, ts, shoppers = shop.contexts(encoder, facets, requests)
    codes = Codes()
    chosen = codes.of(facets["sf_keyword"].to_list())
    phrases = encoder.phrase_table([str(text) for text in codes.numbers])
    columns: dict[str, NDArray[Any]] = {
        "phrase_words": phrases["content"][chosen],
        "place": facets["position"].to_numpy().astype(np.int32),
        "click": facets["click"].to_numpy(),
        "match": contexts.match_phrases(requests.of_rows, phrases, chosen),
    }
    return Examples(contexts, requests, columns, ts, shoppers)


def _logged(log: pl.DataFrame, text: str, shoppers: Codes) -> LoggedRows:
    return LoggedRows(
        shoppers.of(log["user_id"].to_list()),
        log["ts"].to_numpy(),
        log["query"].to_list(),
        log[text].to_list(),
        log["click"].to_numpy() > 0,
    )


def _shown(encoder: Encoder, lists: pl.Series) -> NDArray[np.int32]:
    """Return the ids (N, 3, P) of the selling points shown in each title."""
    codes = Codes()
    codes.of([""])
    rows = np.zeros((len(lists), MOST_PHRASES), dtype=np.int64)
    for place in range(MOST_PHRASES):
        rows[:, place] = codes.of(lists.list.get(place, null_on_oob=True).fill_null("").to_list())
    table = encoder.phrase_table([str(text) for text in codes.numbers])
    ids: NDArray[np.int32] = table["content"][rows]
    return ids
