from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest

from service.decision.decide import decide
from service.decision.experiments import Arm, Experiment
from service.decision.policy import PointSource, SellingPointPolicy
from service.decision.scorers import Scorers
from service.decision.snapshot import BundleRef, Snapshot
from service.decision.terms import (
    PPM,
    ApiKey,
    AuctionRule,
    KeyKind,
    PhraseStyle,
    Placement,
)
from service.errors import BadSnapshotError
from service.store.snapshots import (
    READ_BYTES,
    changed_arrays,
    current_snapshot,
    map_snapshot,
    point_to,
    write_snapshot,
)
from tests.unit.decision.shop import TOP, ask, campaign, keyword, product, snapshot

KEY = ApiKey("key_1", "ab" * 32, KeyKind.SECRET, ("serve",), ("https://shop.example",), "adv_a")

PLAIN = Arm("plain", ((0, 5000), (9000, 10_000)), SellingPointPolicy(PointSource.NONE, 0))
RUNNING = Experiment("exp_1", "Any at all?", "salt", (PLAIN, Arm("usual", ((5000, 9000),))))


def made(title: str = "Wool Coat") -> Snapshot:
    front = replace(TOP, name="front", phrase_style=PhraseStyle.FRONT, rule=AuctionRule.VCG)
    front = replace(front, squash_ppm=500_000, relevance_floor_ppm=9, exposure_ppm=(PPM, 7))
    coat = product("1", title, "warm lining", category="Clothing", attributes={"fit": "slim"})
    shop = snapshot(
        [coat, product("2", "Wollmütze 🧢 羊毛")],
        [campaign("one", "wool", keyword("cheap", negative=True), ends_at=9e9)],
        placements=[TOP, front],
    )
    rows = np.zeros(2, np.dtype([("vector", np.float32, 4), ("words", np.int32, 3)]))
    rows["vector"] = 0.5
    return replace(
        shop,
        keys=(KEY,),
        models={"ranker.item": rows, "selling-points.phrase": np.ones((2, 8), np.float32)},
        bundles=(BundleRef("ranker", "3", "cd" * 32),),
        experiments=(RUNNING,),
    )


def test_a_mapped_snapshot_decides_as_the_one_written(tmp_path: Path) -> None:
    written = made()
    mapped = map_snapshot(write_snapshot(written, tmp_path))
    for query in (ask("wool"), ask("cheap wool"), ask("", category="Clothing")):
        answers = [
            decide(query, one, Scorers(), now=1.0, seed=1, spent_out=frozenset())
            for one in (written, mapped)
        ]
        assert answers[0] == answers[1]
    assert mapped.every_product() == written.every_product()
    assert mapped.facts(1) == written.facts(1)


def test_a_mapped_snapshot_sells_as_its_placements_say(tmp_path: Path) -> None:
    written = made()
    mapped = map_snapshot(write_snapshot(written, tmp_path))
    prices = []
    for one in (written, mapped):
        query = ask("wool", placement=one.placements["front"])
        decision = decide(query, one, Scorers(), now=1.0, seed=1, spent_out=frozenset())
        prices.append([(sold.award.price, sold.award.ad.rate_ppm) for sold in decision.awards])
    assert prices[0] == prices[1]
    # one ad says "wool"; without a ranker 5 % click it: to the power of one half, 22.3607 %
    assert [rate for _, rate in prices[0]] == [223_607]


def test_all_that_is_no_array_comes_back_too(tmp_path: Path) -> None:
    written = made()
    mapped = map_snapshot(write_snapshot(written, tmp_path))
    for name in (
        "version",
        "catalogue_version",
        "store",
        "placements",
        "keys",
        "platforms",
        "left_out",
        "bundles",
        "experiments",
    ):
        assert getattr(mapped, name) == getattr(written, name), name
    assert mapped.placements["front"].phrase_style is PhraseStyle.FRONT
    assert mapped.placements["front"].rule is AuctionRule.VCG
    assert set(mapped.models) == set(written.models)
    for name, rows in written.models.items():
        assert mapped.models[name].dtype == rows.dtype
        assert mapped.models[name].tobytes() == rows.tobytes()


def test_arrays_are_mapped_and_cannot_be_written(tmp_path: Path) -> None:
    mapped = map_snapshot(write_snapshot(made(), tmp_path))
    assert type(mapped.ads.bid) is np.ndarray
    with pytest.raises(ValueError, match="read-only"):
        mapped.ads.bid[0] = 1


