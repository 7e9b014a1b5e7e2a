"""Webhooks: made over REST, called by the real worker, heard by a real server."""

from __future__ import annotations

import asyncio
import hmac
import subprocess
from hashlib import sha256
from pathlib import Path
from time import perf_counter, time
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from service.worker import webhooks as worker_webhooks
from service.worker.webhook_call import Caller, signature
from tests.integration.api.conftest import Service, within
from tests.integration.api.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

ALL = ["campaign.budget_low", "campaign.ended", "import.done"]
REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
BROKEN = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
ENDLESS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that signed itself, with its key."""
    made = tmp_path_factory.mktemp("tls") / "localhost.pem"
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
        "subjectAltName=DNS:localhost", "-keyout", str(made), "-out", f"{made}.crt",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own words
    made.write_bytes(made.read_bytes() + Path(f"{made}.crt").read_bytes())
    return made


@pytest.fixture
def private_webhooks() -> bool:
    return True


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    await made.open()
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look and try again in a fraction of the time; all else is as it is."""
    monkeypatch.setattr(worker_webhooks, "LOOK_EVERY_SECONDS", 0.1)
    made = worker_webhooks.Deliverer.__init__

    def init(self: Any, engine: Any, private: bool) -> None:
        made(self, engine, private, first_pause_seconds=0.2, look_every_seconds=0.05)

    monkeypatch.setattr(worker_webhooks.Deliverer, "__init__", init)


async def call(service: Service, method: str, path: str, **options: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {options.pop('key', service.shop.secret)}"}
    return await service.client.request(method, path, headers=headers, **options)


async def hook(service: Service, url: str, events: list[str] = ALL, **options: Any) -> Any:
    body = {"url": url, "events": events}
    answer = await call(service, "POST", "/v1/webhooks", json=body, **options)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def spend(service: Service, micros: int) -> None:
    async with service.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE campaigns SET spent_micros = %s WHERE id = %s",
            (micros, service.shop.campaign.campaign_id),
        )


async def deliveries(service: Service, made: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await call(service, "GET", f"/v1/webhooks/{made['id']}/deliveries")
    shown: list[dict[str, Any]] = answer.json()["data"]
    return shown


async def settled(service: Service, made: dict[str, Any], status: str) -> dict[str, Any]:
    """The newest delivery, once it is of this status."""

    async def look() -> dict[str, Any] | None:
        found = await deliveries(service, made)
        return found[0] if found and found[0]["status"] == status else None

    delivery: dict[str, Any] = await within(10, look)
    return delivery


async def heard(receiver: Receiver, number: int) -> None:
    async def enough() -> bool:
        return len(receiver.received) >= number

    await within(10, enough)


async def test_a_shrinking_budget_is_told_at_80_and_95_percent_and_at_its_end(
    service: Service, receiver: Receiver
) -> None:
    made = await hook(service, receiver.url)
    assert made["secret"].startswith("whsec_")
    for spent, percents in ((79_999_999, []), (80_000_000, [80]), (95_000_000, [80, 95])):
        await spend(service, spent)
        await heard(receiver, len(percents))
        assert [one.event["data"]["percent"] for one in receiver.received] == percents
    await spend(service, 100_000_000)
    await heard(receiver, 3)
    last = receiver.received[-1]
    campaign = service.shop.campaign
    assert last.event["type"] == "campaign.ended"
    assert last.event["data"] == {
        "campaign_id": campaign.campaign_id,
        "advertiser_id": campaign.advertiser_id,
        "name": "All lamps",
        "budget_micros": 100_000_000,
        "spent_micros": 100_000_000,
        "reason": "budget",
    }
    # signed: who knows the secret can tell that we sent it, and when
    when, _, digest = last.headers["salient-signature"].partition(",v1=")
    seconds = int(when.removeprefix("t="))
    assert abs(time() - seconds) < 30
    signed = f"{seconds}.".encode() + last.body
    assert digest == hmac.new(made["secret"].encode(), signed, sha256).hexdigest()
    assert last.headers["salient-event-id"] == last.event["id"]
    assert last.headers["content-type"] == "application/json"

    delivery = await settled(service, made, "delivered")
    assert (delivery["event_id"], delivery["tries"], delivery["last_status"]) == (
        last.event["id"], 1, 204
    )  # fmt: skip
    # with more budget it can come to that again
    async with service.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE campaigns SET budget_micros = 120000000 WHERE id = %s", (campaign.campaign_id,)
        )
    await heard(receiver, 4)
    assert receiver.received[3].event["data"]["percent"] == 80
    assert len({one.event["id"] for one in receiver.received}) == 4


