"""A running service, for tests that type what documents say."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.running_shop import Shop, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The demo shop, in whose folder commands are typed; curl is there."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    shop = Shop(tmp_path_factory.mktemp("typed") / ".salient", free_port())
    shop.start()
    yield shop
    shop.stop()
    shop.output()
