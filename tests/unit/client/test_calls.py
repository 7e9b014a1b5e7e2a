"""What the client sends, and what it makes of answers."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import httpx
import pytest

from salient_client import ProblemError, Salient, models

PROBLEM = {
    "type": "urn:salient:invalid_request",
    "title": "The request does not fit its schema",
    "status": 422,
    "detail": "1 fault",
    "code": "invalid_request",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "errors": [{"pointer": "/name", "code": "too_short", "detail": "received ''"}],
    "of_a_later_version": True,
}
ADVERTISER = {
    "id": "adv_1",
    "name": "Lux",
    "balance_micros": None,
    "created_at": "2026-11-22T09:00:00Z",
}


class Service:
    """Answers with what it was given, and keeps what it was sent."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.sent: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return self.answers.pop(0)

    def client(self) -> Salient:
        return Salient("https://ads.example", "sk_a", transport=httpx.MockTransport(self))


def page(ids: list[str], following: str | None) -> httpx.Response:
    rows = [ADVERTISER | {"id": one} for one in ids]
    return httpx.Response(200, json={"data": rows, "next": following})


def test_a_change_sends_what_was_given_and_no_more() -> None:
    service = Service(httpx.Response(200, json=ADVERTISER, headers={"etag": '"new"'}))
    with service.client() as salient:
        change = models.AdvertiserChange(name="Lux")
        changed = salient.patch_advertiser("adv/1 ?", change, if_match='"old"')
    (request,) = service.sent
    assert (request.method, str(request.url)) == (
        "PATCH",
        "https://ads.example/v1/advertisers/adv%2F1%20%3F",
    )
    assert json.loads(request.content) == {"name": "Lux"}
    assert request.headers["if-match"] == '"old"'
    assert request.headers["authorization"] == "Bearer sk_a"
    assert request.headers["content-type"] == "application/json"
    assert (changed.name, changed.etag) == ("Lux", '"new"')


def test_null_is_sent_where_it_was_given() -> None:
    service = Service(httpx.Response(503))
    with service.client() as salient, pytest.raises(ProblemError):
        salient.patch_campaign("cmp_1", models.CampaignChange(ends_at=None))
    assert service.sent[0].content == b'{"ends_at":null}'


def test_a_query_holds_only_what_was_given() -> None:
    service = Service(httpx.Response(200, json={"data": [], "next": None}))
    with service.client() as salient:
        salient.report_performance(first_day=date(2026, 11, 22), limit=5)
    assert dict(service.sent[0].url.params) == {"first_day": "2026-11-22", "limit": "5"}


def test_moments_and_flags_are_written_as_json_writes_them() -> None:
    service = Service(httpx.Response(200, json={"data": [], "next": None}))
    since = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    with service.client() as salient:
        salient.list_products(in_stock=True, updated_since=since)
    params = dict(service.sent[0].url.params)
    assert params == {
        "in_stock": "true",
        "updated_since": "2026-11-22T09:30:00+00:00",
        "limit": "100",
    }


def test_every_reads_to_the_last_page() -> None:
    service = Service(page(["a", "b"], "more"), page(["c"], None))
    with service.client() as salient:
        found = [one.id for one in salient.every(salient.list_advertisers, limit=2)]
    assert found == ["a", "b", "c"]
    first, second = (dict(request.url.params) for request in service.sent)
    assert (first, second) == ({"limit": "2"}, {"limit": "2", "cursor": "more"})


def test_a_problem_says_what_was_wrong() -> None:
    service = Service(httpx.Response(422, json=PROBLEM))
    with service.client() as salient, pytest.raises(ProblemError) as refused:
        salient.create_advertiser(models.AdvertiserDraft(name=""))
    assert str(refused.value) == "422 invalid_request: 1 fault; /name: received ''"
    assert refused.value.problem is not None
    assert refused.value.problem.code == "invalid_request"
    assert refused.value.retry_after is None


def test_what_a_proxy_answers_is_a_problem_too() -> None:
    service = Service(
        httpx.Response(503, text="<h1>Down</h1>", headers={"retry-after": "2"}),
        httpx.Response(302, headers={"location": "https://login.example"}),
    )
    with service.client() as salient:
        with pytest.raises(ProblemError) as away:
            salient.livez()
        with pytest.raises(ProblemError) as elsewhere:
            salient.delete_advertiser("adv_1")
    assert (away.value.status, away.value.problem, away.value.retry_after) == (503, None, 2)
    assert str(away.value) == "503 Service Unavailable"
    assert elsewhere.value.status == 302


def test_a_table_is_text() -> None:
    service = Service(httpx.Response(200, text="line,field\n4,price\n"))
    with service.client() as salient:
        assert salient.read_job_report_table("job_1") == "line,field\n4,price\n"
