"""Cases made from the OpenAPI document of a running service: none may be an error of ours.

`python -m tests.faults.fuzz --seed 0 --cases 100000` starts its own stores; `make fuzz` does.
Half of the ids in paths and bodies are ones that exist, so that cases get past the door. Each
case of schemathesis is held against the document, and followed by four variations of it: bytes of
its body changed, cut, doubled, nested, NaN, surrogates; hostile ids, queries and headers.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import requests
import schemathesis
from rich.console import Console
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.store.embedded.stores import EmbeddedStores
from service.store.migrate import migrate
from tests.faults.fuzzed_service import FuzzedService, fuzzed_service

if TYPE_CHECKING:
    from schemathesis import Case

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MOST_GROWTH_BYTES = 20_000_000
SERVER_ERROR = 500
A_ROUND = 25  # cases of each operation and mode
_HOSTILE = (
    b"NaN", b"-Infinity", b"1e400", b'"\\ud800"', b'"\\u0000"', b"true", b"null", b"-1",
    b"1" + b"0" * 400, b"[" * 2_000, b'{"a":' * 2_000, b'"\xff\xfe"', b'"=cmd()"',
)  # fmt: skip


_TEXTS = (
    "%00", "%ff%fe", "..%2f..", "%F0%9F%98%80", "a" * 300, "-1", "1e400", "NaN", "null", "%27--",
    "%22", "%25", "%5C", "%E2%80%AE", "9" * 40, "true", "[]", "%7B%7D", "=cmd", "AAAA", "_w",
)  # fmt: skip
BEFORE_ANY_ROUTE = {414, 431}
LONGEST_URL = 60_000
VARIATIONS = 4


@schemathesis.serializer("application/x-ndjson", "text/csv", "text/tab-separated-values")
def _as_text(context: object, value: Any) -> bytes:
    assert context
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@dataclass
class Tally:
    """What came of the cases."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)  # one example of each kind

    def fail(self, kind: str, example: str) -> None:
        """Note a failure, with the first example of its kind."""
        self.failures.setdefault(kind, example)


class Fuzzer:
    """Sends cases to one service, with a key that may do everything in its store."""

    def __init__(self, service: FuzzedService, seed: int) -> None:
        self._service = service
        self._shop = service.shops[0]
        self._chance = random.Random(seed)  # noqa: S311 - the same cases for the same seed
        self._session = requests.Session()
        self._schema = schemathesis.openapi.from_url(f"{service.url}/openapi.json")
        self._seed = seed
        self.tally = Tally()

    def round(self, number: int, of_each: int) -> None:
        """So many new cases of each operation and mode."""
        for found in self._schema.get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr] # our document is sound
            for mode in MODES:
                self._run(operation, mode, self._seed * 10_000 + number, of_each)

    def _run(self, operation: Any, mode: GenerationMode, seed: int, most: int) -> None:
        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=most,
            deadline=None,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(case=operation.as_strategy(mode))
        def try_out(case: Case[Any]) -> None:
            self._send(case)

        with suppress(hypothesis.errors.Unsatisfiable):  # nothing can be wrong with no input
            try_out()

    def _send(self, case: Case[Any]) -> None:
        """The case, held against the document; then variations of it."""
        self._reach_deeper(case)
        response = case.call(session=self._session, headers=self._headers())
        self._count(case, response.status_code, response.text)
        if response.status_code not in BEFORE_ANY_ROUTE:
            self._hold_against_document(case, response)
        sent = case.as_transport_kwargs(base_url=self._service.url, headers=self._headers())
        names = ("method", "url", "headers", "params", "data", "json", "files", "cookies")
        request = requests.Request(**{name: sent[name] for name in names if name in sent})
        prepared = self._session.prepare_request(request)
        for _ in range(VARIATIONS):
            self._vary(case, prepared.copy())

    def _hold_against_document(self, case: Case[Any], response: Any) -> None:
        try:
            case.validate_response(response, checks=CHECKS)
        except* AssertionError as group:
            for failure in group.exceptions:
                kind = f"{case.method} {case.path} {type(failure).__name__}"
                self.tally.fail(kind, f"{case.as_curl_command()}\n{failure}")

    def _vary(self, case: Case[Any], request: requests.PreparedRequest) -> None:
        """The request with one thing about it changed that no client library would change."""
        chance, body = self._chance, request.body
        text = chance.choice(_TEXTS)
        if isinstance(body, str | bytes) and chance.random() < 0.7:
            raw = body.encode("utf-8", "replace") if isinstance(body, str) else body
            request.body = broken(raw, chance)
            request.headers["Content-Length"] = str(len(request.body))
        elif chance.random() < 0.5:
            path, _, query = str(request.url).partition("?")
            end = path.rpartition("/")[0] + "/" if "{" in case.path else path
            request.url = f"{end}{text if '{' in case.path else ''}?{query}&{text}=1&limit={text}"
        else:
            name = chance.choice(("If-Match", "Idempotency-Key", "Origin", "traceparent", "Range"))
            request.headers[name] = chance.choice(('"x"', "*", "9" * 300, "\xff\xfe", "null"))
        if len(str(request.url)) < LONGEST_URL:
            response = self._session.send(request, allow_redirects=False, timeout=30)
            self._count(case, response.status_code, response.text)

    def _count(self, case: Case[Any], status: int, text: str) -> None:
        self.tally.cases += 1
        self.tally.statuses[status] += 1
        if status >= SERVER_ERROR and "draining" not in text:
            self.tally.fail(f"{case.method} {case.path} {status}", case.as_curl_command())
        other = self._service.shops[1]
        if any(mark in text and mark not in str(case.body) for mark in other.marks):
            self.tally.fail(f"{case.method} {case.path} tells of another shop", text[:500])

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._shop.keys['admin']}"}

    def _reach_deeper(self, case: Case[Any]) -> None:
        ids = self._shop.ids
        for name in case.path_parameters or {}:
            if name in ids and self._chance.random() < 0.5:
                case.path_parameters[name] = ids[name]
        known = {**ids, "placement": ids["name"]}
        _replace_ids(case.body, known, self._chance)


