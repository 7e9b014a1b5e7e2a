"""One visit over REST: what is sent, and what becomes of answers that should not be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from service.demo.open_loop import ServiceAwayError
from service.demo.shopping import Aisles, Shopping
from service.demo.tally import Tally
from service.demo.traffic import SimulatedShoppers
from service.demo.visits import Visit

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "http://shop.test"
QUERY = "rain jacket"


@pytest.fixture(scope="module")
def people() -> SimulatedShoppers:
    return SimulatedShoppers(1)


@pytest.fixture(scope="module")
def aisles() -> Aisles:
    return Aisles(1)


class Service:
    """Answers as a service whose ads name another host, and notes what it is asked."""

    def __init__(self, status: dict[str, int] | None = None) -> None:
        self.status = status or {}
        self.asked: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        self.hosts: set[str] = set()
        self.clicked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.hosts.add(request.url.host)
        path = request.url.path
        if path.startswith("/c/"):
            self.clicked.append(path)
            return httpx.Response(self.status.get("/c", 302))
        body = json.loads(request.content)
        if path == "/v1/ads":
            self.asked.append(body)
            return httpx.Response(self.status.get(path, 200), json={"ads": ads()})
        self.told += body["events"]
        return httpx.Response(self.status.get(path, 202), json={})


def ads() -> list[dict[str, Any]]:
    parts = [{"text": "Waterproof", "highlight": True}, {"text": " - Jacket", "highlight": False}]
    return [
        {
            "slot": slot,
            "product_id": str(100_251 + slot),
            "title": {"parts": parts},
            "impression_url": f"https://elsewhere.test/i/{slot}.gif",
            "view_url": f"https://elsewhere.test/v/{slot}.gif",
            "click_url": f"https://elsewhere.test/c/{slot}",
        }
        for slot in range(4)
    ]


async def go(
    people: SimulatedShoppers,
    aisles: Aisles,
    answer: Callable[[httpx.Request], httpx.Response],
    numbers: range = range(1),
    **more: Any,
) -> Tally:
    tally = Tally()
    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        shopping = Shopping(
            client=client, people=people, aisles=aisles, placement="search_top", tally=tally,
            run="r1", seed=1, pause=0.0,
        )  # fmt: skip
        for number in numbers:
            given = {"mobile": True, "consents": True} | more
            await shopping.visit(Visit(number, 0.0, 7, QUERY, **given), due=0.0)
    return tally


async def test_a_visit_tells_what_the_page_would_tell(
    people: SimulatedShoppers, aisles: Aisles
) -> None:
    service = Service()
    tally = await go(people, aisles, service)
    (asked,) = service.asked
    assert (asked["query"], asked["placement"]) == (QUERY, "search_top")
    assert asked["user"] == {"id": "sim-7", "session": "r1-0", "consent": True}
    assert asked["context"] == {"device": "mobile"}
    assert len(asked["organic_ids"]) == 12
    kinds = [event["type"] for event in service.told]
    assert kinds.count("impression") == tally.impressions == 4
    assert kinds.count("search") == 1
    shown = [e["position"] for e in service.told if e.get("action") == "shown"]
    assert shown == list(range(1, 9))
    assert tally.requests == tally.filled == 1
    assert tally.errors.total() == 0


async def test_of_those_who_do_not_agree_only_the_ads_tell(
    people: SimulatedShoppers, aisles: Aisles
) -> None:
    service = Service()
    await go(people, aisles, service, consents=False)
    assert service.asked[0]["user"] == {"consent": False}
    assert {event["type"] for event in service.told} <= {"impression", "view"}


async def test_clicks_and_orders_follow_the_click_model(
    people: SimulatedShoppers, aisles: Aisles
) -> None:
    service = Service()
    tally = await go(people, aisles, service, numbers=range(1500))
    expected = sum(
        people.p_ad_click(7, QUERY, ad["product_id"], ["Waterproof"], ad["slot"]) for ad in ads()
    )
    assert tally.clicks == len(service.clicked)
    assert tally.clicks / 1500 == pytest.approx(expected, abs=0.05)
    bought = [event for event in service.told if event["type"] == "conversion"]
    assert len(bought) == tally.orders > 0
    assert len({event["order_id"] for event in bought}) == tally.orders
    assert all(urlsplit(event["token"]).path in service.clicked for event in bought)
    # the s-th ad is in view with s ** -0.5: 1, .71, .58 and .5
    views = [event["token"] for event in service.told if event["type"] == "view"]
    assert views.count("https://elsewhere.test/v/0.gif") == 1500
    assert views.count("https://elsewhere.test/v/3.gif") == pytest.approx(750, abs=100)


async def test_no_other_host_is_called(people: SimulatedShoppers, aisles: Aisles) -> None:
    service = Service()
    await go(people, aisles, service, numbers=range(200))
    assert service.clicked
    assert service.hosts == {"shop.test"}


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [("/v1/ads", 503, "503 to /v1/ads"), ("/v1/events", 429, "429 to /v1/events")],
)
async def test_answers_that_should_not_be_are_counted(
    people: SimulatedShoppers, aisles: Aisles, path: str, status: int, said: str
) -> None:
    tally = await go(people, aisles, Service({path: status}), numbers=range(3))
    assert tally.errors == {said: 3}
    assert tally.unreachable_in_a_row == 0


async def test_a_click_that_leads_nowhere_is_an_error(
    people: SimulatedShoppers, aisles: Aisles
) -> None:
    tally = await go(people, aisles, Service({"/c": 404}), numbers=range(100))
    assert tally.clicks == 0
    assert list(tally.errors) == ["404 to /c"]  # one line, whatever the tokens
    assert tally.errors.total() > 0


async def test_nobody_there_is_counted_as_such(people: SimulatedShoppers, aisles: Aisles) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    tally = await go(people, aisles, away, numbers=range(3))
    assert tally.errors == {"ConnectError": 3}
    assert tally.unreachable_in_a_row == 3


async def test_what_every_visit_would_be_refused_ends_the_run(
    people: SimulatedShoppers, aisles: Aisles
) -> None:
    with pytest.raises(ServiceAwayError, match="the service refuses this traffic"):
        await go(people, aisles, Service({"/v1/ads": 401}))