def descriptors() -> int:
    """How many files this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_only_long_arrays_hold_descriptors(tmp_path: Path) -> None:
    written = made()
    long = np.ones((READ_BYTES // 8, 4), np.float32)  # twice as long as what is read
    shop = replace(written, models={**written.models, "ranker.item": long})
    opened = []
    for name, one in (("short", written), ("long", shop)):
        folder = write_snapshot(one, tmp_path / name)
        before = descriptors()
        snapshot = map_snapshot(folder)
        opened.append(descriptors() - before)
        assert snapshot.models["ranker.item"].tobytes() == one.models["ranker.item"].tobytes()
    assert opened == [0, 1]


def test_an_empty_shop_can_be_mapped(tmp_path: Path) -> None:
    mapped = map_snapshot(write_snapshot(snapshot([], []), tmp_path))
    assert mapped.every_product() == []


def test_equal_arrays_are_linked_not_copied(tmp_path: Path) -> None:
    first = write_snapshot(made(), tmp_path)
    second = write_snapshot(replace(made("Wool Hat"), version="8"), tmp_path, previous=first)
    same = {
        path.name: path.samefile(first / path.name)
        for path in second.iterdir()
        if path.suffix == ".npy"
    }
    assert same["models.ranker.item.npy"]
    assert same["ads.bid.npy"]
    assert not same["products.titles.blob.npy"]
    assert map_snapshot(second).products.titles.all() == ["Wool Hat", "Wollmütze 🧢 羊毛"]


def test_an_earlier_snapshot_that_is_gone_or_torn_is_no_hindrance(tmp_path: Path) -> None:
    first = write_snapshot(made(), tmp_path)
    (first / "ads.bid.npy").unlink()
    second = write_snapshot(replace(made(), version="8"), tmp_path, previous=first)
    (second / "meta.json").write_bytes(b"{")
    third = write_snapshot(replace(made(), version="9"), tmp_path, previous=second)
    gone = tmp_path / "gone"
    fourth = write_snapshot(replace(made(), version="10"), tmp_path, previous=gone)
    for folder in (third, fourth):
        assert map_snapshot(folder).ads.bid.tolist() == [100_000, 100_000]


def test_a_version_is_written_once(tmp_path: Path) -> None:
    first = write_snapshot(made(), tmp_path)
    before = (first / "meta.json").stat().st_mtime_ns
    assert write_snapshot(made("Other"), tmp_path) == first
    assert (first / "meta.json").stat().st_mtime_ns == before


def test_what_a_killed_writer_left_is_cleared(tmp_path: Path) -> None:
    left = tmp_path / f".7.{os.getpid()}"
    left.mkdir()
    (left / "rubbish.npy").write_bytes(b"half")
    assert not (write_snapshot(made(), tmp_path) / "rubbish.npy").exists()
    assert not left.exists()


def test_every_torn_file_is_refused(tmp_path: Path) -> None:
    folder = write_snapshot(made(), tmp_path)
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for torn in (whole[: len(whole) // 2], whole[:-1], b""):
            path.write_bytes(torn)
            with pytest.raises(BadSnapshotError, match=str(folder)):
                map_snapshot(folder)
        path.unlink()
        with pytest.raises(BadSnapshotError, match=str(folder)):
            map_snapshot(folder)
        path.write_bytes(whole)
    assert map_snapshot(folder).version == "7"


def test_a_snapshot_of_before_experiments_has_none(tmp_path: Path) -> None:
    folder = write_snapshot(made(), tmp_path)
    meta = orjson.loads((folder / "meta.json").read_bytes())
    assert [arm["name"] for arm in meta.pop("experiments")[0]["arms"]] == ["plain", "usual"]
    (folder / "meta.json").write_bytes(orjson.dumps(meta))
    assert map_snapshot(folder).experiments == ()


def test_another_format_is_refused(tmp_path: Path) -> None:
    folder = write_snapshot(made(), tmp_path)
    meta = orjson.loads((folder / "meta.json").read_bytes())
    (folder / "meta.json").write_bytes(orjson.dumps({**meta, "format": 99}))
    with pytest.raises(BadSnapshotError, match="format 99"):
        map_snapshot(folder)


def test_the_pointer_names_the_snapshot_in_use(tmp_path: Path) -> None:
    assert current_snapshot(tmp_path) is None
    first = write_snapshot(made(), tmp_path)
    point_to(first)
    assert current_snapshot(tmp_path) == first
    second = write_snapshot(replace(made(), version="8"), tmp_path)
    assert current_snapshot(tmp_path) == first
    point_to(second)
    assert current_snapshot(tmp_path) == second


@pytest.mark.parametrize("pointer", ["", "9", "../elsewhere", "a/b", "/"])
def test_a_pointer_to_nowhere_is_no_snapshot(tmp_path: Path, pointer: str) -> None:
    (tmp_path / "CURRENT").write_text(pointer)
    assert current_snapshot(tmp_path) is None


def test_a_placement_is_whole_after_the_way_back(tmp_path: Path) -> None:
    mapped = map_snapshot(write_snapshot(made(), tmp_path))
    assert isinstance(mapped.placements["search_top"], Placement)


def test_versions_that_know_of_one_auction_only_read_and_write_placements_too(
    tmp_path: Path,
) -> None:
    folder = write_snapshot(made(), tmp_path)
    meta = orjson.loads((folder / "meta.json").read_bytes())
    for told in meta["placements"]:
        assert not {"rule", "squash_ppm", "relevance_floor_ppm", "exposure_ppm"} & set(told)
    del meta["auctions"]
    (folder / "meta.json").write_bytes(orjson.dumps(meta))
    front = map_snapshot(folder).placements["front"]
    assert (front.rule, front.squash_ppm) == (AuctionRule.GSP, PPM)
    assert (front.relevance_floor_ppm, front.exposure_ppm) == (0, ())


def test_a_snapshot_of_before_pricing_is_paid_by_click(tmp_path: Path) -> None:
    written = made()
    pricing = np.full_like(written.campaigns.pricing, 2)
    campaigns = replace(written.campaigns, pricing=pricing)
    folder = write_snapshot(replace(written, campaigns=campaigns), tmp_path)
    assert map_snapshot(folder).campaigns.mixed
    meta = orjson.loads((folder / "meta.json").read_bytes())
    del meta["files"]["campaigns.pricing"]
    (folder / "meta.json").write_bytes(orjson.dumps(meta))
    mapped = map_snapshot(folder).campaigns
    assert mapped.pricing.tolist() == [0] * len(pricing)
    assert not mapped.mixed


def test_what_changed_between_two_snapshots_is_told_by_name(tmp_path: Path) -> None:
    written = made()
    first = write_snapshot(written, tmp_path)
    prices = replace(written.products, price=written.products.price + 1)
    second = write_snapshot(replace(written, version="8", products=prices), tmp_path)
    assert changed_arrays(first, first) == set()
    assert changed_arrays(first, second) == {"products.price"}
    assert changed_arrays(tmp_path / "gone", second) is None
