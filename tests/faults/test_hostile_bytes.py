"""Bytes that are no request, lie about their length, never end, or are far too many."""

from __future__ import annotations

import json
import re
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.lone_server import ASK, BODY, KEY, LoneServer, lone_server, read_all, serves_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MIB = 1024 * 1024
HEAD = b"POST /v1/ads HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
MOST_GROWTH = 20 * MIB

REFUSED = {
    "no HTTP": (b"shoes\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64, 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "an unknown method": (b"SHOP /livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a tunnel": (b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "NUL in the path": (b"GET /li\0vez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a space in the path": (b"GET /li vez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "bytes in the path": (b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "escaped NUL in the path": (b"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "escaped bytes in the path": (b"GET /v1/%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "dots in the path": (b"GET /static/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "escaped dots": (b"GET /static/..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "a long path": (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "a path without end": (b"GET /" + b"a" * MIB, 414),
    "a long query string": (b"GET /livez?" + b"a" * 9_000 + b" HTTP/1.1\r\n\r\n", 414),
    "a long header": (b"GET /livez HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    "a header without end": (b"GET /livez HTTP/1.1\r\nX: " + b"a" * MIB, 431),
    "many headers": (b"GET /livez HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", 431),
    "NUL in a header": (b"GET /livez HTTP/1.1\r\nX: a\0b\r\n\r\n", 400),
    "a header without a name": (b"GET /livez HTTP/1.1\r\n: x\r\n\r\n", 400),
    "a space before the colon": (HEAD + KEY + b"Content-Length : 2\r\n\r\n{}", 400),
    "a folded header": (b"GET /livez HTTP/1.1\r\nX: a\r\n b\r\n\r\n", 400),
    "two lengths": (HEAD + KEY + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
    "a negative length": (HEAD + KEY + b"Content-Length: -2\r\n\r\n{}", 400),
    "a length in words": (HEAD + KEY + b"Content-Length: two\r\n\r\n{}", 400),
    "a length of many digits": (HEAD + KEY + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n", 400),
    "length and chunks": (
        HEAD + KEY + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "chunks of no size": (HEAD + KEY + b"Transfer-Encoding: chunked\r\n\r\nx\r\n{}\r\n", 400),
    "a chunk of many digits": (
        HEAD + KEY + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n",
        400,
    ),
    "chunks, then something else": (
        HEAD + KEY + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a packed body": (HEAD + KEY + b"Content-Encoding: gzip\r\n" + LENGTH + b"\r\n" + BODY, 415),
    "no media type that is taken": (
        b"POST /v1/ads HTTP/1.1\r\nHost: x\r\nContent-Type: text/html\r\n"
        + KEY + LENGTH + b"\r\n" + BODY,
        415,
    ),
    "no key": (HEAD + LENGTH + b"\r\n" + BODY, 401),
    "bytes as a key": (HEAD + b"Authorization: Bearer \xff\r\n" + LENGTH + b"\r\n" + BODY, 401),
    "an announced body that is too long": (HEAD + KEY + b"Content-Length: 70000\r\n\r\n", 413),
    "deep nesting": (
        b"POST /v1/events HTTP/1.1\r\nHost: x\r\n" + KEY + b"Content-Length: 100000\r\n\r\n"
        + b"[" * 100_000,
        400,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoneServer]:
    with lone_server(tmp_path_factory.mktemp("state")) as running:
        assert running.serves()
        yield running


def statuses(answers: bytes) -> list[int]:
    """The statuses of all answers in what came."""
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


def problem_in(answer: bytes) -> tuple[int, dict[str, Any]]:
    """The status and the body of the first answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head, answer[:300]
    return int(head.split()[1]), json.JSONDecoder().raw_decode(body.decode())[0]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_good_request_gets_a_problem(server: LoneServer, name: str) -> None:
    sent, status = REFUSED[name]
    answer = server.answer(sent)
    found, problem = problem_in(answer)
    assert (found, problem["status"]) == (status, status), answer[:400]
    assert problem["detail"]
    assert problem["code"]
    assert len(statuses(answer)) == 1
    assert server.serves()


def test_an_upgrade_is_not_taken_up(server: LoneServer) -> None:
    for protocol in (b"websocket", b"h2c"):
        upgrade = b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\n"
        answer = server.answer(b"GET /livez HTTP/1.1\r\nHost: x\r\n" + upgrade + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 200")


def test_a_body_longer_than_its_length_is_no_second_request(server: LoneServer) -> None:
    answer = server.answer(HEAD + KEY + LENGTH + b"\r\n" + BODY + b"GARBAGE" * 10)
    assert statuses(answer)[-1] == 400
    assert statuses(answer).count(200) <= 1


def pour(server: LoneServer, head: bytes, chunks: Iterable[bytes]) -> tuple[int, int]:
    """Send `chunks` after `head` until the server closes: its status, and how many bytes went."""
    sent = 0
    with server.connect() as connection:
        try:
            connection.sendall(head)
            for chunk in chunks:
                connection.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass  # it had enough
        return problem_in(read_all(connection))[0], sent


def test_a_hundred_megabytes_are_not_read(server: LoneServer) -> None:
    before = server.resident_bytes()
    data = [b" " * 65_536] * 1_600  # 100 MiB
    announced = b"Content-Length: %d\r\n\r\n" % (100 * MIB)
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"
    for head, chunks, status in (
        (HEAD + KEY + announced, data, 413),
        (HEAD + announced, data, 401),
        (HEAD + KEY + chunked, (b"10000\r\n%b\r\n" % one for one in data), 413),
        (HEAD + chunked, (b"10000\r\n%b\r\n" % one for one in data), 401),
    ):
        found, sent = pour(server, head, chunks)
        assert found == status
        assert sent < 16 * MIB  # the rest of what was sent stands in the kernel's buffers
    assert server.resident_bytes() - before < MOST_GROWTH


def test_chunks_without_end_are_cut_off(server: LoneServer) -> None:
    before = server.resident_bytes()
    head = HEAD.replace(b"ads", b"events") + KEY + b"Transfer-Encoding: chunked\r\n\r\n"
    status, sent = pour(server, head, (b"1\r\n \r\n" * 10_000 for _ in count()))
    assert status == 413
    assert sent < 60 * MIB
    assert server.resident_bytes() - before < MOST_GROWTH


def test_a_connection_outlives_a_refused_body(server: LoneServer) -> None:
    with server.connect() as connection:
        for _ in range(3):
            connection.sendall(HEAD + LENGTH + b"\r\n" + BODY)  # no key: the body is not read
            head = connection.recv(65_536)
            assert head.startswith(b"HTTP/1.1 401")
            assert serves_on(connection)


def test_a_hundred_pipelined_requests_are_answered_in_order(server: LoneServer) -> None:
    assert statuses(server.answer(ASK * 100)) == [200] * 100
