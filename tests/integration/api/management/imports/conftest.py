from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.worker.import_jobs import BOOKINGS, PRODUCTS, Importer
from service.worker.jobs import JobRunner

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.api.management.conftest import House


@pytest.fixture
def runner(house: House, tmp_path: Path) -> JobRunner:
    importer = Importer(house.engine, tmp_path)
    works = {PRODUCTS: importer.import_products, BOOKINGS: importer.import_bookings}
    return JobRunner(house.engine, works, lease_seconds=1.0)
