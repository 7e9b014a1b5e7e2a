"""POST /v1/titles over HTTP, in process."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from service.api.schemas.titles import TitlesResponse
from service.decision.scorers import Scorers
from service.decision.terms import KeyKind
from service.store.profiles import WITHDRAWN, StoredProfile, encode_profile, profile_key
from tests.unit.api.shop import SHOE, api_key
from tests.unit.decision.shop import KnownPhrases

if TYPE_CHECKING:
    import httpx

    from service.api.state import State
    from tests.unit.api.shop import Profiles

ASK: dict[str, Any] = {"products": ["a1", "a2"], "placement": "search_top"}
KNOWN = {"id": "u-1", "session": "s-1", "consent": True}
SCORES = {"waterproof": 0.2, "wide fit": 0.7}


@pytest.fixture(autouse=True)
def model(state: State) -> KnownPhrases:
    """A model that likes "wide fit" best."""
    live = state.live[SHOE]
    phrases = KnownPhrases(live.snapshot, SCORES)
    state.live[SHOE] = replace(live, scorers=Scorers(None, phrases))
    return phrases


async def ask(
    client: httpx.AsyncClient, headers: dict[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    response = await client.post("/v1/titles", json=ASK | more, headers=headers)
    assert response.status_code == 200, response.text
    TitlesResponse.model_validate_json(response.content)  # the declared model holds
    answer: dict[str, Any] = response.json()
    return answer


async def test_products_get_titles_in_the_order_asked_for(client: httpx.AsyncClient) -> None:
    answer = await ask(client, products=["a2", "nowhere", "a1"])
    assert [one["product_id"] for one in answer["titles"]] == ["a2", "a1"]
    assert answer["unknown"] == ["nowhere"]
    assert answer["degraded"] == []
    title = answer["titles"][0]["title"]
    assert title["text"] == "wide fit – Trail Running Shoe 2"
    assert title["original"] == "Trail Running Shoe 2"
    assert title["parts"][0]["highlight"] is True
    assert "".join(part["text"] for part in title["parts"]) == title["text"]
    assert answer["titles"][0]["reason"] == "prior"
    assert "selling_points" not in answer["titles"][0]


async def test_a_title_tells_what_of_its_name_had_no_room(
    client: httpx.AsyncClient, state: State
) -> None:
    live = state.live[SHOE]
    places = {name: replace(one, title_limit=6) for name, one in live.snapshot.placements.items()}
    assert "left_out" not in (await ask(client))["titles"][0]["title"]
    state.live[SHOE] = replace(live, snapshot=replace(live.snapshot, placements=places))
    title = (await ask(client))["titles"][0]["title"]
    assert (title["text"], title["left_out"]) == ("Trail…", ["1"])


async def test_what_the_query_says_is_not_said_again(client: httpx.AsyncClient) -> None:
    answer = await ask(client, query="wide fit shoe")
    assert answer["titles"][0]["title"]["text"] == "waterproof – Trail Running Shoe 1"


async def test_the_shopper_counts_with_consent_only(
    client: httpx.AsyncClient, profiles: Profiles, model: KnownPhrases
) -> None:
    key = profile_key(SHOE, "u-1")
    profiles.values[key] = encode_profile(StoredProfile((("waterproof", 1_000.0),)))
    assert (await ask(client, user=KNOWN))["titles"][0]["reason"] == "personal"
    assert model.asked[-1][1].feature_words[0][0] == "waterproof"
    assert (await ask(client, user=KNOWN | {"consent": False}))["titles"][0]["reason"] == "prior"
    profiles.values[key] = WITHDRAWN
    assert (await ask(client, user=KNOWN))["titles"][0]["reason"] == "prior"
    profiles.down = True
    assert (await ask(client, user=KNOWN))["degraded"] == ["no_profile"]


async def test_scores_are_told_to_secret_keys_only(client: httpx.AsyncClient) -> None:
    answer = await ask(client, explain=True)
    [point] = answer["titles"][0]["selling_points"]
    assert (point["text"], point["score"]) == ("wide fit", pytest.approx(0.7))
    publishable = {"authorization": "Bearer pk_a"}
    assert len((await ask(client, publishable))["titles"]) == 2
    response = await client.post("/v1/titles", json=ASK | {"explain": True}, headers=publishable)
    assert response.status_code == 403


async def test_a_model_that_fails_or_is_late_leaves_plain_titles(
    client: httpx.AsyncClient, state: State
) -> None:
    state.docket.clock.typical_seconds = 5.0
    answer = await ask(client)
    assert answer["degraded"] == ["plain_titles"]
    assert answer["titles"][0]["title"]["text"] == "Trail Running Shoe 1"


async def test_a_merchant_previews_their_own_products_only(
    client: httpx.AsyncClient, state: State, profiles: Profiles
) -> None:
    live = state.live[SHOE]
    merchant = replace(api_key("sk_merchant", KeyKind.SECRET, ("manage",)), advertiser_id="adv_2")
    snapshot = replace(live.snapshot, keys=(*live.snapshot.keys, merchant))
    state.live[SHOE] = replace(live, snapshot=snapshot)
    headers = {"authorization": "Bearer sk_merchant"}
    answer = await ask(client, headers, products=["a1", "a2"], user=KNOWN)
    assert profiles.reads == []  # what a shopper likes is the shop's to know
    assert [one["product_id"] for one in answer["titles"]] == ["a2"]
    assert answer["unknown"] == ["a1"]
    ads = {"query": "running shoe", "placement": "search_top"}
    response = await client.post(
        "/v1/ads", json=ads, headers={"authorization": "Bearer sk_merchant"}
    )
    assert response.status_code == 403  # ads tell of rivals


@pytest.mark.parametrize(
    ("wrong", "status", "pointer"),
    [
        ({"products": []}, 422, "/products"),
        ({"products": ["x"] * 201}, 422, "/products"),
        ({"products": [7]}, 422, "/products/0"),
        ({"query": ""}, 422, "/query"),
        ({"placement": "nowhere"}, 422, "/placement"),
        ({"slots": 3}, 422, "/slots"),
    ],
)
async def test_what_cannot_be_asked_is_told(
    client: httpx.AsyncClient, wrong: dict[str, Any], status: int, pointer: str | None
) -> None:
    response = await client.post("/v1/titles", json=ASK | wrong)
    problem = response.json()
    found = problem["status"], [fault["pointer"] for fault in problem.get("errors", [])][:1]
    assert found == (status, [] if pointer is None else [pointer])


async def test_before_the_first_snapshot_nothing_is_known(
    client: httpx.AsyncClient, state: State
) -> None:
    state.live.clear()
    answer = await ask(client)
    assert (answer["titles"], answer["unknown"]) == ([], ["a1", "a2"])
    assert answer["degraded"] == ["no_snapshot"]
