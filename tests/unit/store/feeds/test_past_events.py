from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from service.errors import BadInputError
from service.store.feeds.past_events import past_batches, read_log

if TYPE_CHECKING:
    from pathlib import Path

FACETS = pl.DataFrame(
    {
        "session_id": [1, 1, 2],
        "ts": [200, 200, 100],
        "user_id": [7, 7, 8],
        "query": ["rug", "rug", "lamp"],
        "sf_keyword": ["wool", "red", "brass"],
        "position": [1, 2, 1],
        "click": [0, 1, 0],
    }
)
CLICKS = pl.DataFrame(
    {
        "request_id": [5, 5],
        "ts": [300, 300],
        "user_id": [7, 7],
        "query": ["rug", "rug"],
        "product_uid": [100001, 100002],
        "slot": [1, 2],
        "propensity": [0.5, 0.25],
        "sp_arm": ["random_2", "none"],
        "sp_shown": [["wool", "red"], []],
        "click": [1, 0],
        "conversion": [1, 0],
        "mobile": [1, 1],
    }
)


def test_feature_words_become_events(tmp_path: Path) -> None:
    FACETS.write_parquet(tmp_path / "f.parquet")
    log = read_log(tmp_path / "f.parquet")
    assert log.is_facets
    (batch,) = past_batches(log, "sto_1")
    told = [(e.type, e.action, e.feature_word, e.ts, e.user_id, e.session) for e in batch.events]
    assert told == [
        ("search", None, None, 100.0, "8", "2"),
        ("feature_word", "shown", "brass", 100.0, "8", "2"),
        ("search", None, None, 200.0, "7", "1"),
        ("feature_word", "shown", "wool", 200.0, "7", "1"),
        ("feature_word", "shown", "red", 200.0, "7", "1"),
        ("feature_word", "clicked", "red", 200.0, "7", "1"),
    ]
    assert len({(e.type, e.event_key) for e in batch.events}) == 6
    assert all(e.received_at == e.ts for e in batch.events)
    assert batch.decisions == []


@pytest.mark.parametrize("suffix", ["parquet", "csv", "ndjson"])
def test_ads_become_decisions_and_events(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"c.{suffix}"
    if suffix == "parquet":
        CLICKS.write_parquet(path)
    elif suffix == "csv":
        CLICKS.with_columns(pl.col("sp_shown").list.join(",")).write_csv(path)
    else:
        CLICKS.write_ndjson(path)
    (batch,) = past_batches(read_log(path), "sto_1")
    assert [e.type for e in batch.events] == [
        "search",
        "impression",
        "click",
        "conversion",
        "impression",
    ]
    (decision,) = batch.decisions
    assert decision["request"]["device"] == "mobile"
    first, second = decision["awards"]
    assert (first["slot"], first["product_id"], first["propensity"]) == (0, "100001", 0.5)
    assert [chosen["text"] for chosen in first["chosen"]] == ["wool", "red"]
    assert (first["reason"], second["reason"]) == ("random", "none")
    clicked = batch.events[2]
    assert clicked.impression_id == first["impression_id"]
    assert clicked.request_id == decision["request_id"]
    assert clicked.price is None  # nothing is charged for the past


def test_optional_columns_may_be_missing(tmp_path: Path) -> None:
    CLICKS.drop("propensity", "sp_arm", "sp_shown", "conversion", "mobile").write_parquet(
        tmp_path / "c.parquet"
    )
    (batch,) = past_batches(read_log(tmp_path / "c.parquet"), "sto_1")
    assert batch.decisions[0]["awards"][0]["propensity"] == 1.0
    assert batch.decisions[0]["request"]["device"] == "desktop"


def test_bad_rows_are_reported_and_the_others_kept(tmp_path: Path) -> None:
    wrong = pl.DataFrame(
        {
            "session_id": ["1", "2", "3", "4", "5"],
            "ts": ["100", "soon", "1700000000000", "100", "100"],
            "user_id": ["7", "7", "7", None, "7"],
            "query": ["a"] * 5,
            "sf_keyword": ["w"] * 5,
            "position": ["1", "1", "1", "1", "0"],
            "click": ["0", "1", "1", "1", "2"],
        }
    )
    wrong.write_csv(tmp_path / "f.csv")
    log = read_log(tmp_path / "f.csv")
    assert log.rows.height == 1
    assert [(e.line, e.field, e.received) for e in log.errors] == [
        (2, "ts", "'soon'"),
        (3, "ts", "'1700000000000'"),
        (4, "user_id", "None"),
        (5, "position", "0"),
        (5, "click", "2"),
    ]


def test_a_long_log_comes_in_batches_of_whole_pages(tmp_path: Path) -> None:
    pages = pl.concat([CLICKS.with_columns(pl.lit(n).alias("request_id")) for n in range(4_100)])
    pages.write_parquet(tmp_path / "c.parquet")
    batches = list(past_batches(read_log(tmp_path / "c.parquet"), "sto_1"))
    assert [len(batch.decisions) for batch in batches] == [2_000, 2_000, 100]
    assert sum(batch.rows for batch in batches) == 8_200
    assert len({d["request_id"] for batch in batches for d in batch.decisions}) == 4_100


@pytest.mark.parametrize("name", ["f.xml", "f.parquet", "none.csv"])
def test_what_is_no_log_is_said(tmp_path: Path, name: str) -> None:
    if name != "none.csv":
        (tmp_path / name).write_text("x")
    with pytest.raises(BadInputError, match=name):
        read_log(tmp_path / name)


def test_other_columns_are_said(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadInputError, match="sf_keyword"):
        read_log(tmp_path / "f.csv")
