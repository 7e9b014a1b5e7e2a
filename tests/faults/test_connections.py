"""Connections that hold on: slow headers, more than there is room for, no descriptors left."""

from __future__ import annotations

import socket
import statistics
import time
from contextlib import ExitStack, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

from tests.faults.lone_server import lone_server, read_all, serves_on

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.lone_server import LoneServer

SLOW = 1_000
STARTS = (b"", b"GET /livez", b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ")
CLOSED_WITHIN_SECONDS = 6.0


def serve_others(server: LoneServer, stop: Event, seconds: list[float]) -> None:
    """Ask for ads again and again on one connection until told to stop."""
    with server.connect() as connection:
        while not stop.is_set():
            started = time.perf_counter()
            assert serves_on(connection)
            seconds.append(time.perf_counter() - started)
            time.sleep(0.01)


def test_a_thousand_slow_headers_are_closed_while_others_are_served(tmp_path: Path) -> None:
    with lone_server(tmp_path) as server, ExitStack() as stack:
        stop, seconds = Event(), list[float]()
        other = Thread(target=serve_others, args=(server, stop, seconds))
        other.start()
        opened: list[tuple[float, socket.socket]] = []
        for number in range(SLOW):
            connection = stack.enter_context(server.connect(20))
            connection.sendall(STARTS[number % 3])
            opened.append((time.monotonic(), connection))
        closed = []
        for number, (begun, connection) in enumerate(opened):
            with suppress(OSError):
                connection.sendall(b"" if number % 3 == 0 else b"x")  # a drip does not buy time
            assert b"HTTP/1.1 408" in read_all(connection)[:20]
            closed.append(time.monotonic() - begun)
        stop.set()
        other.join(10)
        assert max(closed) < CLOSED_WITHIN_SECONDS
        assert min(closed) > 4  # and nobody was cut off early
        assert len(seconds) > 100
        assert statistics.median(seconds) < 0.05
        assert max(seconds) < 1


def test_one_connection_too_many_is_told_so(tmp_path: Path) -> None:
    with lone_server(tmp_path, SALIENT_MAX_CONNECTIONS="20") as server, ExitStack() as stack:
        held = [stack.enter_context(server.connect()) for _ in range(20)]
        assert all(serves_on(connection) for connection in held)
        for _ in range(30):
            with server.connect() as refused:
                said = read_all(refused)
            assert said.startswith(b"HTTP/1.1 503")
            assert b"retry-after: 1" in said
            assert b'"code":"service_unavailable"' in said
        assert all(serves_on(connection) for connection in held)
        for connection in held[:5]:
            connection.close()
        time.sleep(0.2)
        assert server.serves()


def test_without_descriptors_it_sheds_and_recovers(tmp_path: Path) -> None:
    with lone_server(tmp_path, files=64) as server, ExitStack() as stack:
        first = stack.enter_context(server.connect())
        assert serves_on(first)
        crowd = []
        for _ in range(300):
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex(("127.0.0.1", server.port))
            crowd.append(stack.enter_context(connection))
        time.sleep(0.5)
        assert serves_on(first)  # those who are in are served
        assert server.process.poll() is None
        for connection in crowd:
            connection.close()
        started = time.monotonic()
        while not server.serves():
            assert time.monotonic() - started < 5
            time.sleep(0.05)
        assert serves_on(first)
