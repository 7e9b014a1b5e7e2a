"""Which model plans are made with, as bundles come, go bad and are taken away."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY

from service.worker.response_models import ResponseModels
from tests.integration.worker.spread import UNIT, open_spread
from tests.integration.worker.test_allocating import counted, look, steady
from tests.unit.inference.made_allocators import made_allocator

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A models folder with two versions of the allocator."""
    for version in ("1", "2"):
        made_allocator(tmp_path / "allocator" / version, version=version)
    return tmp_path


def refused() -> float:
    return REGISTRY.get_sample_value("salient_bundles_refused_total", {"name": "allocator"}) or 0.0


def test_a_bundle_is_opened_once_and_a_bad_one_refused_once(models: Path) -> None:
    found, before = ResponseModels(models), refused()
    first = found.newest()
    assert first is not None
    assert first.name.startswith("allocator@2:")
    assert found.newest() is first
    with (models / "allocator/2/response.onnx").open("ab") as graph:
        graph.write(b"more")
    older = found.newest()
    assert older is not None
    assert older.name.startswith("allocator@1:")
    assert refused() == before + 1
    assert found.newest() is older
    assert refused() == before + 1


def test_without_a_bundle_there_is_none(tmp_path: Path) -> None:
    assert ResponseModels(tmp_path).newest() is None


async def test_plans_are_made_with_the_newest_and_say_so(
    engine: AsyncEngine, models: Path
) -> None:
    spread = await open_spread(engine, daily=240 * UNIT)
    await spread.tell("mail", 30, steady)
    await spread.tell("social", 30, lambda _: 5)
    await look(engine, models)
    [(_, _, _, model)] = await spread.plans()
    assert model.startswith("allocator@2:")
    assert counted("salient_allocator_missing") == 0
    assert sum(line[0] for line in (await spread.newest()).values()) == 240 * UNIT
    shutil.rmtree(models / "allocator")
    await spread.change("updated_at = clock_timestamp()")
    await look(engine, models)
    assert (await spread.plans())[1][3] == "simple"
    assert counted("salient_allocator_missing") == 1
