"""Score the rows of a log through a bundle, each with what was known just before it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import polars as pl

from service.contract.context_batches import ContextBatches
from service.contract.history import EMPTY_HISTORY
from service.contract.history_log import Codes, build_history
from service.contract.manifest import BundleKind
from service.errors import BadInputError
from service.inference.binding import usable
from service.inference.bundle import open_bundle
from service.inference.log_tables import (
    cast,
    keys,
    numbers,
    places,
    read_clicks,
    read_facets,
    read_table,
    texts,
    times,
)
from service.inference.rows import item_vectors, phrase_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, LongArray, Tensors, TextTable
    from service.contract.history import HistoryLog
    from service.inference.bundle import Bundle

_CONTEXTS_AT_ONCE: Final = 256
_ROWS_AT_ONCE: Final = 8192

_CANDIDATE: Final = {BundleKind.RANKER: "product_uid", BundleKind.SELLING_POINTS: "sf_keyword"}
_PLACE: Final = {BundleKind.RANKER: "slot", BundleKind.SELLING_POINTS: "position"}


class Progress(Protocol):
    """Told how much of the work is done."""

    def __call__(self, done: int, total: int, /) -> None:
        """Say that `done` of `total` pieces of work are behind us."""
        ...


@dataclass(frozen=True, slots=True)
class Items:
    """A catalogue: titles and prices by product; the last line of a product counts."""

    titles: dict[str | None, str]
    prices: dict[str | None, float]


@dataclass(frozen=True, slots=True)
class _Contexts:
    """The distinct contexts (C,) of the rows, and each row's number among them (N,)."""

    batches: ContextBatches
    of_row: LongArray


@dataclass(frozen=True, slots=True)
class _Candidates:
    """What the rows ask about: distinct candidates (C,), and each row's number among them (N,)."""

    vectors: FloatArray  # (C, D)
    table: TextTable  # (C,)
    chosen: LongArray


@dataclass(frozen=True, slots=True)
class _Placing:
    """Where each row was shown, from 1 (N,), and the selling points in its title (N, Ds)."""

    places: LongArray
    shown: FloatArray | None


def score_rows(  # noqa: PLR0913, PLR0917 - one argument for each option of the command
    bundle: Path,
    rows: Path,
    items: Path,
    facets: Path | None,
    clicks: Path | None,
    out: Path,
    progress: Progress = lambda _done, _total: None,
) -> None:
    """Write `out` with a `p_click` (ranker: and `p_conversion`) for each row, in order.

    A row of a ranker is in the layout of synth_s_c, of selling points in that of synth_s_sf. It
    sees only its own shopper's facets and clicks strictly before its `ts`. With a place (`slot` or
    `position`, from 1) or `sp_shown` it is scored as shown there, else in the first place with a
    plain title. Labels are not looked at; unknown shoppers and products are no error.

    Raises:
        BadBundleError: the bundle failed a gate.
        BadInputError: a file cannot be read or lacks a column.
        ScorerError: the model gave no usable scores.
    """
    opened = open_bundle(bundle)
    table = read_table(rows, "rows", ("ts", "user_id", "query", _CANDIDATE[opened.kind]))
    catalogue = read_items(items)
    shoppers = Codes()
    log = build_history(
        read_facets(facets, shoppers) if facets else None,
        read_clicks(clicks, shoppers, catalogue.titles) if clicks else None,
    )
    contexts = _contexts(opened, table, shoppers, log)
    candidates = _candidates(opened, table, catalogue)
    scores = _score(opened, contexts, candidates, _placing(opened, table), progress)
    _write(out, opened, scores)


def phrase_scores(
    opened: Bundle, asked: pl.DataFrame, items: Items, shoppers: Codes, log: HistoryLog
) -> FloatArray:
    """Score phrases in the first place: ts, user_id, query and sf_keyword of each, to p (N,).

    Raises: ScorerError if the model gives no usable scores.
    """
    contexts = _contexts(opened, asked, shoppers, log)
    candidates = _candidates(opened, asked, items)
    return _score(opened, contexts, candidates, None, lambda _done, _total: None)[0]


def read_items(path: Path) -> Items:
    """Read a catalogue in the layout synth_items.

    Raises: BadInputError.
    """
    table = read_table(path, "items", ("product_uid", "title"))
    products = keys(table, "product_uid")
    priced = "price_z" in table.columns
    prices = numbers(table, "price_z") if priced else np.zeros(len(table))
    return Items(
        dict(zip(products, texts(table, "title"), strict=True)),
        dict(zip(products, prices.tolist(), strict=True)),
    )


def _contexts(opened: Bundle, table: pl.DataFrame, shoppers: Codes, log: HistoryLog) -> _Contexts:
    """Gather the distinct (shopper, time, query) of the rows: a request's rows share one."""
    who, when = shoppers.of(keys(table, "user_id")), times(table, "ts", "rows")
    queries = texts(table, "query")
    first, numbers_of_rows = distinct_rows(who, when, Codes().of(queries))
    asked = [queries[row] for row in first.tolist()]
    return _Contexts(
        ContextBatches(opened.encoder, asked, log.at(who[first], when[first])), numbers_of_rows
    )


