"""Row 14: a model that is broken, cut short, unsealed, wrong or not a number is never served."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from prometheus_client import REGISTRY

from service.contract.manifest import BundleKind
from service.contract.matching import TITLE_MATCH
from service.inference import bundle
from tests.integration.worker.conftest import files, models, refresher  # noqa: F401 - fixtures
from tests.integration.worker.shop import eventually, open_shop
from tests.integration.worker.test_models import live, second_version  # noqa: F401 - a fixture
from tests.integration.worker.test_refresh import ask
from tests.unit.inference.made_bundles import (
    Weights,
    edit_manifest,
    graphs_of,
    made_vocabulary,
    write_bundle,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.live import Live
    from service.worker.refresh import Refresher

COUNTS = [60, pytest.param(1000, marks=pytest.mark.slow)]


def flip_a_byte(folder: Path, lot: random.Random) -> None:
    path = any_file(folder, lot)
    data = bytearray(path.read_bytes())
    data[lot.randrange(len(data))] ^= lot.randrange(1, 256)
    path.write_bytes(data)


def cut_short(folder: Path, lot: random.Random) -> None:
    path = any_file(folder, lot)
    path.write_bytes(path.read_bytes()[: lot.randrange(path.stat().st_size)])


def lose_a_file(folder: Path, lot: random.Random) -> None:
    """Any but the manifest: a folder without one is no bundle, which is how one is withdrawn."""
    names = sorted(path.name for path in folder.iterdir() if path.name != "manifest.json")
    (folder / lot.choice(names)).unlink()


def break_the_seal(folder: Path, lot: random.Random) -> None:
    """Another hash, version or name, or no seal at all, by someone who cannot seal."""
    path = folder / "manifest.json"
    told: dict[str, Any] = json.loads(path.read_text())
    name = lot.choice(sorted(told))
    if lot.random() < 0.5:
        del told[name]
    else:
        told[name] = lot.choice([None, "", "2", [], {}, 1e308, "0" * 64])
    path.write_text(json.dumps(told))


def learn_nothing(folder: Path, lot: random.Random) -> None:
    """Weights that are not numbers, well sealed: a training that failed."""
    weights = good_weights()
    table = weights.table.copy()
    table[1:, lot.randrange(table.shape[1])] = lot.choice([np.nan, np.inf])
    seal_with(folder, replace(weights, table=table))


def learn_otherwise(folder: Path, lot: random.Random) -> None:
    """Good weights of another model under the golden rows of this one, well sealed."""
    weights = good_weights()
    shift = np.float32(lot.choice([-1, 1]) * lot.uniform(0.01, 1))
    seal_with(folder, replace(weights, match=weights.match + shift))


MUTATIONS = (
    flip_a_byte,
    cut_short,
    lose_a_file,
    break_the_seal,
    learn_nothing,
    learn_otherwise,
)


def any_file(folder: Path, lot: random.Random) -> Path:
    return lot.choice(sorted(path for path in folder.iterdir() if path.stat().st_size))


def good_weights() -> Weights:
    """Those of the bundle that every mutation starts from."""
    vocabulary = made_vocabulary()
    return Weights.drawn(vocabulary.size, len(TITLE_MATCH))


def seal_with(folder: Path, weights: Weights) -> None:
    """The bundle of these weights, whose manifest fits its files."""
    contents = {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "manifest.json"}
    graphs = graphs_of(BundleKind.RANKER, weights)
    contents |= {f"{role}.onnx": data for role, data in graphs.items()}
    write_bundle(folder, BundleKind.RANKER, contents)
    edit_manifest(folder, version=folder.name)


def refused() -> int:
    """What the alarm counts."""
    return int(REGISTRY.get_sample_value("salient_bundles_refused_total", {"name": "ranker"}) or 0)


def put(good: Path, folder: Path) -> None:
    """A whole copy of the good bundle, as the version that the folder's name says."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(good, folder)
    edit_manifest(folder, version=folder.name)


async def let_in(
    refresher: Refresher,  # noqa: F811
    served: Callable[[], Live],
    models: Path,  # noqa: F811
    count: int,
) -> int:
    """How many of so many mutations were not refused; every shopper meanwhile has their ads."""
    lot = random.Random(14)  # noqa: S311 - a plan, no secret
    good = models / "good"
    shutil.copytree(models / "ranker" / "1", good)
    alarms, accepted = refused(), 0
    for number in range(count):
        # a new version, or the one in use under its reader's feet
        folder = models / "ranker" / ("1" if number % 4 == 0 else "2")
        put(good, folder)
        MUTATIONS[number % len(MUTATIONS)](folder, lot)
        accepted += bool(await refresher.look())
        assert served().models[0].startswith("ranker@1:")
        decision = ask(served())
        assert (decision.degraded, len(decision.awards)) == ((), 4)
        shutil.rmtree(folder)
        if folder.name == "1":
            put(good, folder)
    assert refused() - alarms == count - accepted
    return accepted


@pytest.mark.parametrize("count", COUNTS)
async def test_no_broken_model_is_served(
    engine: AsyncEngine,
    refresher: Refresher,  # noqa: F811
    models: Path,  # noqa: F811
    live: dict[str, Live],  # noqa: F811
    count: int,
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()
    await eventually(lambda: is_in(store.store_id, live))
    assert await let_in(refresher, lambda: live[store.store_id], models, count) == 0
    second_version(models, BundleKind.RANKER, like="../good")  # the refresher is well
    assert await refresher.look() == 1


async def is_in(store_id: str, live: dict[str, Live]) -> bool:  # noqa: F811
    return store_id in live


async def test_mutant_that_skips_the_golden_rows_is_caught(
    engine: AsyncEngine,
    refresher: Refresher,  # noqa: F811
    models: Path,  # noqa: F811
    live: dict[str, Live],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bundle, "try_golden_rows", lambda _: None)
    store, _ = await open_shop(engine)
    await refresher.look()
    await eventually(lambda: is_in(store.store_id, live))
    with pytest.raises(AssertionError):
        assert await let_in(refresher, lambda: live[store.store_id], models, 12) == 0
