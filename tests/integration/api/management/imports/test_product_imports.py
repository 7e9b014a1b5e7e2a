"""Catalogues through the real application, by a real worker's loop on a real Postgres."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import TYPE_CHECKING

import pytest

from service.store.feeds import intake
from service.worker.jobs import JobRunner
from tests.integration.api.management.imports.importing import (
    CSV,
    HEAD,
    NDJSON,
    PATH,
    TSV,
    counts,
    done,
    post,
    report,
    titles,
    working,
)
from tests.integration.worker.shop import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.api.management.conftest import House

_CSV_LAMP = '"a1","Desk &amp; floor lamp",39.90,"dimmable,""brass, solid""",G:Watts:5\n'
_TSV_LAMP = 'a1\tDesk &amp;amp; floor lamp\t39.90 EUR\tdimmable,"brass, solid"\tG:Watts:5\n'
_JSON_LAMP = (
    '{"id": "a1", "title": "Desk & floor <b>lamp</b>", "price": "EUR 39,90",'
    ' "product_highlight": ["dimmable", "brass, solid"], "product_detail":'
    ' [{"section_name": "G", "attribute_name": "Watts", "attribute_value": "5"}]}\n'
)


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        (CSV, HEAD + _CSV_LAMP),
        (TSV, HEAD.replace(",", "\t") + _TSV_LAMP),
        (f"{NDJSON}; charset=utf-8", _JSON_LAMP),
    ],
)
async def test_a_feed_of_each_format_becomes_a_product(
    house: House, runner: JobRunner, media_type: str, content: str
) -> None:
    answer = await post(house, content, media_type)
    assert answer.json()["status"] == "queued"
    assert answer.json()["id"].startswith("job_")
    job = await done(house, runner, answer)
    assert (job["status"], job["progress"], job["error"]) == ("done", 1.0, None)
    assert counts(job) == (1, 1, 0, 0)
    rows = await house.rows(
        "SELECT title, price_micros, highlights, attributes FROM products"
        " WHERE store_id = :id AND product_id = 'a1'",
        id=house.shop.store_id,
    )
    expected = ("Desk & floor lamp", 39_900_000, ["dimmable", "brass, solid"], {"Watts": "5"})
    assert rows == [expected]
    assert await house.rows("SELECT count(*) FROM job_chunks") == [(0,)]


async def test_good_lines_are_kept_and_every_bad_one_is_named(
    house: House, runner: JobRunner
) -> None:
    content = b"".join(
        [
            b"id,title,price,gtin\n",
            b"b1,Lamp,10,4006381333931\n",
            b"b2,,10,\n",
            b"b3,Caf\xe9,10,\n",
            b"b4,NUL\0lamp,10,\n",
            b'b5,"' + b"x" * 1_000_000 + b'",10,\n',
            b"b1,Again,10,\n",
            b"b6,=cmd|' /C calc'!A0,10,\n",
            b"b7,Rug,10 USD,\n",
            b"b8,Rug,10\n",
            b'b9,"open,10,\n',
            b"c1,Last,10,",
        ]
    )
    job = await done(house, runner, await post(house, content))
    assert job["status"] == "done"
    assert counts(job) == (4, 4, 7, 1)
    assert job["lines"] == 12
    found = await report(house, job)
    assert [one[:3] for one in found] == [
        (2, "warning", "gtin"),
        (3, "error", "title"),
        (4, "error", "(line)"),
        (6, "error", "(line)"),
        (7, "error", "id"),
        (9, "error", "price"),
        (10, "error", "(columns)"),
        (11, "error", "(line)"),
    ]
    assert [one[3] for one in found[4:6]] == ["'b1'", "'10 USD'"]
    assert found[3][3].startswith("'b5,")
    assert len(found[3][3]) < 200
    page = await house.read(f"{job['report']}?limit=1000")
    assert page["data"][4]["advice"] == "line 2 has it already; keep one of them"
    assert await titles(house, "b") == ["Lamp", "NUL lamp", "=cmd|' /C calc'!A0"]
    assert await titles(house, "c") == ["Last"]


