from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from service.contract.golden import GoldenRow
from service.contract.history import EMPTY_HISTORY, History
from service.errors import BadBundleError, BadInputError
from service.inference.bundle import open_bundle
from service.inference.score import distinct_rows, score_rows
from service.inference.trial import answers
from tests.unit.inference.made_bundles import TITLES

if TYPE_CHECKING:
    from pathlib import Path

ITEMS = {
    "product_uid": list(range(100, 100 + len(TITLES))),
    "title": list(TITLES),
    "sp_candidates": [["led"]] * len(TITLES),
    "price_z": [0.5 * n for n in range(len(TITLES))],
}
FACETS = {
    "session_id": [1, 1, 2, 3, 4],
    "ts": [1000, 1000, 1500, 2000, 9000],
    "user_id": [7, 7, 7, 8, 7],
    "query": ["light", "light", "sink", "sink", "tap"],
    "sf_keyword": ["led", "chrome", "stainless steel", "kitchen sink", "brushed nickel"],
    "position": [1, 2, 1, 1, 1],
    "click": [1, 0, 1, 1, 1],
}
CLICKS = {
    "request_id": [1, 2, 3, 4],
    "ts": [1100, 1600, 2000, 9100],
    "user_id": [7, 7, 8, 7],
    "query": ["bulb", "steel", "sink", "pipe"],
    "product_uid": [104, 101, 102, 103],
    "slot": [1, 2, 1, 1],
    "click": [1, 1, 1, 1],
    "conversion": [0, 0, 0, 0],
}
SEEN_BY_7_AT_1600 = History(
    (("stainless steel", 100.0), ("led", 600.0)),
    ((TITLES[4], 500.0),),
    (("sink", 100.0), ("bulb", 500.0), ("light", 600.0)),
)
ASKED: dict[str, list[Any]] = {
    "ts": [1600, 1600, 1600, 1600],
    "user_id": [7, 9, None, 7],
    "query": ["kitchen light", "kitchen light", "kitchen light", ""],
    "product_uid": [105, 105, 102, 999],
}


class Files:
    """Writes parquet beside each other, runs the command's work, reads the answer."""

    def __init__(self, folder: Path, bundle: Path) -> None:
        self.folder, self.bundle = folder, bundle
        self.told: list[tuple[int, int]] = []
        self.facets: Path | None = self.write("facets", FACETS)
        self.clicks: Path | None = self.write("clicks", CLICKS)
        self.items = self.write("items", ITEMS)

    def write(self, name: str, columns: Any) -> Path:
        path = self.folder / f"{name}.parquet"
        pl.DataFrame(columns, strict=False).write_parquet(path)
        return path

    def score(self, columns: Any) -> pl.DataFrame:
        out = self.folder / "out.parquet"
        rows = self.write("rows", columns)
        score_rows(
            self.bundle,
            rows,
            self.items,
            self.facets,
            self.clicks,
            out,
            lambda done, total: self.told.append((done, total)),
        )
        return pl.read_parquet(out)


@pytest.fixture
def ranking(tmp_path: Path, ranker: Path) -> Files:
    return Files(tmp_path, ranker)


@pytest.fixture
def pointing(tmp_path: Path, points: Path) -> Files:
    return Files(tmp_path, points)


def test_each_row_sees_its_own_shopper_strictly_before(ranking: Files, ranker: Path) -> None:
    scores = ranking.score(ASKED)
    assert scores.columns == ["p_click", "p_conversion"]
    bundle = open_bundle(ranker)
    light = GoldenRow("kitchen light", EMPTY_HISTORY, {}, TITLES[5], 2.5)
    expected = [
        replace(light, history=SEEN_BY_7_AT_1600),
        light,
        replace(light, title=TITLES[2], price_z=1.0),
        replace(light, query="", history=SEEN_BY_7_AT_1600, title="", price_z=0.0),
    ]
    for row, (found_click, found_conversion) in zip(expected, scores.rows(), strict=True):
        alone = answers(bundle, row)
        assert found_click == pytest.approx(alone["p_click"], abs=1e-6)
        assert found_conversion == pytest.approx(alone["p_conversion"], abs=1e-6)