async def test_the_end_of_a_campaign_and_of_an_import_are_told_once(
    service: Service, receiver: Receiver
) -> None:
    await hook(service, receiver.url, ["campaign.ended", "import.done"])
    async with service.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE campaigns SET ends_at = now() - interval '1 second' WHERE id = %s",
            (service.shop.campaign.campaign_id,),
        )
    await heard(receiver, 1)
    assert receiver.received[0].event["data"]["reason"] == "end_date"
    upload = await call(
        service,
        "POST",
        "/v1/products/import",
        content=b'{"id": "900001", "title": "Lamp", "link": "/p/900001", "price": "9.90 EUR"}\n',
    )
    assert upload.status_code == 415  # what an upload is has to be said
    await service.client.post(
        "/v1/products/import",
        content=b'{"id": "900001", "title": "Lamp", "link": "/p/900001", "price": "9.90 EUR"}\n',
        headers={
            "authorization": f"Bearer {service.shop.secret}",
            "content-type": "application/x-ndjson",
        },
    )
    await heard(receiver, 2)
    told = receiver.received[1].event
    assert (told["type"], told["data"]["kind"], told["data"]["status"]) == (
        "import.done", "product_import", "done"
    )  # fmt: skip
    assert told["data"]["good"] == 1
    await asyncio.sleep(0.5)  # five looks later
    assert len(receiver.received) == 2


async def test_what_fails_is_tried_again_with_the_same_event_until_it_is_heard(
    service: Service, receiver: Receiver
) -> None:
    receiver.answers = [BROKEN, REDIRECT, BROKEN]
    made = await hook(service, receiver.url, ["campaign.ended"])
    started = perf_counter()
    await spend(service, 100_000_000)
    delivery = await settled(service, made, "delivered")
    assert perf_counter() - started >= 0.2 + 0.4 + 0.8  # each pause twice the one before
    assert delivery["tries"] == 4
    assert {one.path for one in receiver.received} == {"/hook"}  # no redirect was followed
    assert len({one.event["id"] for one in receiver.received}) == 1
    assert len({one.body for one in receiver.received}) == 1


async def test_after_a_day_it_is_given_up_and_says_why(
    service: Service, receiver: Receiver
) -> None:
    receiver.answers = [BROKEN] * 100
    made = await hook(service, receiver.url, ["campaign.ended"])
    await spend(service, 100_000_000)
    await heard(receiver, 1)
    async with service.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE webhook_deliveries SET created_at = created_at - interval '1 day'"
        )
    delivery = await settled(service, made, "given_up")
    assert (delivery["last_status"], delivery["last_error"]) == (500, "answered 500")
    assert delivery["next_try_at"] is None
    calls = len(receiver.received)
    await spend(service, 99_000_000)
    assert len(receiver.received) == calls


async def test_a_receiver_that_hangs_or_never_ends_holds_up_no_other(
    service: Service, receiver: Receiver
) -> None:
    slow = Receiver([None, None])
    await slow.open()
    flood = Receiver([ENDLESS])
    await flood.open()
    hung = await hook(service, slow.url, ["campaign.ended"])
    flooded = await hook(service, flood.url, ["campaign.ended"])
    await hook(service, receiver.url, ["campaign.ended"])
    started = perf_counter()
    await spend(service, 100_000_000)
    await heard(receiver, 1)
    assert perf_counter() - started < 3
    assert (await settled(service, flooded, "delivered"))["last_status"] == 200
    assert flood.sent_bytes < 10_000_000  # its 131 MB were not read

    async def failed() -> dict[str, Any] | None:
        delivery = (await deliveries(service, hung))[0]
        return delivery if delivery["last_error"] else None

    delivery = await within(8, failed)
    assert delivery["last_error"] == "no answer within 5 s"
    await slow.close()
    await flood.close()


