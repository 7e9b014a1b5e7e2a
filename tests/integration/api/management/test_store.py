"""What holds in a store, told and changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House

PATH = "/v1/store"


async def test_what_holds_is_told_and_changed_under_its_etag(house: House) -> None:
    before = await house.call("GET", PATH)
    terms = before.json()
    told = (
        "attribution_days",
        "view_through_hours",
        "just_bought_days",
        "impression_grace_seconds",
    )
    assert [terms[name] for name in told] == [7, 0, 30, 600]
    headers = {"if-match": before.headers["etag"]}
    change = {"impression_grace_seconds": 0, "attribution_days": 14}
    after = await house.call("PATCH", PATH, json=change, headers=headers)
    assert (after.status_code, after.json()) == (200, terms | change)
    assert await house.read(PATH) == terms | change
    assert (await house.call("PATCH", PATH, json=change, headers=headers)).status_code == 412
    assert (await house.call("PATCH", PATH, json={})).json() == terms | change
    rows = await house.rows(
        "SELECT after ->> 'attribution_days' FROM audit_log WHERE resource = 'store'"
    )
    assert rows == [("14",)]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"attribution_days": 8}, "/attribution_days"),
        ({"view_through_hours": 721}, "/view_through_hours"),
        ({"just_bought_days": -1}, "/just_bought_days"),
        ({"impression_grace_seconds": None}, "/impression_grace_seconds"),
        ({"currency": "USD"}, "/currency"),
    ],
)
async def test_what_cannot_hold_is_refused(
    house: House, change: dict[str, object], pointer: str
) -> None:
    answer = await house.call("PATCH", PATH, json=change)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