async def test_a_report_comes_in_pages_and_as_a_table_without_formulas(
    house: House, runner: JobRunner
) -> None:
    head = '"=HYPERLINK(""x"")",id,title,price\n'
    content = head + "".join(f",d{row},,10\n" for row in range(1, 2501))
    job = await done(house, runner, await post(house, content))
    assert counts(job) == (0, 0, 2500, 1)
    seen: list[int] = []
    path: str | None = f"{job['report']}?limit=999"
    while path is not None:
        page = await house.read(path)
        seen += [one["line"] for one in page["data"] if one["severity"] == "error"]
        path = page["next"] and f"{job['report']}?limit=999&cursor={page['next']}"
    assert seen == list(range(2, 2502))
    table = await house.call("GET", f"{job['report']}.csv")
    assert table.headers["content-type"].startswith("text/csv")
    lines = list(csv.reader(io.StringIO(table.text)))
    assert lines[0] == ["line", "severity", "field", "received", "advice"]
    assert len(lines) == 2502
    assert lines[1][:3] == ["2", "warning", '\'=hyperlink("x")']
    assert not [cell for line in lines for cell in line if cell[:1] in tuple("=+-@")]


async def test_importing_again_changes_nothing_and_a_dry_run_changes_nothing(
    house: House, runner: JobRunner
) -> None:
    content = HEAD + "".join(f"e{row},Lamp {row},10,,\n" for row in range(4500))
    version = "SELECT catalogue_version FROM stores WHERE id = :id"
    before = await house.rows(version, id=house.shop.store_id)
    dry = await done(house, runner, await post(house, content, path=f"{PATH}?dry_run=true"))
    assert (dry["dry_run"], counts(dry)) == (True, (4500, 4500, 0, 0))
    assert await titles(house, "e") == []
    assert await house.rows(version, id=house.shop.store_id) == before
    first = await done(house, runner, await post(house, content))
    again = await done(house, runner, await post(house, content))
    assert counts(first) == (4500, 4500, 0, 0)
    assert counts(again) == (4500, 0, 0, 0)
    assert len(await titles(house, "e")) == 4500


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", "the upload holds nothing to import: give one line for each"),
        (HEAD, "the upload holds nothing to import: give one line for each"),
        (b"\xff\xfei\x00d\x00\n", "save the file as UTF-8"),
    ],
)
async def test_an_upload_that_holds_nothing_fails_with_a_reason(
    house: House, runner: JobRunner, content: str | bytes, error: str
) -> None:
    job = await done(house, runner, await post(house, content))
    assert job["status"] == "failed"
    assert error in job["error"]
    assert await house.rows("SELECT count(*) FROM job_chunks") == [(0,)]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"content-type": "application/pdf"}, 415, "unsupported_media_type"),
        ({"content-type": "text/csv; charset=latin-1"}, 415, "unsupported_media_type"),
        ({"content-type": CSV, "content-encoding": "gzip"}, 415, "unsupported_media_type"),
        ({"content-type": CSV, "content-length": "268435457"}, 413, "body_too_large"),
    ],
)
async def test_an_upload_of_another_kind_is_refused(
    house: House, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await house.call("POST", PATH, content=b"id\n", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await house.rows("SELECT count(*) FROM job_chunks") == [(0,)]


async def test_an_upload_that_grows_too_long_is_refused_while_it_arrives(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.management.uploads.UPLOAD_LIMIT", 3_000_000)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 500_000

    headers = {"content-type": CSV}
    answer = await house.call("POST", PATH, content=pieces(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert await house.rows("SELECT count(*) FROM job_chunks") == [(0,)]
    assert await house.rows("SELECT count(*) FROM jobs WHERE status = 'queued'") == [(0,)]


async def test_the_same_upload_sent_again_is_one_job(house: House, runner: JobRunner) -> None:
    headers = {"idempotency-key": "feed of today"}
    content = HEAD + "f1,Lamp,10,,\n"
    answers = await asyncio.gather(*(post(house, content, headers=headers) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [202] * 4
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 3
    other = await post(house, HEAD + "f1,Rug,10,,\n", headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert await house.rows("SELECT count(DISTINCT job_id) FROM job_chunks") == [(1,)]
    job = await done(house, runner, answers[0])
    assert counts(job) == (1, 1, 0, 0)
    assert await titles(house, "f") == ["Lamp"]


async def test_two_imports_at_once_by_two_workers_are_both_taken(
    house: House, runner: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake.batches, "__defaults__", (300,))
    first = HEAD + "".join(f"g{row},Lamp {row},10,,\n" for row in range(3000))
    second = HEAD + "".join(f"g{row},Rug {row},10,,\n" for row in reversed(range(3000)))
    answers = [await post(house, first), await post(house, second)]
    rival = JobRunner(house.engine, runner.works, lease_seconds=1.0)
    async with working(runner), working(rival):
        for answer in answers:

            async def over(path: str = answer.headers["location"]) -> bool:
                return bool((await house.read(path))["finished_at"])

            await eventually(over, seconds=30)
    jobs = [await house.read(answer.headers["location"]) for answer in answers]
    assert [(job["status"], job["good"], job["bad"]) for job in jobs] == [("done", 3000, 0)] * 2
    found = await titles(house, "g")
    assert len(found) == 3000
    # each row is one of the two, whole; whoever came last to a row wrote it
    assert {title.split()[0] for title in found} <= {"Lamp", "Rug"}
    ids = [job["id"] for job in jobs]
    attempts = await house.rows("SELECT attempt FROM jobs WHERE id = ANY(:ids)", ids=ids)
    assert attempts == [(1,), (1,)]


async def test_a_job_is_claimed_by_one_worker_only(house: House, runner: JobRunner) -> None:
    ids = [(await post(house, HEAD + "h1,Lamp,10,,\n")).json()["id"] for _ in range(5)]
    rivals = [JobRunner(house.engine, runner.works) for _ in range(5)]
    took = await asyncio.gather(*(rival.do_one(asyncio.Event()) for rival in rivals))
    assert took == [True] * 5
    attempts = await house.rows("SELECT attempt FROM jobs WHERE id = ANY(:ids)", ids=ids)
    assert attempts == [(1,)] * 5
    assert not await runner.do_one(asyncio.Event())


async def test_too_many_waiting_jobs_are_refused_before_the_upload_is_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.management.uploads.MOST_WAITING", 2)
    for _ in range(2):
        assert (await post(house, HEAD + "i1,Lamp,10,,\n")).status_code == 202
    refused = await post(house, HEAD + "i1,Lamp,10,,\n")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    theirs = await post(house, HEAD + "i1,Lamp,10,,\n", key=house.other.admin)
    assert theirs.status_code == 202
    await house.run("DELETE FROM jobs")


async def test_jobs_are_listed_newest_first_and_only_to_their_store(
    house: House, runner: JobRunner
) -> None:
    ids = [(await post(house, HEAD + f"j{n},Lamp,10,,\n")).json()["id"] for n in range(3)]
    listed = await house.read("/v1/jobs?limit=2")
    assert [one["id"] for one in listed["data"]] == ids[:0:-1]
    rest = await house.read(f"/v1/jobs?limit=2&cursor={listed['next']}")
    assert rest["data"][0]["id"] == ids[0]
    assert (await house.read("/v1/jobs?status=running"))["data"] == []
    assert (await house.read("/v1/jobs", key=house.other.admin))["data"] == []
    assert (await house.read("/v1/jobs", key=house.shop.merchant))["data"] == []
    for key in (house.other.admin, house.shop.merchant):
        for path in ("", "/report", "/report.csv"):
            answer = await house.call("GET", f"/v1/jobs/{ids[0]}{path}", key=key)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    await done(house, runner, await post(house, HEAD))


async def test_a_merchant_may_not_import_products(house: House) -> None:
    answer = await post(house, HEAD, key=house.shop.merchant)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_who_imported_what_stands_in_the_audit_log(house: House, runner: JobRunner) -> None:
    job = await done(house, runner, await post(house, HEAD + "k1,Lamp,10,,\n"))
    entries = (await house.read(f"/v1/audit-log?resource_id={job['id']}"))["data"]
    assert [(one["resource"], one["action"]) for one in entries] == [("job", "create")]
    assert entries[0]["after"]["kind"] == "product_import"
