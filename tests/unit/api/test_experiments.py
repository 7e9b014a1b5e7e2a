"""What a request in an experiment is answered, and what is recorded of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from service.api.schemas.ads import AdResponse
from service.decision.buckets import bucket_of
from service.decision.experiments import Arm, Experiment
from service.decision.policy import Highlight, PointSource, SellingPointPolicy
from service.decision.scorers import Scorers
from service.store.profiles import WITHDRAWN, profile_key
from tests.unit.api.shop import SHOE
from tests.unit.decision.shop import KnownPhrases

if TYPE_CHECKING:
    import httpx

    from service.api.state import State
    from tests.unit.api.shop import Log, Profiles

ASK: dict[str, Any] = {"query": "running shoe", "placement": "search_top"}
PLAIN = SellingPointPolicy(PointSource.NONE)
DIM = SellingPointPolicy(PointSource.PERSONAL, 1, Highlight.NONE)
TWO = Experiment(
    "exp_1",
    "Any at all?",
    "salt",
    (Arm("plain", ((0, 5000),), PLAIN), Arm("dim", ((5000, 10_000),), DIM)),
)


def someone_in(arm: str) -> str:
    """The first shopper of that arm."""
    ids = [f"u-{number}" for number in range(50)]
    return next(
        one for one in ids if (bucket_of("salt", f"user:{one}") < 5000) == (arm == "plain")
    )


def of(user: str | None, **more: Any) -> dict[str, Any]:
    return {"user": {"id": user, "session": "s-1", "consent": True} | more}


@pytest.fixture(autouse=True)
def running(state: State) -> None:
    live = state.live[SHOE]
    snapshot = replace(live.snapshot, experiments=(TWO,))
    phrases = KnownPhrases(snapshot, {"waterproof": 0.2, "wide fit": 0.7})
    state.live[SHOE] = replace(live, snapshot=snapshot, scorers=Scorers(None, phrases))


async def ask(client: httpx.AsyncClient, path: str = "/v1/ads", **more: Any) -> dict[str, Any]:
    response = await client.post(path, json=ASK | more)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_the_answer_and_the_record_say_the_arm(client: httpx.AsyncClient, log: Log) -> None:
    user = someone_in("dim")
    response = await client.post("/v1/ads", json=ASK | of(user))
    AdResponse.model_validate_json(response.content)
    assert response.json()["experiments"] == [
        {"experiment_id": "exp_1", "name": "Any at all?", "arm": "dim"}
    ]
    (record,) = log.of(b"decision")
    bucket = bucket_of("salt", f"user:{user}")
    assert record["experiments"] == [{"experiment_id": "exp_1", "arm": "dim", "bucket": bucket}]
    assert record["request"]["policy"] == {"source": "personal", "most": 1, "highlight": "none"}


async def test_each_arm_has_its_own_titles(client: httpx.AsyncClient) -> None:
    plain = (await ask(client, **of(someone_in("plain"))))["ads"][0]["title"]
    assert plain["text"] == plain["original"] == "Trail Running Shoe 1"
    dim = (await ask(client, **of(someone_in("dim"))))["ads"][0]["title"]
    assert dim["text"] == "wide fit – Trail Running Shoe 1"
    assert [part["highlight"] for part in dim["parts"]] == [False] * len(dim["parts"])
    assert dim["parts"][0]["selling_point"].startswith("sp_")
    nobody = (await ask(client))["ads"][0]["title"]
    assert nobody["parts"][0]["highlight"] is True


async def test_organic_titles_are_those_of_the_arm_too(client: httpx.AsyncClient) -> None:
    body = {"products": ["a1"], "placement": "search_top"}
    texts = []
    for user in (someone_in("plain"), someone_in("dim")):
        answer = await client.post("/v1/titles", json=body | of(user))
        title = answer.json()["titles"][0]["title"]
        texts.append((title["text"], any(part["highlight"] for part in title["parts"])))
    assert texts == [
        ("Trail Running Shoe 1", False),
        ("wide fit – Trail Running Shoe 1", False),
    ]


async def test_all_areas_of_a_page_are_in_one_arm(client: httpx.AsyncClient) -> None:
    body = {"query": "running shoe", "placements": [{"placement": "search_top"}]}
    answer = await client.post("/v1/ads", json=body | of(someone_in("plain")))
    (area,) = answer.json()["placements"]
    assert [one["arm"] for one in area["experiments"]] == ["plain"]


@pytest.mark.parametrize(
    ("user", "headers"),
    [
        (of(None, session=None), {}),
        (of("u-1", consent=False), {}),
        (of("u-1"), {"sec-gpc": "1"}),
    ],
)
async def test_whoever_is_not_known_is_in_no_arm(
    client: httpx.AsyncClient, log: Log, user: dict[str, Any], headers: dict[str, str]
) -> None:
    answer = await client.post("/v1/ads", json=ASK | user, headers=headers)
    assert answer.json()["experiments"] == []
    (record,) = log.of(b"decision")
    assert record["experiments"] == []
    assert "policy" not in record["request"]


async def test_who_withdrew_consent_is_in_no_arm(
    client: httpx.AsyncClient, profiles: Profiles
) -> None:
    profiles.values[profile_key(SHOE, "u-1")] = WITHDRAWN
    assert (await ask(client, **of("u-1")))["experiments"] == []


async def test_a_session_is_assigned_where_no_shopper_is_named(client: httpx.AsyncClient) -> None:
    arms = {
        session: (await ask(client, **of(None, session=session)))["experiments"][0]["arm"]
        for session in ("s-1", "s-2", "s-3", "s-4", "s-5", "s-6")
    }
    assert arms == {
        session: "plain" if bucket_of("salt", f"session:{session}") < 5000 else "dim"
        for session in arms
    }
    assert set(arms.values()) == {"plain", "dim"}


async def test_explain_says_the_rule_and_the_bucket(client: httpx.AsyncClient) -> None:
    user = someone_in("dim")
    explained = (await ask(client, explain=True, **of(user)))["explain"]
    assert explained["selling_points"] == {"source": "personal", "most": 1, "highlight": "none"}
    assert explained["buckets"] == {"exp_1": bucket_of("salt", f"user:{user}")}
    nobody = (await ask(client, explain=True))["explain"]
    assert nobody["selling_points"] == {"source": "personal", "most": None, "highlight": "chosen"}
    assert nobody["buckets"] == {}


async def test_no_lot_is_drawn_for_who_is_in_an_arm(
    client: httpx.AsyncClient, state: State, log: Log
) -> None:
    state.explored_share = 1.0
    live = state.live[SHOE]
    usual = (Arm("usual", ((0, 5000),)),)  # its rule is everybody's
    snapshot = replace(live.snapshot, experiments=(replace(TWO, arms=usual),))
    state.live[SHOE] = replace(live, snapshot=snapshot)
    for number in range(20):
        await ask(client, **of(f"u-{number}"))
    drawn = {
        bool(record["experiments"]): record["request"].get("explored_share", 0.0)
        for record in log.of(b"decision")
    }
    assert drawn == {True: 0.0, False: 1.0}
