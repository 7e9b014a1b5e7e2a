"""Row 9: Postgres slow, read-only, hanging, or full. Ads do not notice; management says 503."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import AsyncConnection
from psycopg.errors import OperationalError
from sqlalchemy import make_url, text

from service.api import ads
from service.api.gathering import gather
from service.store.postgres import open_engine
from tests.integration.api.conftest import Cuttable
from tests.integration.api.management.conftest import house  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.integration.api.management.conftest import House

ASK = {"query": "lamp", "placement": "search_top", "timeout_ms": 1000}  # busy machines
NAME = {"name": "Strained"}


class Slow(Cuttable):
    """A way that takes its time with everything that it carries."""

    seconds = 0.0

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            await self._flows.wait()
            await asyncio.sleep(self.seconds)
            sink.write(data)
            await sink.drain()
        sink.transport.abort()


@pytest.fixture
async def way(house: House, database_url: str, tmp_path: Path) -> AsyncIterator[Slow]:  # noqa: F811
    """The way of the API to its Postgres."""
    url = make_url(database_url)
    socket = f".s.PGSQL.{url.port or 5432}"
    made = Slow(f"{url.query['host']}/{socket}", tmp_path / socket)
    await made.mend()
    through = url.update_query_dict({"host": str(tmp_path)}).render_as_string(hide_password=False)
    house.state.database = engine = open_engine(through, statement_seconds=5)
    yield made
    made.thaw()
    made.seconds = 0.0
    await engine.dispose()
    await made.cut()


async def ads_took(house: House, requests: int = 60) -> float:  # noqa: F811
    """The median seconds of a request for ads, one after the other; each must show some."""
    loop = asyncio.get_running_loop()
    took = []
    for _ in range(requests):
        started = loop.time()
        answer = await house.call("POST", "/v1/ads", json=ASK)
        took.append(loop.time() - started)
        assert answer.json()["ads"], answer.text
    return median(took)


async def fill(database_url: str, stack: AsyncExitStack) -> None:
    """Open connections, held by `stack`, until Postgres gives no more."""
    for _ in range(200):
        held = await AsyncConnection.connect(database_url)
        stack.push_async_callback(held.close)
        await held.execute("SELECT 1")


async def change(house: House) -> int:  # noqa: F811
    """The status of a write; 503 tells when to come back."""
    answer = await house.call("POST", "/v1/advertisers", json=NAME)
    if answer.status_code == 503:
        assert answer.json()["code"] == "store_unavailable"
        assert answer.headers["retry-after"] == "1"
    return answer.status_code


async def test_half_a_second_a_packet_slows_management_alone(house: House, way: Slow) -> None:  # noqa: F811
    await ads_took(house)
    usual = await ads_took(house)
    way.seconds = 0.5
    changing = [asyncio.create_task(change(house)) for _ in range(4)]
    while_slow = await ads_took(house)
    statuses = {await task for task in changing}
    assert statuses <= {201, 503}
    assert while_slow < 2 * usual + 0.002  # one process serves both here, so a little is shared
    way.seconds = 0.0
    assert await change(house) == 201


async def test_a_postgres_that_hangs_holds_up_no_ad(house: House, way: Slow) -> None:  # noqa: F811
    assert await change(house) == 201
    await ads_took(house)
    usual = await ads_took(house)
    way.freeze()
    started = asyncio.get_running_loop().time()
    changing = [asyncio.create_task(change(house)) for _ in range(12)]  # more than the pool has
    while_hanging = await ads_took(house)
    assert {await task for task in changing} == {503}
    assert asyncio.get_running_loop().time() - started < 10
    assert while_hanging < 2 * usual + 0.002
    way.thaw()
    assert await change(house) == 201


async def test_a_postgres_without_room_for_one_more_is_503(
    house: House,  # noqa: F811
    database_url: str,
) -> None:
    house.state.database = engine = open_engine(database_url)  # nothing in its pool yet
    async with AsyncExitStack() as stack:
        with pytest.raises(OperationalError):  # as a hundred idle transactions would
            await fill(database_url, stack)
        assert await change(house) == 503
        assert await ads_took(house, 5) > 0
    assert await change(house) == 201
    await engine.dispose()


async def test_a_postgres_that_takes_no_writes_is_503_and_reads_go_on(
    house: House,  # noqa: F811
    database_url: str,
) -> None:
    read_only = {"options": "-c default_transaction_read_only=on"}  # as a standby, or by order
    url = make_url(database_url).update_query_dict(read_only)
    before = house.state.database
    house.state.database = engine = open_engine(url.render_as_string(hide_password=False))
    assert await change(house) == 503
    assert (await house.call("GET", "/v1/advertisers")).status_code == 200
    assert await ads_took(house, 5) > 0
    house.state.database = before
    assert await change(house) == 201
    await engine.dispose()


async def test_mutant_that_asks_postgres_for_an_ad_is_caught(
    house: House,  # noqa: F811
    way: Slow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def curious(known: Any, store_id: str, state: Any, now: float, deadline: float) -> Any:
        async with state.database.connect() as connection:
            await connection.execute(text("SELECT 1"))
        return await gather(known, store_id, state, now, deadline)

    monkeypatch.setattr(ads, "gather", curious)
    usual = await ads_took(house, 10)
    way.seconds = 0.05
    assert await ads_took(house, 5) > 2 * usual + 0.002


async def test_a_write_of_which_the_answer_was_lost_is_done_once(house: House, way: Slow) -> None:  # noqa: F811
    """Cut at any moment and asked again with its Idempotency-Key, it makes one."""
    for number in range(12):
        headers = {"idempotency-key": f"cut {number}"}
        body = {"name": f"Cut {number}"}
        way.seconds = 0.005
        asking = asyncio.create_task(
            house.call("POST", "/v1/advertisers", json=body, headers=headers)
        )
        await asyncio.sleep(0.01 * number)
        await way.cut()
        assert (await asking).status_code in {201, 503}
        way.seconds = 0.0
        await way.mend()
        again = await house.call("POST", "/v1/advertisers", json=body, headers=headers)
        assert again.status_code == 201
    counted = await house.rows("SELECT count(*) FROM advertisers WHERE name LIKE 'Cut %'")
    assert counted[0][0] == 12