def _replace_ids(node: Any, known: dict[str, str], chance: random.Random) -> None:
    """Half of the fields that name things are given things that there are."""
    if isinstance(node, list):
        for inner in node:
            _replace_ids(inner, known, chance)
    if isinstance(node, dict):
        for name, value in node.items():
            if name in known and name != "name" and chance.random() < 0.5:
                node[name] = known[name]
            else:
                _replace_ids(value, known, chance)


def broken(body: bytes, chance: random.Random) -> bytes:
    """`body` with one thing done to it that no encoder does."""
    place = chance.randrange(len(body) + 1)
    match chance.randrange(6):
        case 0:
            return body[:place] + bytes([chance.randrange(256)]) + body[place + 1 :]
        case 1:
            return body[:place]
        case 2:
            return body[:place] + body[place // 2 :]
        case 3:
            colon = body.find(b":", place)
            end = body.find(b",", colon)
            return body[: colon + 1] + chance.choice(_HOSTILE) + body[end:]
        case 4:
            return body.replace(b"{", b'{"a": 1, "a": 2, ', 1)
        case _:
            return chance.choice(_HOSTILE) + body


def run(
    service: FuzzedService, *, seed: int, cases: int, of_each: int = A_ROUND
) -> tuple[Tally, int]:
    """So many cases after a warm-up; returns what came of them, and the growth in bytes."""
    fuzzer = Fuzzer(service, seed)
    fuzzer.round(0, min(of_each, 5))  # caches fill, pools open
    before = service.resident_bytes()
    warm, started, number = fuzzer.tally.cases, time.monotonic(), 0
    console = Console(stderr=True)
    while fuzzer.tally.cases - warm < cases:
        number += 1
        fuzzer.round(number, of_each)
        done = fuzzer.tally.cases - warm
        console.print(
            f"{done} cases, {done / (time.monotonic() - started):.0f} a second,"
            f" {len(fuzzer.tally.failures)} kinds of failure,"
            f" {(service.resident_bytes() - before) / 1e6:+.1f} MB"
        )
    return fuzzer.tally, service.resident_bytes() - before


def main() -> int:
    """Start everything, fuzz it, say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=100_000)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended, too
    console = Console()
    with tempfile.TemporaryDirectory(prefix="salient-") as folder:
        stores = EmbeddedStores(Path(folder) / "stores", tied=True, durable=False)
        state = Path(folder) / "state"
        state.mkdir()
        with stores:
            urls = stores.urls
            migrate(urls.database_url)
            with fuzzed_service(urls.database_url, urls.redis_url, state) as service:
                tally, growth = run(service, seed=given.seed, cases=given.cases)
    console.print(f"{tally.cases} cases, {growth / 1e6:+.1f} MB resident after the warm-up")
    console.print(dict(sorted(tally.statuses.items())))
    for kind, example in tally.failures.items():
        console.print(f"\n{kind}\n{example}", markup=False)
    return 1 if tally.failures or growth > MOST_GROWTH_BYTES else 0


if __name__ == "__main__":
    sys.exit(main())
