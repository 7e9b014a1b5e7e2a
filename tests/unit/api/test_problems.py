"""Every error is a problem (RFC 9457), with a code, a trace and what was received."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from service import errors
from service.api import problems
from service.api.schemas.problems import Problem
from service.errors import (
    AdServiceError,
    Fault,
    InvalidRequestError,
    MalformedJsonError,
    UnknownPlacementError,
)

if TYPE_CHECKING:
    import httpx

    from service.api.state import State

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/v1/nowhere", 404, "not_found"),
        ("PUT", "/v1/ads", 405, "method_not_allowed"),
        ("DELETE", "/v1/events", 405, "method_not_allowed"),
        ("POST", "/livez", 405, "method_not_allowed"),
        ("GET", "/c/forged", 404, "unknown_token"),
        ("GET", "/i/", 404, "unknown_token"),
        ("POST", "/v1/ads", 400, "malformed_json"),
    ],
)
async def test_whatever_is_wrong_is_a_problem(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    response = await client.request(method, path)
    assert response.headers["content-type"] == "application/problem+json"
    problem = Problem.model_validate_json(response.content)
    assert (response.status_code, problem.status, problem.code) == (status, status, code)
    assert problem.type == f"urn:salient:{code}"
    assert len(problem.trace_id) == 32


async def test_the_trace_is_the_callers(client: httpx.AsyncClient) -> None:
    good = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    for path in ("/c/forged", "/nowhere"):
        assert (await client.get(path, headers=good)).json()["trace_id"] == TRACE
        other = (await client.get(path, headers={"traceparent": "00-x"})).json()["trace_id"]
        assert other != TRACE


async def test_what_is_wrong_is_named_with_what_was_received(client: httpx.AsyncClient) -> None:
    body = {
        "query": "x" * 300,
        "placement": "search_top",
        "slots": 51,
        "user": {"id": 7, "a/b~c": 1},
        "exclude": [["nested"]],
    }
    response = await client.post("/v1/ads", json=body)
    found = {one["pointer"]: one["detail"] for one in response.json()["errors"]}
    assert set(found) == {"/query", "/slots", "/user/id", "/user/a~1b~0c", "/exclude/0"}
    assert found["/slots"].endswith("less than or equal to 50; received 51")
    assert found["/exclude/0"].endswith("received an array of 1")
    assert found["/query"].endswith("xxx...")
    assert len(found["/query"]) < 160


async def test_at_most_twenty_faults_are_named(client: httpx.AsyncClient) -> None:
    body = {"query": "x", "placement": "p", "exclude": [1] * 30}
    problem = (await client.post("/v1/ads", json=body)).json()
    assert (len(problem["errors"]), problem["detail"]) == (20, "30 fields cannot be used")


async def test_a_bug_is_logged_not_told(
    client: httpx.AsyncClient, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "signer", None)
    response = await client.get("/c/x")
    assert response.status_code == 500
    problem = Problem.model_validate_json(response.content)
    assert problem.code == "internal_error"
    assert "NoneType" not in response.text


async def test_a_bug_outside_the_hot_routes_is_a_problem_too(state: State) -> None:
    import httpx

    from tests.unit.api.shop import make_app

    app = make_app(state)

    @app.get("/bug")
    async def bug(number: int) -> None:
        raise RuntimeError(str(number))

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        response = await client.get("/bug?number=1")
        assert (response.status_code, response.json()["code"]) == (500, "internal_error")
        response = await client.get("/bug?number=x")
        assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
        assert response.json()["errors"][0]["pointer"] == "/query/number"


def test_the_nearest_class_decides() -> None:
    class OddError(UnknownPlacementError):
        pass

    assert problems.problem_type(OddError("x")).code == "unknown_placement"
    assert problems.problem_type(KeyError("x")) is problems.INTERNAL
    assert problems.problem_of_status(500) is problems.INTERNAL
    assert problems.problem_type(InvalidRequestError([], 0)).code == "invalid_request"


def test_codes_are_told_apart() -> None:
    codes = [kind.code for kind in problems.PROBLEMS.values()]
    assert len(set(codes)) == len(codes)


def test_openapi_entries_share_a_status() -> None:
    entries = problems.responses(InvalidRequestError, UnknownPlacementError, MalformedJsonError)
    assert set(entries) == {400, 422}
    examples = entries[422]["content"][problems.MEDIA_TYPE]["examples"]
    assert set(examples) == {"invalid_request", "unknown_placement"}
    for example in examples.values():
        Problem.model_validate_json(orjson.dumps(example["value"]))


def test_a_message_is_one_sentence_on_what_was_received() -> None:
    assert str(UnknownPlacementError("x")) == "no placement named 'x'"
    assert str(InvalidRequestError([Fault("/a", "b", "c")], 1)) == "1 field cannot be used"
    assert issubclass(errors.StoreUnavailableError, AdServiceError)
