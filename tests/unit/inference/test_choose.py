from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from service.contract.manifest import MANIFEST_FILE, Manifest
from service.contract.uplift import Lift, Uplift, logits
from service.errors import BadInputError
from service.inference.choose import ChoiceFiles, ChoiceRules, choose_rows
from service.inference.score import score_rows

if TYPE_CHECKING:
    from pathlib import Path

NAMED = ["led", "brushed nickel", "stainless steel", "valve included"]
ITEMS = {
    "product_uid": [100, 101, 102, 103],
    "title": ["Wall light", "Kitchen sink", "Faucet (Valve Not Included)", "Bare shelf"],
    "sp_candidates": [NAMED[:3], NAMED[:3], NAMED, None],
}
FACETS = {
    "session_id": [1, 2, 3, 4],
    "ts": [1000, 1500, 2000, 9000],
    "user_id": [7, 7, 8, 7],
    "query": ["light", "sink", "sink", "tap"],
    "sf_keyword": ["led", "stainless steel", "kitchen sink", "brushed nickel"],
    "position": [1, 1, 1, 1],
    "click": [1, 1, 1, 1],
}
CLICKS = {
    "request_id": [1, 2],
    "ts": [1100, 9100],
    "user_id": [7, 7],
    "query": ["bulb", "pipe"],
    "product_uid": [100, 101],
    "slot": [1, 1],
    "sp_shown": [["led"], ["brushed nickel"]],
    "click": [1, 1],
    "conversion": [0, 0],
}
ROWS = {
    "ts": [1600, 1600, 1600, 1600, 1600],
    "user_id": [7, 9, 7, 7, None],
    "query": ["light", "light", "led light", "shelf", "sink"],
    "product_uid": [100, 100, 102, 103, 999],
}
ALWAYS = Lift((9.0, 1.0, 9.0, 1.0), ((0.0,) * 4,) * 4, 0.0)
NEVER = Lift((), (), 1.0)


class Files:
    """Writes parquet beside each other, runs the command's work, reads the answer."""

    def __init__(self, folder: Path, bundle: Path) -> None:
        self.folder, self.bundle = folder, bundle
        self.facets: Path | None = self.write("facets", FACETS)
        self.clicks: Path | None = self.write("clicks", CLICKS)
        self.items = self.write("items", ITEMS)

    def write(self, name: str, columns: Any) -> Path:
        path = self.folder / f"{name}.parquet"
        pl.DataFrame(columns, strict=False).write_parquet(path)
        return path

    def choose(
        self, columns: Any = ROWS, uplift: Uplift | None = None, **rules: Any
    ) -> pl.DataFrame:
        folder = self.bundle
        if uplift is not None:
            folder = self.with_uplift(uplift)
        rows, out = self.write("rows", columns), self.folder / "out.parquet"
        files = ChoiceFiles(rows, self.items, self.facets, self.clicks)
        choose_rows(folder, files, ChoiceRules(**rules), out)
        return pl.read_parquet(out)

    def with_uplift(self, uplift: Uplift) -> Path:
        manifest = Manifest.from_json((self.bundle / MANIFEST_FILE).read_bytes())
        changed = replace(manifest, uplift=uplift)
        folder = self.folder / "learnt"
        folder.mkdir(exist_ok=True)
        for path in self.bundle.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
        (folder / MANIFEST_FILE).write_bytes(changed.to_json())
        return folder

    def scores(self, user: int | None, query: str, phrases: list[str]) -> list[float]:
        asked = {"ts": 1600, "user_id": user, "query": query}
        columns = {name: [value] * len(phrases) for name, value in asked.items()}
        rows = self.write("asked", columns | {"sf_keyword": phrases})
        out = self.folder / "scores.parquet"
        score_rows(self.bundle, rows, self.items, self.facets, self.clicks, out)
        return pl.read_parquet(out)["p_click"].to_list()


@pytest.fixture
def files(tmp_path: Path, points: Path) -> Files:
    return Files(tmp_path, points)


def best(scores: list[float], phrases: list[str], count: int) -> list[str]:
    order = sorted(range(len(phrases)), key=scores.__getitem__, reverse=True)
    return [phrases[place] for place in order[:count]]


def test_each_row_gets_the_best_of_what_its_product_attests(files: Files) -> None:
    found = files.choose(uplift=Uplift(ALWAYS, ALWAYS, 9))
    assert found.columns == ["row", "chosen", "reason", "propensity"]
    assert found["row"].to_list() == [0, 1, 2, 3, 4]
    known, stranger, faucet, shelf, unknown = found["chosen"].to_list()
    assert known == best(files.scores(7, "light", NAMED[:3]), NAMED[:3], 2)
    assert stranger == best(files.scores(None, "light", NAMED[:3]), NAMED[:3], 2)
    # "led" stands in the query, the valve is not included
    assert sorted(faucet) == ["brushed nickel", "stainless steel"]
    assert (shelf, unknown) == ([], [])
    assert found["reason"].to_list() == ["personal", "prior", "personal", "plain", "plain"]
    assert found["propensity"].to_list() == [1.0] * 5


