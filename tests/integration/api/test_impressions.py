"""What shoppers ask about an ad: why it is there, and not to see it again. On real stores."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest

from service.api.tokens import TokenSigner
from tests.integration.api.conftest import PAGE, Service, within

if TYPE_CHECKING:
    import httpx

ANN = {"id": "ann", "session": "s1", "consent": True}
UNKNOWN = "imp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d00"


@pytest.fixture
def shop_options() -> dict[str, Any]:
    """As many lamps as the placement has slots: an answer shows all that may be shown."""
    return {"size": 4}


async def ask(
    service: Service, method: str, ad: dict[str, Any], what: str, **options: Any
) -> httpx.Response:
    """As a page does: the publishable key and the ad's token, both in the URL."""
    query = {"key": service.shop.publishable, "token": ad["view_url"]} | options.pop("query", {})
    path = f"/v1/ads/{ad['impression_id']}/{what}"
    return await service.client.request(
        method, path, params={name: value for name, value in query.items() if value}, **options
    )


async def recorded(service: Service, answer: dict[str, Any]) -> None:
    await service.rows_within(
        10, "SELECT ts FROM decisions WHERE request_id = :it", it=answer["request_id"]
    )


async def test_why_names_the_search_the_advertiser_and_whether_a_profile_was_read(
    service: Service,
) -> None:
    word = {"type": "feature_word", "event_id": "w", "action": "clicked", "feature_word": "oak",
            "query": "lamp", "user": ANN}  # fmt: skip
    assert (await service.tell(word)).json()["accepted"] == 1

    async def known() -> list[Any] | None:
        answer = await service.ads(user=ANN)
        await recorded(service, answer)
        why = (await ask(service, "GET", answer["ads"][0], "why")).json()
        return [answer["ads"][0], why] if why["personal"] else None

    ad, why = await within(5, known)
    assert why.pop("shown_at").endswith("Z")
    assert why == {
        "impression_id": ad["impression_id"],
        "sponsored": True,
        "label": "Sponsored",
        "advertiser": "Lux",
        "product": ad["title"]["original"],
        "personal": True,
        "reasons": [{"kind": "search", "text": "lamp", "selling_point": None}],
    }
    stranger = await service.ads(category="Home > Lamps", query=None)
    await recorded(service, stranger)
    plain = (await ask(service, "GET", stranger["ads"][0], "why")).json()
    assert plain["personal"] is False
    assert [(one["kind"], one["text"]) for one in plain["reasons"]] == [
        ("category", "Home > Lamps")
    ]


async def test_a_hidden_ad_is_gone_from_the_next_answer_within_a_second(service: Service) -> None:
    answer = await service.ads(user=ANN)
    ad = answer["ads"][0]
    hidden = await ask(service, "POST", ad, "hide")
    assert (hidden.status_code, hidden.content) == (204, b"")
    started = perf_counter()

    async def gone() -> bool:
        return ad["ad_id"] not in {one["ad_id"] for one in (await service.ads(user=ANN))["ads"]}

    await within(1, gone)
    assert perf_counter() - started < 1
    others = await service.ads(user={"id": "bob", "consent": True})
    assert ad["ad_id"] in {one["ad_id"] for one in others["ads"]}
    # said again, and by the shop's server without a token, it is the same thing
    again = await ask(service, "POST", ad, "hide", query={"token": ""},
                      headers={"authorization": f"Bearer {service.shop.secret}"})  # fmt: skip
    assert again.status_code == 204, again.text
    await recorded(service, others)
    rows = await service.rows(
        "SELECT ad_id, user_id, price_micros FROM events WHERE type = 'hide'"
    )
    assert rows == [(ad["ad_id"], "ann", None)]


async def test_without_consent_a_hide_is_counted_and_names_nobody(service: Service) -> None:
    ad = (await service.ads())["ads"][0]
    assert (await ask(service, "POST", ad, "hide")).status_code == 204
    hides = "SELECT type, user_id, session FROM events WHERE impression_id = :it"
    rows = await service.rows_within(10, hides, it=ad["impression_id"])
    assert rows == [("hide", None, None)]
    assert ad["ad_id"] in {one["ad_id"] for one in (await service.ads())["ads"]}


@pytest.mark.parametrize(("method", "what"), [("GET", "why"), ("POST", "hide")])
async def test_who_may_ask(service: Service, method: str, what: str) -> None:
    answer = await service.ads(user=ANN)
    await recorded(service, answer)
    ad, sibling = answer["ads"][:2]
    ok = 200 if method == "GET" else 204
    forged = TokenSigner({1: b"x" * 32}).sign(
        service.state.signer.read(ad["view_url"].rpartition("/")[2].removesuffix(".gif"))
    )
    secret = {"authorization": f"Bearer {service.shop.secret}"}
    foreign = {"authorization": f"Bearer {service.other.secret}"}
    for query, headers, status in (
        ({}, {}, ok),
        ({"token": ad["click_url"]}, {}, ok),
        ({"token": ""}, {}, 422),  # a publishable key alone
        ({"token": ""}, secret, ok),
        ({"token": sibling["click_url"]}, {}, 404),
        ({"token": forged}, {}, 404),
        ({"token": "x"}, secret, 404),
        ({"token": ""}, foreign, 404),
        ({}, foreign, 404),  # another shop's ad, even with its token
        ({"key": service.other.publishable}, {}, 404),
        ({"key": ""}, {}, 401),
    ):
        response = await ask(service, method, ad, what, query=query, headers=headers)
        assert response.status_code == status, (query, headers, response.text)
    for name, status in ((UNKNOWN, 404), ("imp_x", 422)):
        unknown = {"impression_id": name}
        response = await ask(service, method, unknown | {"view_url": ""}, what, headers=secret)
        assert response.status_code == status


async def test_pages_of_a_listed_origin_may_read_the_answer(service: Service) -> None:
    ad = (await service.ads(user=ANN))["ads"][0]
    mine = await ask(service, "POST", ad, "hide", headers={"origin": PAGE})
    assert (mine.status_code, mine.headers["access-control-allow-origin"]) == (204, PAGE)
    evil = await ask(service, "POST", ad, "hide", headers={"origin": "https://evil.example"})
    assert evil.status_code == 403
    assert "access-control-allow-origin" not in evil.headers
