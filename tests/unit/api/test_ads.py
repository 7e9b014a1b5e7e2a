"""POST /v1/ads over HTTP, in process."""

from __future__ import annotations

import json
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest

from service.api.consent import NOBODY
from service.api.deliberation import Asked, deliberate
from service.api.schemas.ads import AdResponse
from service.contract.history import EMPTY_HISTORY
from service.decision.scorers import Scorers
from service.decision.terms import AdQuery, Shopper
from service.store.profiles import StoredProfile, encode_profile, profile_key
from tests.unit.api.shop import SHOE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from service.api.state import State
    from service.decision.scorers import Question, RankScores
    from tests.unit.api.shop import Log, Profiles

ASK: dict[str, Any] = {"query": "running shoe", "placement": "search_top"}
KNOWN = {"id": "u-1", "session": "s-1", "consent": True}


async def ask(
    client: httpx.AsyncClient, headers: dict[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    response = await client.post("/v1/ads", json=ASK | more, headers=headers)
    assert response.status_code == 200, response.text
    AdResponse.model_validate_json(response.content)  # the declared model holds
    answer: dict[str, Any] = response.json()
    return answer


async def test_the_best_two_of_three_are_shown_and_pay_the_next_ones_bid(
    client: httpx.AsyncClient,
) -> None:
    # equal quality, bids 0.30, 0.20, 0.10: two slots cost 0.20 and 0.10
    answer = await ask(client, explain=True)
    assert [(ad["ad_id"], ad["slot"]) for ad in answer["ads"]] == [("ad_a1", 0), ("ad_a2", 1)]
    assert [ad["explain"]["price_micros"] for ad in answer["ads"]] == [200_000, 100_000]
    assert answer["explain"]["candidates"] == 3
    assert [line["bid_micros"] for line in answer["explain"]["auction"]] == [
        300_000,
        200_000,
        100_000,
    ]
    stages = answer["explain"]["stages_us"]
    names = ["gather", "wait", "candidates", "rank", "auction", "selling_points", "titles"]
    assert list(stages) == names
    assert 0 < stages["rank"] <= sum(stages.values()) <= answer["took_ms"] * 1000 + len(names)


async def test_an_ad_has_exactly_the_fields_of_the_contract(client: httpx.AsyncClient) -> None:
    answer = await ask(client)
    assert list(answer) == [
        "request_id",
        "ads",
        "experiments",
        "no_fill_reason",
        "degraded",
        "expires_at",
        "took_ms",
    ]
    assert set(answer["ads"][0]) == {
        "ad_id",
        "product_id",
        "campaign_id",
        "slot",
        "title",
        "impression_id",
        "click_url",
        "impression_url",
        "view_url",
        "label",
    }
    ad = answer["ads"][0]
    assert ad["label"] == "Sponsored"
    assert "".join(part["text"] for part in ad["title"]["parts"]) == ad["title"]["text"]
    assert ad["impression_id"] == f"imp_{answer['request_id'][4:]}00"
    assert ad["click_url"].startswith("https://ads.example/c/")
    token = ad["click_url"].rpartition("/")[2]
    assert ad["impression_url"] == f"https://ads.example/i/{token}.gif"
    assert ad["view_url"] == f"https://ads.example/v/{token}.gif"


async def test_one_token_carries_the_award(client: httpx.AsyncClient, state: State) -> None:
    answer = await ask(client, user=KNOWN)
    token = state.signer.read(answer["ads"][0]["click_url"].rpartition("/")[2])
    assert (token.store_id, token.ad_id, token.campaign_id) == (SHOE, "ad_a1", "cmp_a1")
    assert (token.price, token.user_id) == (200_000, "u-1")
    assert token.url == "https://shop.example/p/1"


async def test_urls_stand_on_the_requests_host_where_none_is_configured(
    client: httpx.AsyncClient, state: State
) -> None:
    state.base_url = None
    answer = await ask(client)
    assert answer["ads"][0]["click_url"].startswith("https://ads.example/c/")
    response = await client.post("/v1/ads", json=ASK, headers={"host": "evil/@x"})
    assert response.json()["ads"][0]["click_url"].startswith("https://localhost/c/")


async def test_a_category_is_asked_for_like_a_query(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/ads", json={"category": "Shoes", "placement": "search_top"})
    assert {ad["product_id"] for ad in response.json()["ads"]} == {"a1", "a2"}


async def test_fewer_slots_excluded_and_organic_products(client: httpx.AsyncClient) -> None:
    answer = await ask(client, slots=1, exclude=["a1"], organic_ids=["a2"])
    assert [ad["product_id"] for ad in answer["ads"]] == ["a3"]


async def test_more_slots_than_the_placement_has_are_not_sold(client: httpx.AsyncClient) -> None:
    assert len((await ask(client, slots=50))["ads"]) == 2


async def test_no_fill_says_why(client: httpx.AsyncClient) -> None:
    answer = await ask(client, query="garden gnome")
    assert answer["ads"] == []
    assert answer["no_fill_reason"]


async def test_an_unknown_placement_is_named(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/ads", json=ASK | {"placement": "nowhere"})
    assert response.status_code == 422
    assert response.json()["code"] == "unknown_placement"
    assert response.json()["errors"][0]["pointer"] == "/placement"
    assert "nowhere" in response.json()["detail"]


async def test_query_and_category_exclude_each_other(client: httpx.AsyncClient) -> None:
    for body in ({"placement": "search_top"}, ASK | {"category": "Shoes"}):
        response = await client.post("/v1/ads", json=body)
        assert response.status_code == 422
        assert "either query or category" in response.json()["errors"][0]["detail"]


async def test_before_the_first_snapshot_there_are_no_ads(
    client: httpx.AsyncClient, state: State
) -> None:
    for store_id in list(state.live):
        del state.live[store_id]
    answer = await ask(client)
    assert (answer["ads"], answer["no_fill_reason"]) == ([], "no_snapshot")
    assert answer["degraded"] == ["no_snapshot"]
    assert (await client.get("/readyz")).status_code == 503


# who asks


async def test_a_profile_is_read_only_with_consent(
    client: httpx.AsyncClient, profiles: Profiles, log: Log
) -> None:
    profile = StoredProfile(feature_words=(("waterproof", 1_000.0),), hidden=("ad_a1",))
    profiles.values[profile_key(SHOE, "u-1")] = encode_profile(profile)
    anonymous = [
        await ask(client),
        await ask(client, user=KNOWN | {"consent": False}),
        (
            await client.post("/v1/ads", json=ASK | {"user": KNOWN}, headers={"Sec-GPC": "1"})
        ).json(),
    ]
    assert profiles.reads == []
    assert {answer["ads"][0]["ad_id"] for answer in anonymous} == {"ad_a1"}
    for record in log.of(b"decision"):
        assert record["request"]["user_id"] is None
        assert record["request"]["session"] is None
    consenting = await ask(client, user=KNOWN)
    assert profiles.reads == [profile_key(SHOE, "u-1")]
    assert [ad["ad_id"] for ad in consenting["ads"]] == ["ad_a2", "ad_a3"]  # ad_a1 was hidden


async def test_without_redis_ads_are_not_personal(
    client: httpx.AsyncClient, profiles: Profiles
) -> None:
    profiles.down = True
    answer = await ask(client, user=KNOWN)
    assert len(answer["ads"]) == 2
    assert "no_profile" in answer["degraded"]
    assert "no_profile" not in (await ask(client))["degraded"]


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"null", b'{"w": [[1]]}', b'{"w": 3}'])
async def test_a_broken_profile_is_no_profile(
    client: httpx.AsyncClient, profiles: Profiles, value: bytes
) -> None:
    profiles.values[profile_key(SHOE, "u-1")] = value
    assert "no_profile" in (await ask(client, user=KNOWN))["degraded"]


# what is kept


async def test_the_record_holds_the_inputs_as_they_were_used(
    client: httpx.AsyncClient, profiles: Profiles, log: Log, state: State
) -> None:
    profile = StoredProfile(feature_words=(("waterproof", 1_000.0),), hidden=("ad_a3",))
    profiles.values[profile_key(SHOE, "u-1")] = encode_profile(profile)
    state.live[SHOE] = replace(state.live[SHOE], spent_out=frozenset({"cmp_a2"}))
    answer = await ask(
        client, user=KNOWN, exclude=["x"], organic_ids=["y"], context={"device": "mobile"}
    )
    [record] = log.of(b"decision")
    assert record["request_id"] == answer["request_id"]
    assert record["store_id"] == SHOE
    assert record["snapshot"] == "7"
    assert record["request"] == {
        "query": "running shoe",
        "category": "",
        "placement": "search_top",
        "slots": 2,
        "user_id": "u-1",
        "session": "s-1",
        "device": "mobile",
        "excluded": ["x"],
        "organic": ["y"],
        "profile": json.loads(encode_profile(profile)),
        "spent_out": ["cmp_a2"],
    }
    [award] = record["awards"]
    assert (award["slot"], award["ad_id"], award["price"]) == (0, "ad_a1", 50_000)
    assert award["impression_id"] == answer["ads"][0]["impression_id"]
    assert award["title"] == "Trail Running Shoe 1"


# what fails or is late


class Broken:
    """A ranker with a bug in it."""

    model = "broken@1:00000000"

    def score(self, questions: Sequence[Question]) -> RankScores:
        raise ZeroDivisionError(questions)


async def test_a_bug_in_a_model_leaves_linear_rank(
    client: httpx.AsyncClient, state: State
) -> None:
    state.live[SHOE] = replace(state.live[SHOE], scorers=Scorers(ranker=Broken()))
    answer = await ask(client)
    assert len(answer["ads"]) == 2
    assert "linear_rank" in answer["degraded"]


async def test_what_cannot_be_decided_is_no_ads(client: httpx.AsyncClient, state: State) -> None:
    live = state.live[SHOE]
    torn = replace(live.snapshot, ads=None)  # type: ignore[arg-type] # nothing to read from
    state.live[SHOE] = replace(live, snapshot=torn)
    answer = await ask(client)
    assert (answer["ads"], answer["no_fill_reason"]) == ([], "error")
    assert answer["degraded"] == ["no_decision"]


async def test_models_that_take_too_long_are_left_out(
    client: httpx.AsyncClient, state: State
) -> None:
    state.docket.clock.typical_seconds = 0.5
    state.live[SHOE] = replace(state.live[SHOE], models=("slow@1:00000000",))
    answer = await ask(client, timeout_ms=100, explain=True)
    assert len(answer["ads"]) == 2
    assert answer["explain"]["models"] == []
    assert state.docket.clock.typical_seconds == pytest.approx(0.45)
    answer = await ask(client, timeout_ms=1_000, explain=True)
    assert answer["explain"]["models"] == ["slow@1:00000000"]
    assert state.docket.clock.typical_seconds < 0.45


async def test_a_request_that_waited_too_long_gets_no_ads(state: State) -> None:
    live = state.live[SHOE]
    placement = live.snapshot.placements["search_top"]
    asked = Asked(
        request_id="req_" + "ab" * 16,
        ts=0.0,
        seed=1,
        live=live,
        query=AdQuery("running shoe", "", placement, 2, Shopper(None, EMPTY_HISTORY)),
        known=NOBODY,
        device=None,
        profile=None,
        missing=(),
        deadline=perf_counter() + 10,
    )
    missed = replace(asked, request_id="req_" + "cd" * 16, deadline=perf_counter() - 0.001)
    late, early = deliberate([missed, asked], state.docket.clock)
    assert (late.decision.awards, late.decision.no_fill_reason) == ((), "timeout")
    assert late.degraded == ("no_decision",)
    assert len(early.decision.awards) == 2


async def test_prices_are_told_to_secret_keys_only(client: httpx.AsyncClient) -> None:
    publishable = {"authorization": "Bearer pk_a"}
    response = await client.post("/v1/ads", json=ASK | {"explain": True}, headers=publishable)
    assert response.status_code == 403
    response = await client.post("/v1/ads", json=ASK, headers=publishable)
    assert response.status_code == 200
    assert "price" not in response.text
    assert "score" not in response.text
