"""POST /v1/ads for several areas of one page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from service.api.schemas.ads import PageResponse
from tests.unit.api.shop import SHOE

if TYPE_CHECKING:
    import httpx

    from service.api.state import State
    from tests.unit.api.shop import Log


def areas(state: State, *names: str) -> None:
    """Give the shop placements of one slot each."""
    live = state.live[SHOE]
    top = live.snapshot.placements["search_top"]
    placements = {name: replace(top, name=name, slots=1) for name in names}
    state.live[SHOE] = replace(live, snapshot=replace(live.snapshot, placements=placements))


async def ask_page(client: httpx.AsyncClient, *names: str, **more: Any) -> list[dict[str, Any]]:
    body = {"query": "running shoe", "placements": [{"placement": name} for name in names]}
    response = await client.post("/v1/ads", json=body | more)
    assert response.status_code == 200, response.text
    PageResponse.model_validate_json(response.content)  # the declared model holds
    answers: list[dict[str, Any]] = response.json()["placements"]
    return answers


async def test_no_product_stands_in_two_areas_of_a_page(
    client: httpx.AsyncClient, state: State, log: Log
) -> None:
    areas(state, "top", "side", "bottom", "footer")
    answers = await ask_page(client, "top", "side", "bottom", "footer")
    assert [answer["placement"] for answer in answers] == ["top", "side", "bottom", "footer"]
    shown = [[ad["product_id"] for ad in answer["ads"]] for answer in answers]
    assert shown == [["a1"], ["a2"], ["a3"], []]  # by bid: .30, .20, .10
    assert answers[3]["no_fill_reason"] == "excluded"
    impressions = {ad["impression_id"] for answer in answers for ad in answer["ads"]}
    assert len(impressions) == 3
    records = log.of(b"decision")
    assert [record["request"]["placement"] for record in records] == [
        "top",
        "side",
        "bottom",
        "footer",
    ]
    assert records[1]["request"]["excluded"] == ["a1"]


async def test_areas_have_slots_of_their_own_and_share_what_is_excluded(
    client: httpx.AsyncClient, state: State
) -> None:
    areas(state, "top", "side")
    answers = await ask_page(client, "top", "side", exclude=["a2"], explain=True)
    assert [[ad["product_id"] for ad in one["ads"]] for one in answers] == [["a1"], ["a3"]]
    assert answers[1]["explain"]["filtered"] == {"excluded": 2}


async def test_areas_before_the_first_snapshot_are_empty(
    client: httpx.AsyncClient, state: State
) -> None:
    state.live.clear()
    answers = await ask_page(client, "top", "side")
    assert [(one["placement"], one["ads"]) for one in answers] == [("top", []), ("side", [])]


@pytest.mark.parametrize(
    "wrong",
    [
        {"placement": "top", "placements": [{"placement": "side"}]},
        {"placements": [{"placement": "top"}, {"placement": "top"}]},
        {"placements": [{"placement": "top"}], "slots": 1},
        {"placements": []},
        {"placements": [{"placement": f"p{n}"} for n in range(9)]},
        {"placements": [{"slots": 1}]},
        {},
    ],
)
async def test_areas_that_cannot_be_filled_are_refused(
    client: httpx.AsyncClient, state: State, wrong: dict[str, Any]
) -> None:
    areas(state, "top", "side")
    response = await client.post("/v1/ads", json={"query": "running shoe"} | wrong)
    assert response.status_code == 422


async def test_an_area_that_is_not_there_is_named(client: httpx.AsyncClient, state: State) -> None:
    areas(state, "top")
    wanted = [{"placement": "top"}, {"placement": "nowhere"}]
    response = await client.post("/v1/ads", json={"query": "shoe", "placements": wanted})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/placements/1/placement"
