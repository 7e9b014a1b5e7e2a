"""The HTTP server over a unix socket: how it ends, and whom it does not wait for."""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn

from service.api import connection
from service.api.connection import GuardedHttp
from service.api.server import LingeringServer, _LingeringProcess
from tests.unit.api.shop import make_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fastapi import FastAPI

    from service.api.state import State

ASK = {"query": "running shoe", "placement": "search_top"}
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(autouse=True)
def _short_times(monkeypatch: pytest.MonkeyPatch, state: State) -> None:
    monkeypatch.setattr(connection, "HEADER_SECONDS", 0.25)
    monkeypatch.setattr(connection, "BODY_SECONDS", 0.3)
    state.linger_seconds = 0.3


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "s")


@pytest.fixture
async def running(state: State, path: str) -> AsyncIterator[LingeringServer]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, State]]:
        yield {"salient": state}

    app = make_app(state, lifespan=lifespan)
    config = uvicorn.Config(
        app, uds=path, http=GuardedHttp, ws="none", log_config=None, timeout_graceful_shutdown=2
    )
    started = LingeringServer(config)
    task = asyncio.create_task(started._serve())
    async with asyncio.timeout(5):
        await _until_started(started)
    yield started
    started.should_exit = True
    await asyncio.wait_for(task, 5)


async def _until_started(one: LingeringServer) -> None:
    for _ in range(500):
        if one.started:
            return
        await asyncio.sleep(0.01)


@pytest.fixture
async def shopper(running: LingeringServer, path: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(uds=path),
        base_url="http://ads.example",
        headers={"authorization": "Bearer sk_a"},
    ) as client:
        assert running.started
        yield client


async def rest(reader: asyncio.StreamReader) -> bytes:
    """What comes until the server closes."""
    return await asyncio.wait_for(reader.read(), 3.0)


async def test_a_server_that_leaves_says_so_and_serves_on(
    running: LingeringServer, shopper: httpx.AsyncClient
) -> None:
    before = await shopper.post("/v1/ads", json=ASK)
    assert "connection" not in before.headers
    running.handle_exit(signal.SIGTERM, None)
    for _ in range(3):
        answer = await shopper.post("/v1/ads", json=ASK)
        assert (answer.status_code, answer.headers["connection"]) == (200, "close")
        assert len(answer.json()["ads"]) == 2
    leaving = await shopper.get("/readyz")
    assert (leaving.status_code, leaving.json()["status"]) == (503, "draining")
    assert not running.should_exit
    await asyncio.sleep(0.5)
    assert running.should_exit


async def test_a_second_sigterm_or_an_interrupt_ends_at_once(running: LingeringServer) -> None:
    running.handle_exit(signal.SIGTERM, None)
    assert not running.should_exit
    running.handle_exit(signal.SIGTERM, None)
    assert running.should_exit
    running._captured_signals.clear()


async def test_an_interrupt_ends_at_once(running: LingeringServer) -> None:
    running.handle_exit(signal.SIGINT, None)
    assert running.should_exit
    running._captured_signals.clear()


async def test_connections_that_hold_on_to_nothing_are_closed(
    shopper: httpx.AsyncClient, path: str
) -> None:
    starts = [
        b"",
        b"POST /v1/ads HTTP/1.1\r\nHost: x\r\nX-Slow:",
        b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /liv",  # a good request, half of the next
    ]
    opened: list[Pair] = []
    for number in range(30):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(starts[number % 3])
        opened.append((reader, writer))
    answers = await asyncio.gather(*(rest(reader) for reader, _ in opened))
    assert all(answer.count(b"HTTP/1.1 408") == 1 for answer in answers)
    assert sum(answer.count(b'{"status":"alive"}') for answer in answers) == 10
    assert (await shopper.post("/v1/ads", json=ASK)).status_code == 200  # others are well
    for _, writer in opened:
        writer.close()


async def test_a_drip_of_bytes_does_not_buy_time(shopper: httpx.AsyncClient, path: str) -> None:
    reader, writer = await asyncio.open_unix_connection(path)
    started = asyncio.get_running_loop().time()
    with suppress(ConnectionError):
        for byte in b"GET /livez HTTP/1.1\r\nHost: " + b"x" * 170:  # two seconds, if given
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.01)
            if reader.at_eof():
                break
        await rest(reader)
    assert asyncio.get_running_loop().time() - started < 1.5
    writer.close()
    assert (await shopper.get("/livez")).status_code == 200


async def test_headers_without_end_are_cut_off(shopper: httpx.AsyncClient, path: str) -> None:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"GET /livez HTTP/1.1\r\n")
    for number in range(20):
        writer.write(b"X-%d: %b\r\n" % (number, b"x" * 8_000))
    with suppress(ConnectionResetError):  # what is still on its way resets the connection
        assert (await rest(reader)).startswith(b"HTTP/1.1 431")
    writer.close()
    assert (await shopper.get("/livez")).status_code == 200


async def test_a_body_that_does_not_come_is_not_waited_for(
    shopper: httpx.AsyncClient, path: str
) -> None:
    reader, writer = await asyncio.open_unix_connection(path)
    head = b"POST /v1/ads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_a\r\n"
    writer.write(head + b"Content-Length: 100\r\n\r\n{")
    assert (await rest(reader)).startswith(b"HTTP/1.1 408")
    writer.close()
    assert (await shopper.post("/v1/ads", json=ASK)).status_code == 200


async def test_a_body_in_pieces_is_read(shopper: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"query": "running', b' shoe", "placement"', b': "search_top"}'):
            yield piece
            await asyncio.sleep(0.02)

    content: Any = pieces()
    response = await shopper.post("/v1/ads", content=content)
    assert response.status_code == 200
    assert len(response.json()["ads"]) == 2


@pytest.mark.parametrize(("piece", "status"), [(b" " * 60, 200), (b" " * 6, 408)])
async def test_a_long_body_is_waited_for_while_it_comes(
    shopper: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, piece: bytes, status: int
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"query": "running shoe", "placement": "search_top"'
        for _ in range(20):  # a second, of which 0.3 are given
            await asyncio.sleep(0.05)
            yield piece
        yield b"}"

    monkeypatch.setattr(connection, "SLOWEST_BODY", 500)
    content: Any = pieces()
    try:
        answered = (await shopper.post("/v1/ads", content=content)).status_code
    except httpx.WriteError:
        answered = 408  # the connection was closed before it was read
    assert answered == status


async def test_a_request_is_timed_from_its_arrival(
    shopper: httpx.AsyncClient, state: State
) -> None:
    state.docket.clock.typical_seconds = 0.0
    response = await shopper.post("/v1/ads", json=ASK | {"timeout_ms": 1_000})
    assert 0 < response.json()["took_ms"] < 1_000


def test_each_of_several_processes_leaves_as_one_does() -> None:
    process = _LingeringProcess(uvicorn.Config("a:b", log_config=None), [])
    assert isinstance(process.server, LingeringServer)
    assert process.server is process.server
    process.parent_conn.close()
    process.child_conn.close()