def test_later_rows_of_the_logs_change_nothing(ranking: Files) -> None:
    whole = ranking.score(ASKED)
    ranking.facets = ranking.write("f", pl.DataFrame(FACETS).filter(pl.col("ts") < 1600))
    ranking.clicks = ranking.write("c", pl.DataFrame(CLICKS).filter(pl.col("ts") < 1600))
    assert ranking.score(ASKED).equals(whole)


def test_labels_are_not_looked_at(ranking: Files) -> None:
    plain = ranking.score(ASKED)
    labelled = ASKED | {"click": [1, 0, 1, 0], "conversion": [1, 0, 0, 1]}
    assert ranking.score(labelled).equals(plain)


def test_place_and_shown_phrases_count(ranking: Files, ranker: Path) -> None:
    shown = [["led", "brushed nickel"], [], None, ["never seen"]]
    placed = ASKED | {"slot": [3, 1, None, 2], "sp_shown": shown}
    scores = ranking.score(placed)
    row = GoldenRow("kitchen light", SEEN_BY_7_AT_1600, {}, TITLES[5], 2.5)
    row = replace(row, shown=("led", "brushed nickel"), place=3)
    alone = answers(open_bundle(ranker), row)
    assert scores["p_click"][0] == pytest.approx(alone["placed_p_click"], abs=1e-6)
    assert scores["p_conversion"][0] == pytest.approx(alone["placed_p_conversion"], abs=1e-6)
    plain = ranking.score(ASKED)
    np.testing.assert_allclose(scores["p_click"][1:3], plain["p_click"][1:3], atol=1e-6)


def test_either_of_place_and_shown_may_be_missing(ranking: Files) -> None:
    first = ranking.score(ASKED | {"slot": [1] * 4})
    plain_title = ranking.score(ASKED | {"sp_shown": [[]] * 4})
    np.testing.assert_allclose(first["p_click"], plain_title["p_click"], atol=1e-6)
    second = ranking.score(ASKED | {"slot": [2] * 4})
    assert (second["p_click"] < first["p_click"]).all()


def test_selling_points_score_phrases(pointing: Files, points: Path) -> None:
    asked = {key: value for key, value in ASKED.items() if key != "product_uid"}
    asked["sf_keyword"] = ["led", "chrome", None, "led"]
    scores = pointing.score(asked)
    assert scores.columns == ["p_click"]
    row = GoldenRow("kitchen light", SEEN_BY_7_AT_1600, {}, phrase="led")
    alone = answers(open_bundle(points), row)
    assert scores["p_click"][0] == pytest.approx(alone["p_click"], abs=1e-6)
    placed = pointing.score(asked | {"position": [4, 1, 1, 1]})
    alone = answers(open_bundle(points), replace(row, place=4))
    assert placed["p_click"][0] == pytest.approx(alone["placed_p_click"], abs=1e-6)


def test_logs_may_be_left_out(ranking: Files) -> None:
    ranking.facets = ranking.clicks = None
    scores = ranking.score(ASKED)
    assert scores["p_click"][0] == scores["p_click"][1]


def test_order_is_kept_whatever_the_order_of_the_rows(ranking: Files) -> None:
    draw = np.random.default_rng(1)
    count = 20_000
    columns = {
        "ts": draw.integers(900, 10_000, count),
        "user_id": draw.integers(5, 10, count),
        "query": draw.choice(["sink", "light", "led bulb"], count),
        "product_uid": draw.integers(100, 107, count),
    }
    table = pl.DataFrame(columns)
    scores = ranking.score(table)
    turned = ranking.score(table.reverse())
    np.testing.assert_allclose(turned.reverse()["p_click"], scores["p_click"], atol=1e-6)
    done, total = ranking.told[-1]
    assert done == total
    assert ranking.told == sorted(ranking.told, key=lambda told: told[1])