def test_as_many_are_chosen_as_asked_for(files: Files) -> None:
    uplift = Uplift(ALWAYS, ALWAYS, 9)
    for most in (0, 1, 2, 3):
        counts = files.choose(uplift=uplift, most=most)["chosen"].list.len().to_list()
        assert counts == [min(most, 2)] * 3 + [0, 0]  # two places were learnt about


def test_only_what_adds_for_certain_is_chosen(files: Files) -> None:
    scores = files.scores(7, "light", NAMED[:3])
    z = sorted(logits(scores).tolist(), reverse=True)
    between = (z[0] + z[1]) / 2  # the best is above it, the next below
    lift = Lift((-between, 1.0, -between, 1.0), ((0.0,) * 4,) * 4, 0.0)
    first = files.choose(uplift=Uplift(lift, NEVER, 9))
    assert first["chosen"][0].to_list() == best(scores, NAMED[:3], 1)
    assert first["chosen"][1].to_list() == []  # a stranger, and for those nothing was learnt
    assert first["reason"][1] == "plain"


def test_on_the_rung_of_strangers_nobodys_history_is_asked_about(files: Files) -> None:
    by_user, by_nobody = (logits(files.scores(who, "light", NAMED[:1]))[0] for who in (7, None))
    cut = float(by_user + by_nobody) / 2  # only one of the two scores is above it
    lift = Lift((-cut, 1.0), ((0.0,) * 2,) * 2, 0.0)
    items = {**ITEMS, "sp_candidates": [NAMED[:1]] * 4}
    files.items = files.write("one", items)
    found = files.choose(uplift=Uplift(NEVER, lift, 9, weariness=0.0))
    assert by_user != pytest.approx(by_nobody, abs=1e-4)
    assert (found["chosen"].list.len() > 0).to_list()[:2] == [by_nobody > by_user] * 2


def test_what_was_seen_before_the_row_gives_way(files: Files) -> None:
    even = Lift((0.01, 0.0, 0.01, 0.0), ((0.0,) * 4,) * 4, 0.0)
    found = files.choose(uplift=Uplift(even, NEVER, 9, weariness=1.0))
    assert "led" not in found["chosen"][0].to_list()  # it was in a title at 1,100
    assert "brushed nickel" in found["chosen"][0].to_list()  # that was at 9,100
    files.clicks = files.write("plain", pl.DataFrame(CLICKS).drop("sp_shown"))
    assert files.choose(uplift=Uplift(even, NEVER, 9, weariness=9.0))["chosen"][0].len() == 2


def test_later_rows_of_the_logs_change_nothing(files: Files) -> None:
    uplift = Uplift(ALWAYS, ALWAYS, 9)
    whole = files.choose(uplift=uplift)
    files.facets = files.write("f", pl.DataFrame(FACETS).filter(pl.col("ts") < 1600))
    files.clicks = files.write("c", pl.DataFrame(CLICKS).filter(pl.col("ts") < 1600))
    assert files.choose(uplift=uplift).equals(whole)


def test_without_logs_everybody_is_a_stranger(files: Files) -> None:
    files.facets = files.clicks = None
    assert set(files.choose(uplift=Uplift(ALWAYS, ALWAYS, 9))["reason"]) == {"prior", "plain"}
    assert set(files.choose(uplift=Uplift(ALWAYS, NEVER, 9))["reason"]) == {"plain"}


def test_a_bundle_without_an_uplift_chooses_by_the_mean(files: Files) -> None:
    found = files.choose(most=3)
    scores = files.scores(7, "light", NAMED[:3])
    above = sum(score >= sum(scores) / 3 for score in scores)
    assert found["chosen"][0].to_list() == best(scores, NAMED[:3], above)
    assert found["reason"].to_list() == ["personal", "prior", "personal", "plain", "plain"]


def test_lots_tell_their_chance(files: Files) -> None:
    many = pl.DataFrame(ROWS, strict=False)[[0] * 400]
    found = files.choose(many, Uplift(NEVER, NEVER, 9), explored_share=0.5, seed=3)
    plain = found.filter(pl.col("chosen").list.len() == 0)
    assert plain["propensity"].unique().to_list() == pytest.approx([0.5 + 0.5 / 4])
    assert 0.55 < len(plain) / 400 < 0.70
    assert set(found.filter(pl.col("chosen").list.len() > 0)["reason"]) == {"explored"}
    again = files.choose(many, Uplift(NEVER, NEVER, 9), explored_share=0.5, seed=3)
    assert again.equals(found)


def test_bad_input_is_told(files: Files, ranker: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="has no column query, product_uid"):
        files.choose({"ts": [1], "user_id": [1]})
    files.items = files.write("bare", {"product_uid": [1], "title": ["x"]})
    with pytest.raises(BadInputError, match=r"items: .* has no column sp_candidates"):
        files.choose()
    with pytest.raises(BadInputError, match="kind ranker"):
        Files(tmp_path, ranker).choose()
    asked = ChoiceFiles(files.write("rows", ROWS), files.write("items", ITEMS), None, None)
    with pytest.raises(BadInputError, match="out: cannot write"):
        choose_rows(files.bundle, asked, ChoiceRules(), tmp_path / "none" / "out.parquet")


def test_no_rows_give_no_choices(files: Files) -> None:
    empty = pl.DataFrame(ROWS, strict=False).clear()
    assert files.choose(empty, Uplift(ALWAYS, ALWAYS, 9)).height == 0
