"""Who may read what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House


async def test_it_takes_a_secret_key_that_may_report_on_the_whole_store(house: House) -> None:
    shop = house.shop
    status = {
        name: (await house.call("GET", "/v1/activity", key=getattr(shop, name))).status_code
        for name in ("admin", "reporter", "manager", "merchant_admin", "publishable")
    }
    assert status == {
        "admin": 200, "reporter": 200, "manager": 403, "merchant_admin": 403, "publishable": 403,
    }  # fmt: skip
    assert (await house.client.get("/v1/activity")).status_code == 401
