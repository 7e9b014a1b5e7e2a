"""Past events from the log layouts: feature words (S^SF) and ads with clicks (S^C)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from service.contract.uplift import RANDOM_ARMS
from service.errors import BadInputError
from service.store.events import Event
from service.store.feeds.report import LineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FACETS: Final = {
    "session_id": pl.String, "ts": pl.Float64, "user_id": pl.String, "query": pl.String,
    "sf_keyword": pl.String, "position": pl.Int64, "click": pl.Int64,
}  # fmt: skip
CLICKS: Final = {
    "request_id": pl.String, "ts": pl.Float64, "user_id": pl.String, "query": pl.String,
    "product_uid": pl.String, "slot": pl.Int64, "click": pl.Int64,
}  # fmt: skip
_OPTIONAL: Final = {
    "propensity": pl.Float64, "sp_arm": pl.String, "sp_shown": pl.List(pl.String),
    "conversion": pl.Int64, "mobile": pl.Int64,
}  # fmt: skip
_LATEST_TS: Final = 32_503_680_000  # the year 3000: later ones are milliseconds
_PAGES: Final = 2_000  # pages a batch
_READERS: Final[dict[str, Callable[[Path], pl.DataFrame]]] = {
    ".parquet": pl.read_parquet, ".csv": pl.read_csv,
    ".ndjson": pl.read_ndjson, ".jsonl": pl.read_ndjson,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PastLog:
    """The good rows of a log, in order, and what is wrong with the others."""

    rows: pl.DataFrame
    errors: list[LineError]
    file_bytes: int = 0

    @property
    def is_facets(self) -> bool:
        """Whether it tells of feature words rather than of ads."""
        return "sf_keyword" in self.rows.columns


@dataclass(frozen=True, slots=True)
class PastBatch:
    """Whole pages of a log as our own records."""

    rows: int
    events: list[Event]
    decisions: list[dict[str, Any]]


def read_log(path: Path) -> PastLog:
    """Read a log, its columns deciding which of the two it is.

    Raises: BadInputError if it is neither, or not of the format that its suffix says.
    """
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise BadInputError(f"past events are one of {', '.join(_READERS)}, not {path.name!r}")
    try:
        frame = _READERS[suffix](path)
    # a torn file can also panic, which polars derives from BaseException
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise BadInputError(f"{path} cannot be read: {error}") from error
    for layout in (FACETS, CLICKS):
        if set(layout) <= set(frame.columns):
            return replace(_checked(frame, layout), file_bytes=path.stat().st_size)
    raise BadInputError(
        f"{path} has the columns {frame.columns}; feature words need {list(FACETS)},"
        f" ads need {list(CLICKS)}"
    )


def _checked(frame: pl.DataFrame, layout: dict[str, Any]) -> PastLog:
    wanted = {**layout, **{k: v for k, v in _OPTIONAL.items() if k in frame.columns}}
    if frame.schema.get("sp_shown") == pl.String:  # as CSV has it
        frame = frame.with_columns(pl.col("sp_shown").fill_null("").str.split(","))
    frame = frame.select(list(wanted)).with_row_index("line", offset=1)
    cast = frame.with_columns(pl.col(k).cast(v, strict=False) for k, v in wanted.items())
    place = "position" if "position" in layout else "slot"
    rules = {
        **{name: pl.col(name).is_not_null() for name in layout},
        "ts": pl.col("ts").is_finite() & pl.col("ts").is_between(0, _LATEST_TS),
        place: pl.col(place).is_between(1, 1_000),
        "click": pl.col("click").is_in([0, 1]),
    }
    errors = []
    for name, rule in rules.items():
        wrong = cast.filter(~rule.fill_null(value=False))["line"].to_list()
        received = frame.filter(pl.col("line").is_in(wrong))[name].to_list()
        errors += [
            LineError(line, name, repr(value)[:120], _ADVICE.get(name, "give a value"))
            for line, value in zip(wrong, received, strict=True)
        ]
    bad = {error.line for error in errors}
    good = cast.filter(~pl.col("line").is_in(sorted(bad))) if bad else cast
    return PastLog(good.drop("line"), sorted(errors, key=lambda error: error.line))


_ADVICE: Final = {
    "ts": "give Unix seconds",
    "position": "give 1 for the first",
    "slot": "give 1 for the first",
    "click": "give 0 or 1",
}


def past_batches(log: PastLog, store_id: str) -> Iterator[PastBatch]:
    """The log's pages as events and decisions of a store, oldest first, a batch at a time.

    An import again, also of a longer log, adds nothing twice: all ids follow from the content.
    """
    if log.is_facets:
        page, make = ["session_id", "ts", "user_id", "query"], _facet_page
    else:
        page, make = ["request_id", "ts", "user_id"], _ad_page
    order = ["ts", page[0], "position" if log.is_facets else "slot"]
    rows = log.rows.sort(order, maintain_order=True)
    numbered = rows.with_columns(page=pl.struct(page).rle_id() // _PAGES)
    for part in numbered.partition_by("page", maintain_order=True, include_key=False):
        batch = PastBatch(part.height, [], [])
        for group in _pages(part, page):
            make(group, store_id, batch)
        yield batch


def _pages(part: pl.DataFrame, page: list[str]) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    for row in part.iter_rows(named=True):
        if group and any(row[name] != group[0][name] for name in page):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _digest(*parts: object) -> str:
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def _facet_page(rows: list[dict[str, Any]], store_id: str, batch: PastBatch) -> None:
    first = rows[0]
    page = _digest(store_id, first["session_id"], first["ts"], first["user_id"], first["query"])
    common = {"session": first["session_id"]} | _common(first, store_id)
    batch.events.append(Event(type="search", event_key=f"past-{page}", **common))
    for row in rows:
        word = {"feature_word": row["sf_keyword"], "position": row["position"]}
        key = f"past-{page}-{row['position']}"
        batch.events.append(
            Event(type="feature_word", action="shown", event_key=f"{key}-shown", **word, **common)
        )
        if row["click"]:
            batch.events.append(
                Event(type="feature_word", action="clicked", event_key=key, **word, **common)
            )


def _common(row: dict[str, Any], store_id: str) -> dict[str, Any]:
    return {
        "store_id": store_id,
        "ts": row["ts"],
        "received_at": row["ts"],
        "user_id": row["user_id"],
        "query": row["query"],
    }


def _ad_page(rows: list[dict[str, Any]], store_id: str, batch: PastBatch) -> None:
    first = rows[0]
    page = _digest(store_id, first["request_id"], first["ts"], first["user_id"])
    common = _common(first, store_id)
    batch.events.append(Event(type="search", event_key=f"past-{page}", **common))
    awards = []
    for row in rows:
        impression_id = f"imp_{page}{row['slot'] - 1:02x}"
        awards.append(_award(row, impression_id))
        shown = common | {
            "request_id": f"req_{page}",
            "impression_id": impression_id,
            "product_id": row["product_uid"],
            "slot": row["slot"] - 1,
        }
        batch.events.append(Event(type="impression", event_key=impression_id, **shown))
        if row["click"]:
            batch.events.append(Event(type="click", event_key=impression_id, **shown))
        if row.get("conversion"):
            order: dict[str, Any] = {"order_id": f"past-{page}", "line": str(row["slot"])}
            key = f"past-{page}:{row['slot']}"
            batch.events.append(Event(type="conversion", event_key=key, **order, **shown))
    batch.decisions.append(_decision(first, store_id, page, awards))


def _award(row: dict[str, Any], impression_id: str) -> dict[str, Any]:
    """An award as the decision record has it, as far as the log tells."""
    named = row.get("sp_arm") or "none"
    arm = named.rpartition("_")
    propensity = row.get("propensity")
    return {
        "slot": row["slot"] - 1,
        "impression_id": impression_id,
        "ad_id": "",
        "campaign_id": "",
        "product_id": row["product_uid"],
        "price": 0,
        "bid": 0,
        "quality_ppm": 0,
        "propensity": 1.0 if propensity is None else propensity,
        "chosen": [{"id": "", "text": text} for text in row.get("sp_shown") or ()],
        "reason": arm[0] or arm[2],
        "arm": named if named in RANDOM_ARMS else None,
    }


def _decision(
    row: dict[str, Any], store_id: str, page: str, awards: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "request_id": f"req_{page}",
        "store_id": store_id,
        "ts": row["ts"],
        "seed": 0,
        "snapshot": "past",
        "models": [],
        "request": {
            "query": row["query"],
            "category": "",
            "placement": "",
            "slots": len(awards),
            "user_id": row["user_id"],
            "session": None,
            "device": "mobile" if row.get("mobile") else "desktop",
        },
        "awards": awards,
        "propensity": 1.0,
        "degraded": [],
    }