async def test_https_is_spoken_and_a_certificate_that_nobody_trusts_is_refused(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure = Receiver()
    await secure.open(certificate)
    assert secure.url.startswith("https://localhost:")
    outcome = await _once(secure.url)
    assert "CERTIFICATE_VERIFY_FAILED" in (outcome.error or "")
    assert secure.received == []
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    assert (await _once(secure.url)).status == 204
    other_name = secure.url.replace("localhost", "127.0.0.1")
    assert "CERTIFICATE_VERIFY_FAILED" in ((await _once(other_name)).error or "")
    assert [one.headers["host"] for one in secure.received] == [secure.url.split("/")[2]]
    await secure.close()


async def _once(url: str, *, private: bool = True) -> Any:
    caller = Caller(private=private)
    try:
        return await caller.call(url, b"{}", {"Salient-Signature": signature("s", b"{}", 1)})
    finally:
        await caller.close()


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "127.0.0.1.", "[::ffff:7f00:1]"])
async def test_an_address_inside_is_refused_when_it_is_resolved(
    receiver: Receiver, host: str
) -> None:
    url = receiver.url.replace("http://localhost", f"https://{host}")
    outcome = await _once(url, private=False)
    assert "public" in (outcome.error or ""), outcome
    assert receiver.received == []


async def test_the_secret_is_shown_once_and_bad_urls_are_named(
    service: Service, receiver: Receiver
) -> None:
    body = {"url": receiver.url, "events": ["import.done", "import.done"]}
    headers = {"authorization": f"Bearer {service.shop.secret}", "idempotency-key": "one"}
    first, again = [
        await service.client.post("/v1/webhooks", json=body, headers=headers) for _ in range(2)
    ]
    assert first.json()["id"] == again.json()["id"]
    assert (again.json()["secret"], again.headers["idempotent-replayed"]) == (None, "true")
    assert first.json()["events"] == ["import.done"]
    own = f"/v1/webhooks/{first.json()['id']}"
    shown = await call(service, "GET", own)
    assert "secret" not in shown.json()
    assert first.json()["secret"] not in str(await service.rows("SELECT after FROM audit_log"))
    for url in ("ftp://localhost/", "http://user@localhost/"):
        bad = await call(service, "PATCH", own, json={"url": url})
        assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/url")
    service.state.private_webhooks = False
    for url in ("http://shop.example/", "https://10.0.0.8/", "https://localhost/"):
        bad = await call(service, "POST", "/v1/webhooks", json={**body, "url": url})
        assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/url")
    assert (await call(service, "DELETE", own)).status_code == 204
    assert (await call(service, "GET", own)).status_code == 404


async def test_switched_off_it_gives_up_what_waits_and_hears_no_more(
    service: Service, receiver: Receiver
) -> None:
    receiver.answers = [BROKEN] * 100
    made = await hook(service, receiver.url)
    await spend(service, 80_000_000)
    await heard(receiver, 1)
    off = await call(service, "PATCH", f"/v1/webhooks/{made['id']}", json={"active": False})
    assert off.json()["active"] is False
    delivery = await settled(service, made, "given_up")
    assert delivery["last_error"] == "the webhook was switched off"
    await spend(service, 100_000_000)
    await service.rows_within(5, "SELECT FROM webhook_events WHERE type = 'campaign.ended'")
    assert len(await deliveries(service, made)) == 1


async def test_a_merchant_hears_of_its_own_campaigns_only(
    service: Service, receiver: Receiver
) -> None:
    advertiser = {"name": "Rival"}
    rival = (await call(service, "POST", "/v1/advertisers", json=advertiser)).json()["id"]
    keys = []
    for owner in (rival, service.shop.campaign.advertiser_id):
        spec = {"name": "k", "kind": "secret", "scopes": ["manage"], "advertiser_id": owner}
        keys.append((await call(service, "POST", "/v1/keys", json=spec)).json()["key"])

    async def known() -> bool:
        answers = [await call(service, "GET", "/v1/webhooks", key=key) for key in keys]
        return all(answer.status_code == 200 for answer in answers)

    await within(10, known)
    theirs = await hook(service, receiver.url, ALL, key=keys[0])
    own = await hook(service, receiver.url, ["campaign.ended"], key=keys[1])
    assert own["advertiser_id"] == service.shop.campaign.advertiser_id
    gone = await call(service, "GET", f"/v1/webhooks/{theirs['id']}/deliveries", key=keys[1])
    assert gone.status_code == 404
    await spend(service, 100_000_000)
    await settled(service, own, "delivered")
    assert await deliveries(service, theirs) == []
    assert receiver.types() == ["campaign.ended"]