def distinct_rows(*columns: NDArray[Any]) -> tuple[LongArray, LongArray]:
    """Return a row of each distinct combination of `columns` (N,), and each row's combination."""
    order = np.lexsort(columns)
    new = np.zeros(len(order), dtype=np.bool_)
    for column in columns:
        new[1:] |= np.diff(column[order]) != 0
    new[:1] = True
    combination = np.empty(len(order), dtype=np.int64)
    combination[order] = np.cumsum(new) - 1
    return order[new], combination


def _candidates(opened: Bundle, table: pl.DataFrame, items: Items) -> _Candidates:
    if opened.kind is BundleKind.SELLING_POINTS:
        codes = Codes()
        chosen = codes.of(texts(table, "sf_keyword"))
        phrases = [str(text) for text in codes.numbers]
        vectors = phrase_vectors(opened, phrases)
        return _Candidates(vectors, opened.encoder.phrase_table(phrases), chosen)
    codes = Codes()
    chosen = codes.of(key or "" for key in keys(table, "product_uid"))
    products = [str(key) for key in codes.numbers]
    titles = [items.titles.get(key, "") for key in products]
    prices = [items.prices.get(key, 0.0) for key in products]
    vectors = item_vectors(opened, titles, prices)
    return _Candidates(vectors, opened.encoder.title_table(titles), chosen)


def _placing(opened: Bundle, table: pl.DataFrame) -> _Placing | None:
    """Return where and how the rows were shown, None if they do not say."""
    place = _PLACE[opened.kind]
    shows = opened.kind is BundleKind.RANKER and "sp_shown" in table.columns
    if place not in table.columns and not shows:
        return None
    known = place in table.columns
    stood = places(table, place) if known else np.ones(len(table), dtype=np.int64)
    return _Placing(stood, _shown(opened, table, shows=shows))


def _shown(opened: Bundle, table: pl.DataFrame, *, shows: bool) -> FloatArray | None:
    """Return the summed vectors of the selling points in each row's title (N, Ds)."""
    if opened.kind is BundleKind.SELLING_POINTS:
        return None
    if not shows:
        width = phrase_vectors(opened, []).shape[1]
        return np.zeros((len(table), width), dtype=np.float32)
    phrases = Codes()
    lists = cast(table["sp_shown"], pl.List(pl.String), "sp_shown")
    shown = lists.explode(empty_as_null=False, keep_nulls=False)
    codes = phrases.of(text or "" for text in shown.to_list())
    vectors = phrase_vectors(opened, [str(text) for text in phrases.numbers])
    sums = np.zeros((len(table), vectors.shape[1]), dtype=np.float32)
    lengths = lists.list.len().fill_null(0).to_numpy().astype(np.int64)
    np.add.at(sums, np.repeat(np.arange(len(table)), lengths), vectors[codes])
    return sums


def _score(
    opened: Bundle,
    contexts: _Contexts,
    candidates: _Candidates,
    placing: _Placing | None,
    progress: Progress,
) -> list[FloatArray]:
    total = len(contexts.batches) + len(contexts.of_row)
    vectors = _context_vectors(opened, contexts.batches, lambda done: progress(done, total))
    batches = contexts.batches
    match_all = batches.match_titles if opened.side == "item" else batches.match_phrases
    match = match_all(contexts.of_row, candidates.table, candidates.chosen)
    scores: list[list[FloatArray]] = []
    for part in _slices(len(contexts.of_row), _ROWS_AT_ONCE):
        feeds = {
            "context": vectors[contexts.of_row[part]],
            opened.side: candidates.vectors[candidates.chosen[part]],
            "match": match[part],
        }
        scores.append(usable(opened.model, partial(_run, opened, feeds, placing, part)))
        progress(len(batches) + part.stop, total)
    empty = [np.empty(0, np.float32)] * len(opened.graphs["head"].outputs)
    return [np.concatenate(parts) for parts in zip(empty, *scores, strict=True)]


def _run(
    opened: Bundle, feeds: dict[str, FloatArray], placing: _Placing | None, part: slice
) -> list[FloatArray]:
    if placing is None:
        return opened.head(feeds["context"], feeds[opened.side], feeds["match"])
    shown = None if placing.shown is None else placing.shown[part]
    return opened.placed(feeds, placing.places[part], shown)


def _context_vectors(
    opened: Bundle, batches: ContextBatches, told: Callable[[int], None]
) -> FloatArray:
    """Return context vectors (C, Dc)."""
    vectors = [opened.context_vectors(opened.encoder.contexts([""], [EMPTY_HISTORY]))[:0]]
    for part in _slices(len(batches), _CONTEXTS_AT_ONCE):
        tensors = batches.take(np.arange(part.start, part.stop))
        vectors += usable(opened.model, partial(_vectors_of, opened, tensors))
        told(part.stop)
    return np.concatenate(vectors)


def _vectors_of(opened: Bundle, tensors: Tensors) -> list[FloatArray]:
    return [opened.context_vectors(tensors)]


def _slices(length: int, step: int) -> Iterator[slice]:
    return (slice(start, min(start + step, length)) for start in range(0, length, step))


def _write(out: Path, opened: Bundle, scores: list[FloatArray]) -> None:
    columns = {
        name: values.astype(np.float64)
        for name, values in zip(opened.graphs["head"].outputs, scores, strict=True)
    }
    try:
        pl.DataFrame(columns).write_parquet(out)
    except OSError as error:
        message = f"out: cannot write {out}: {error}"
        raise BadInputError(message) from error
