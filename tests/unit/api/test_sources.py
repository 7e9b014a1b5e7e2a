"""Where requests come from, and what is told apart by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from service.api.hot_route import Call
from service.api.sources import (
    Ranges,
    Sources,
    address_of,
    open_sources,
    packaged_datacentres,
    read_ranges,
)
from service.api.traffic import TOO_FAST_SECONDS
from service.errors import BadInputError
from tests.unit.api.conftest import BROWSER
from tests.unit.api.shop import Log, make_app, make_state
from tests.unit.api.test_pixels import NOW, token

if TYPE_CHECKING:
    from service.api.state import State

KEY = b"k" * 32
HOME, OFFICE = "81.2.69.142", "81.2.69.160"  # public addresses of shoppers
PROXY = "10.0.0.7"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.api.pixels.time", lambda: NOW)


def call(peer: str | None, state: State, **headers: str) -> Call:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {"type": "http", "headers": raw, "client": peer and (peer, 1)}
    app = make_app(state)
    return Call(scope | {"app": app})


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        (HOME, None, HOME),
        (HOME, OFFICE, HOME),  # a stranger may write there what it likes
        (PROXY, OFFICE, OFFICE),
        (PROXY, f"{HOME}, {OFFICE}", OFFICE),  # the proxy wrote the last one
        (PROXY, f"{HOME}, {OFFICE}, 10.0.0.8", OFFICE),  # two proxies
        (PROXY, f"{OFFICE}:4711", OFFICE),
        (PROXY, "[2a02:8109::1]:4711", "2a02:8109::1"),
        (PROXY, "unknown", None),
        (PROXY, None, None),
        (None, None, None),
        ("", None, None),  # a unix socket
    ],
)
def test_an_address_is_the_last_that_a_trusted_proxy_did_not_add(
    peer: str | None, forwarded: str | None, expected: str | None
) -> None:
    sources = Sources(read_ranges(["10.0.0.0/8"]), Ranges(), KEY)
    headers = {} if forwarded is None else {"x_forwarded_for": forwarded}
    found = sources.of(call(peer, make_state(), **headers))
    assert found == (expected and address_of(expected))


def test_ranges_are_merged_and_looked_up() -> None:
    ranges = read_ranges(["192.0.2.0/25  # half", "", "# all", "192.0.2.128/25", "2a01:4f8::/31"])
    assert len(ranges.starts) == 2
    inside = {"192.0.2.0": True, "192.0.2.255": True, "192.0.3.0": False, "192.0.1.255": False,
              "2a01:4f9:ffff::1": True, "2a01:4fa::": False, "::ffff:192.0.2.9": True}  # fmt: skip
    assert {one: is_in(ranges, one) for one in inside} == inside


def is_in(ranges: Ranges, text: str) -> bool:
    address = address_of(text)
    assert address is not None
    return ranges.holds(address.number)


def test_a_line_that_is_no_range_is_named() -> None:
    with pytest.raises(BadInputError, match=r"line 2: '300\.1\.1\.1/8' is no range of addresses"):
        read_ranges(["10.0.0.0/8", "300.1.1.1/8"])
    with pytest.raises(BadInputError, match="line 1: 'x'"):
        open_sources("x", None, KEY)


def test_the_list_that_comes_with_the_service_holds_hosts_and_no_homes() -> None:
    hosts = packaged_datacentres()
    assert len(hosts.starts) > 100
    assert is_in(hosts, "88.198.1.1")
    assert is_in(hosts, "2a01:4f8:1::1")
    for home in (HOME, "127.0.0.1", PROXY, "192.168.1.1", "2a02:8109::1"):
        assert not is_in(hosts, home)


def hashed(address: str | None, agent: str = BROWSER, at: float = NOW, key: bytes = KEY) -> Any:
    sources, asked = Sources(key=key), call(address, make_state(), user_agent=agent)
    return sources.hashed(sources.of(asked), asked, at)


def test_a_hash_stands_for_address_and_browser_on_one_day() -> None:
    found = hashed(HOME)
    assert len(found) == 24
    assert found == hashed(HOME, at=NOW + 60)
    others = [hashed(OFFICE), hashed(HOME, "other"), hashed(HOME, at=NOW + 86_400)]
    assert len({found, *others, hashed(HOME, key=b"j" * 32)}) == 5
    for private in ("127.0.0.1", "192.168.1.1", "10.0.0.7", None):
        assert hashed(private) is None
    # a household has all of its /64
    assert hashed("2a02:8109::1") == hashed("2a02:8109::ffff") is not None


async def click(peer: str, age: float, path: str = "/c/{}", **headers: str) -> dict[str, Any]:
    state = make_state()
    state.sources = open_sources("", None, KEY)
    transport = httpx.ASGITransport(app=make_app(state), client=(peer, 4711))
    async with httpx.AsyncClient(
        transport=transport, base_url="https://ads.example", headers={"user-agent": BROWSER}
    ) as client:
        signed = state.signer.sign(token(ts=NOW - age))
        answer = await client.get(path.format(signed), headers=headers)
        assert answer.status_code in {200, 302}
    log = state.log
    assert isinstance(log, Log)
    [event] = log.of(b"event")
    return event


@pytest.mark.parametrize(
    ("age", "reason"),
    [(0.1, "too_fast"), (0.0, "too_fast"), (TOO_FAST_SECONDS, None), (-0.1, None), (-9.0, None)],
)
async def test_a_click_that_nobody_can_be_fast_enough_for(age: float, reason: str | None) -> None:
    event = await click(HOME, age)
    assert event["invalid_reason"] == reason  # never by a clock that goes before ours
    assert event["event_key"].endswith(":too_fast") == (reason is not None)


async def test_only_clicks_are_too_fast_and_not_those_of_this_machine() -> None:
    assert (await click(HOME, 0.1, "/i/{}.gif"))["invalid_reason"] is None
    assert (await click(HOME, 0.1, "/v/{}.gif"))["invalid_reason"] is None
    assert (await click("127.0.0.1", 0.1))["invalid_reason"] is None
    assert (await click("192.168.1.9", 0.1))["invalid_reason"] == "too_fast"


@pytest.mark.parametrize("path", ["/i/{}.gif", "/v/{}.gif", "/c/{}"])
async def test_nothing_counts_that_comes_from_a_data_centre(path: str) -> None:
    event = await click("88.198.1.1", 60, path)
    assert (event["invalid_reason"], event["payload"]) == ("datacentre", {})
    assert "88.198" not in repr(event)


async def test_a_valid_click_carries_a_hash_and_no_address() -> None:
    event = await click(HOME, 60)
    assert list(event["payload"]) == ["source"]
    assert "81.2.69" not in repr(event)
    assert (await click("127.0.0.1", 60))["payload"] == {}
    assert (await click(HOME, 60, "/i/{}.gif"))["payload"] == {}