def test_ids_may_be_text_or_numbers(ranking: Files) -> None:
    plain = ranking.score(ASKED)
    as_text = pl.DataFrame(ASKED, strict=False).cast({"user_id": pl.String})
    as_text = as_text.cast({"product_uid": pl.String})
    assert ranking.score(as_text).equals(plain)
    as_floats = pl.DataFrame(ASKED, strict=False).cast({"user_id": pl.Float64})
    assert ranking.score(as_floats).equals(plain)


def test_times_may_be_dates(ranking: Files) -> None:
    plain = ranking.score(ASKED)
    dated = pl.DataFrame(ASKED, strict=False).with_columns(pl.from_epoch("ts"))
    assert ranking.score(dated).equals(plain)


def test_no_rows_give_no_scores(ranking: Files, pointing: Files) -> None:
    empty = pl.DataFrame(ASKED, strict=False).clear()
    assert ranking.score(empty).shape == (0, 2)
    phrases = empty.rename({"product_uid": "sf_keyword"}).cast({"sf_keyword": pl.String})
    assert pointing.score(phrases).shape == (0, 1)


def test_items_need_no_price(ranking: Files) -> None:
    items = pl.DataFrame(ITEMS).drop("price_z", "sp_candidates")
    ranking.items = ranking.write("items", items)
    assert ranking.score(ASKED).height == 4


def test_a_missing_column_is_named(ranking: Files, pointing: Files) -> None:
    with pytest.raises(BadInputError, match=r"rows: .*rows.parquet has no column sf_keyword"):
        pointing.score(ASKED)
    del ranking.items
    ranking.items = ranking.write("bare", {"product_uid": [1]})
    with pytest.raises(BadInputError, match=r"items: .* has no column title"):
        ranking.score(ASKED)


def test_an_unreadable_file_is_named(ranking: Files, tmp_path: Path) -> None:
    ranking.facets = tmp_path / "nothing.parquet"
    with pytest.raises(BadInputError, match=r"facets: cannot read .*nothing.parquet"):
        ranking.score(ASKED)
    (tmp_path / "text.parquet").write_text("not parquet")
    ranking.facets = tmp_path / "text.parquet"
    with pytest.raises(BadInputError, match="facets: cannot read"):
        ranking.score(ASKED)


def test_a_file_that_polars_stumbles_over_is_named(
    ranking: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def panic(_: Path) -> None:
        raise pl.exceptions.PanicException("index out of bounds")

    monkeypatch.setattr(pl, "read_parquet", panic)
    with pytest.raises(BadInputError, match=r"rows: cannot read .*: index out of bounds"):
        ranking.score(ASKED)


def test_rows_without_time_are_an_error(ranking: Files) -> None:
    with pytest.raises(BadInputError, match="rows: 1 of 4 rows have no time in 'ts'"):
        ranking.score(ASKED | {"ts": [1600, None, 1600, 1600]})
    with pytest.raises(BadInputError, match="column 'ts' is String"):
        ranking.score(ASKED | {"ts": ["soon"] * 4})


def test_a_place_that_is_no_number_is_an_error(ranking: Files) -> None:
    with pytest.raises(BadInputError, match="column 'slot'"):
        ranking.score(ASKED | {"slot": ["top"] * 4})


def test_a_folder_that_is_not_there_cannot_be_written(ranking: Files, tmp_path: Path) -> None:
    rows = ranking.write("rows", ASKED)
    with pytest.raises(BadInputError, match="out: cannot write"):
        score_rows(ranking.bundle, rows, ranking.items, None, None, tmp_path / "a" / "b")


def test_a_bad_bundle_is_said(ranking: Files, tmp_path: Path) -> None:
    ranking.bundle = tmp_path / "no-bundle"
    with pytest.raises(BadBundleError):
        ranking.score(ASKED)


def test_distinct_rows_number_the_combinations() -> None:
    first, number = distinct_rows(np.array([1, 1, 2, 1]), np.array([0.5, 0.5, 0.5, 0.7]))
    assert sorted(first.tolist()) in ([0, 2, 3], [1, 2, 3])
    assert number[0] == number[1]
    assert len(set(number.tolist())) == 3
