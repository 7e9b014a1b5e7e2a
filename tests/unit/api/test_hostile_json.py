"""Bodies made to hurt: each is answered with a problem, none with an error of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.api.json_body import count_keys, parse_strictly, refuse_repeated_keys
from service.api.schemas.ads import AdRequest
from service.errors import MalformedJsonError
from tests.unit.api.shop import SHOE

if TYPE_CHECKING:
    import httpx

    from service.api.state import State

ADS = b'{"query": "shoe", "placement": "search_top", %b}'
EVENT = b'{"events": [{"type": "search", "event_id": "e", "query": "q", %b}]}'

ADS_BODIES = {
    "nothing": b"",
    "a space": b" ",
    "a word": b"shoes",
    "half": ADS[:20],
    "two": b"{}{}",
    "comment": b'{"query": "x" /* */, "placement": "p"}',
    "single quotes": b"{'query': 'x', 'placement': 'p'}",
    "trailing comma": b'{"query": "x", "placement": "p",}',
    "byte order mark": b'\xef\xbb\xbf{"query": "x", "placement": "search_top"}',
    "utf-16": '{"query": "x", "placement": "search_top"}'.encode("utf-16"),
    "latin-1": '{"query": "schön", "placement": "search_top"}'.encode("latin-1"),
    "overlong utf-8": b'{"query": "\xc0\xaf", "placement": "search_top"}',
    "lone surrogate": b'{"query": "\\ud800", "placement": "search_top"}',
    "reversed pair": b'{"query": "\\udc00\\ud800", "placement": "search_top"}',
    "raw surrogate": b'{"query": "\xed\xa0\x80", "placement": "search_top"}',
    "escaped NUL": b'{"query": "a\\u0000b", "placement": "search_top"}',
    "raw NUL": b'{"query": "a\x00b", "placement": "search_top"}',
    "raw newline": b'{"query": "a\nb", "placement": "search_top"}',
    "control character": b'{"query": "a\\u0007b", "placement": "search_top"}',
    "array": b"[]",
    "null": b"null",
    "number": b"1",
    "text": b'"x"',
    "deep array": b"[" * 60_000,
    "deep object": b'{"a":' * 10_000,
    "deep and closed": b"[" * 20_000 + b"]" * 20_000,
    "deep inside": ADS % (b'"exclude": ' + b"[" * 5_000 + b"]" * 5_000),
    "NaN": ADS % b'"slots": NaN',
    "infinity": ADS % b'"slots": Infinity',
    "minus infinity": ADS % b'"timeout_ms": -Infinity',
    "1e400": ADS % b'"slots": 1e400',
    "minus zero": ADS % b'"slots": -0',
    "float": ADS % b'"slots": 1.5',
    "float that is whole": ADS % b'"slots": 1.0',
    "bool as number": ADS % b'"slots": true',
    "number as bool": ADS % b'"explain": 1',
    "text as bool": ADS % b'"explain": "true"',
    "text as number": ADS % b'"slots": "4"',
    "null as list": ADS % b'"exclude": null',
    "text as list": ADS % b'"exclude": "abc"',
    "huge number": ADS % (b'"slots": 1' + b"0" * 5_000),
    "huge negative": ADS % (b'"slots": -1' + b"0" * 5_000),
    "leading zero": ADS % b'"slots": 01',
    "hex": ADS % b'"slots": 0x4',
    "repeated key": ADS % b'"slots": 1, "slots": 2',
    "repeated key, spaced": ADS % b'"slots" : 1, "slots": 2',
    "repeated key, escaped": ADS % b'"slots": 1, "\\u0073lots": 2',
    "repeated key inside": ADS % b'"user": {"id": "a", "id": "b"}',
    "repeated object": ADS % b'"user": {"id": "a"}, "user": {}',
    "unknown field": ADS % b'"__proto__": {}',
    "unknown field inside": ADS % b'"user": {"admin": true}',
    "empty key": ADS % b'"": 1',
    "long query": b'{"query": "%b", "placement": "p"}' % (b"x" * 257),
    "long list": ADS % (b'"exclude": [' + b'"1",' * 200 + b'"1"]'),
    "long id": ADS % (b'"exclude": ["' + b"1" * 129 + b'"]'),
    "too many slots": ADS % b'"slots": 51',
    "no slot": ADS % b'"slots": 0',
    "markup as placement": b'{"query": "x", "placement": "<script>"}',
    "path as placement": b'{"query": "x", "placement": "../../etc"}',
    "unknown device": ADS % b'"context": {"device": "toaster"}',
}

EVENT_BODIES = {
    "repeated key": EVENT % b'"event_id": "f"',
    "repeated key beside a bad event": (
        b'{"events": [{"type": "search", "event_id": "e", "event_id": "f", "query": "q"}, {}]}'
    ),
    "two types": EVENT % b'"type": "click"',
    "unknown type": b'{"events": [{"type": "x"}]}',
    "type is a list": b'{"events": [{"type": ["search"]}]}',
    "no type": b'{"events": [{}]}',
    "not an object": b'{"events": [1, null, "x", []]}',
    "object of events": b'{"events": {"0": {}}}',
    "bool as position": (
        b'{"events": [{"type": "feature_word", "event_id": "e", "feature_word": "w",'
        b' "action": "shown", "position": true}]}'
    ),
    "time without zone": EVENT % b'"occurred_at": "2027-01-15T08:00:00"',
    "time as a number": EVENT % b'"occurred_at": 1e400',
    "time out of the calendar": EVENT % b'"occurred_at": "9999-12-31T23:59:59Z"',
    "time before the calendar": EVENT % b'"occurred_at": "0001-01-01T00:00:00+14:00"',
    "negative value": (
        b'{"events": [{"type": "add_to_cart", "event_id": "e", "product_id": "p", "value": -1}]}'
    ),
    "value of a thousand digits": (
        b'{"events": [{"type": "add_to_cart", "event_id": "e", "product_id": "p", "value": 1%b}]}'
        % (b"0" * 1_000)
    ),
    "token with a surrogate": b'{"events": [{"type": "click", "token": "\\udfff"}]}',
    "token of other letters": '{"events": [{"type": "click", "token": "ключ"}]}'.encode(),
}


def check(response: httpx.Response) -> None:
    assert 400 <= response.status_code < 500, (response.status_code, response.text)
    assert response.headers["content-type"] == "application/problem+json"
    problem = orjson.loads(response.content)
    assert problem["status"] == response.status_code
    assert {"type", "title", "detail", "code", "trace_id", "errors"} <= set(problem)


@pytest.mark.parametrize("name", ADS_BODIES)
async def test_ads_refuse(client: httpx.AsyncClient, name: str) -> None:
    check(await client.post("/v1/ads", content=ADS_BODIES[name]))
    assert (await client.post("/v1/events", content=ADS_BODIES[name])).status_code < 500


@pytest.mark.parametrize("name", EVENT_BODIES)
async def test_events_refuse(client: httpx.AsyncClient, name: str) -> None:
    check(await client.post("/v1/events", content=EVENT_BODIES[name]))
    assert (await client.post("/v1/ads", content=EVENT_BODIES[name])).status_code < 500


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
near_ads = st.fixed_dictionaries(
    {"query": json, "placement": st.just("search_top") | json},
    optional=dict.fromkeys(
        ("slots", "user", "context", "exclude", "organic_ids", "timeout_ms", "explain"), json
    ),
)
event = st.fixed_dictionaries(
    {"type": st.sampled_from(["search", "click", "conversion", "feature_word"]) | json},
    optional=dict.fromkeys(
        ("event_id", "query", "token", "occurred_at", "user", "order_id", "line"), json
    ),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=near_ads | st.fixed_dictionaries({"events": st.lists(event, max_size=3)}) | json)
async def test_no_body_hurts(client: httpx.AsyncClient, body: object) -> None:
    import json as python_json

    content = python_json.dumps(body).encode()  # with NaN and lone surrogates where drawn
    for path in ("/v1/ads", "/v1/events"):
        assert (await client.post(path, content=content)).status_code < 500


# sizes


async def test_bodies_are_cut_off_while_they_arrive(client: httpx.AsyncClient) -> None:
    async def endless() -> object:
        for _ in range(1_000):
            sent.append(1)
            yield b" " * 10_000

    for path, limit in (("/v1/ads", 64 * 1024), ("/v1/events", 1024 * 1024)):
        sent: list[int] = []
        response = await client.post(path, content=endless())  # type: ignore[arg-type]
        assert response.status_code == 413
        assert str(limit) in response.json()["detail"]
        assert len(sent) <= limit // 10_000 + 2


async def test_an_announced_size_is_enough_to_refuse(client: httpx.AsyncClient) -> None:
    for length in ("70000", "9" * 30):
        response = await client.post("/v1/ads", content=b"{}", headers={"content-length": length})
        assert response.status_code == 413


async def test_a_body_just_within_the_limit_is_read(client: httpx.AsyncClient) -> None:
    body = b'{"query": "shoe", "placement": "search_top"}'
    response = await client.post("/v1/ads", content=body + b" " * (64 * 1024 - len(body)))
    assert response.status_code == 200
    response = await client.post("/v1/ads", content=body + b" " * (64 * 1024 - len(body) + 1))
    assert response.status_code == 413


@pytest.mark.parametrize("media_type", ["text/html", "application/x-www-form-urlencoded", "x"])
async def test_other_media_types_are_refused(client: httpx.AsyncClient, media_type: str) -> None:
    for path in ("/v1/ads", "/v1/events"):
        response = await client.post(path, content=b"{}", headers={"content-type": media_type})
        assert response.status_code == 415
        assert media_type in response.json()["detail"]


# what is refused before a body is read


@pytest.mark.parametrize("path", ["/v1/ads", "/v1/events"])
@pytest.mark.parametrize("headers", [{}, {"content-length": "99999999"}, {"content-type": "x"}])
async def test_without_a_key_no_body_is_read(
    client: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    async def body() -> object:
        sent.append(1)
        yield b"[" * 100_000

    sent: list[int] = []
    del client.headers["authorization"]
    response = await client.post(path, content=body(), headers=headers)  # type: ignore[arg-type]
    check(response)
    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
    assert sent == []


async def test_a_key_without_the_scope_sends_no_body(client: httpx.AsyncClient) -> None:
    headers = {"authorization": "Bearer sk_a_report"}
    for path in ("/v1/ads", "/v1/events"):
        response = await client.post(path, content=b"{", headers=headers)
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")


async def test_a_store_that_goes_while_the_body_comes_is_gone(
    client: httpx.AsyncClient, state: State
) -> None:
    async def body() -> object:
        yield b'{"query": "shoe", '
        del state.live[SHOE]
        yield b'"placement": "search_top"}'

    response = await client.post("/v1/ads", content=body())  # type: ignore[arg-type]
    check(response)
    assert response.status_code == 401


@pytest.mark.parametrize("packed", ["gzip", "deflate", "br", "GZIP", "identity, gzip", "\xff"])
async def test_packed_bodies_are_refused(client: httpx.AsyncClient, packed: str) -> None:
    for path in ("/v1/ads", "/v1/events"):
        headers = {"content-encoding": packed.encode("latin-1")}
        response = await client.post(path, content=b"\x1f\x8b", headers=headers)  # type: ignore[arg-type]
        check(response)
        problem = response.json()
        assert (response.status_code, problem["code"]) == (415, "unsupported_encoding")
        assert ascii(packed) in problem["detail"]
        assert response.headers["accept-encoding"] == "identity"


async def test_a_body_that_says_it_is_not_packed_is_read(client: httpx.AsyncClient) -> None:
    body = b'{"query": "shoe", "placement": "search_top"}'
    response = await client.post("/v1/ads", content=body, headers={"content-encoding": "Identity"})
    assert response.status_code == 200


# repeated keys


@pytest.mark.parametrize("body", [b"[" * 100_000, b"1" * 5_000, b"{", b""])
def test_what_python_cannot_read_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedJsonError):
        parse_strictly(body)


def test_colons_in_strings_are_no_keys() -> None:
    body = b'{"query":"a\\":b","placement":"p","context":{"page":"https://x :y"}}'
    refuse_repeated_keys(body, count_keys(AdRequest.model_validate_json(body)))


@given(st.data())
def test_a_repeated_key_is_found_wherever_it_stands(data: st.DataObject) -> None:
    pairs = data.draw(st.permutations(['"query":"a"', '"placement" : "p"', '"slots":1']))
    again = data.draw(st.sampled_from(['"query": "a"', '"slots" :1', '"placement":"p"']))
    place = data.draw(st.integers(0, 3))
    body = f"{{{','.join([*pairs[:place], again, *pairs[place:]])}}}".encode()
    with pytest.raises(MalformedJsonError, match="twice"):
        refuse_repeated_keys(body, count_keys(AdRequest.model_validate_json(body)))
