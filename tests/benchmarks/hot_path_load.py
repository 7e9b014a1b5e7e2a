"""A load generator that costs little itself: blocking-free sockets and one `select` a turn.

It runs in a process of its own, so that the server keeps a core to itself: a plan in JSON comes in
on standard input, what was seen goes out on standard output. `select` is used because it waits in
microseconds; event loops round their timers up to a millisecond, which is as long as an answer.
"""

from __future__ import annotations

import json
import os
import random
import select
import socket
import sys
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send: `rate` requests a second by a Poisson clock, or as fast as answers come."""

    port: int
    requests: Path  # one JSON string a line: a whole HTTP request
    connections: int
    seconds: float
    server_pid: int
    rate: float | None = None
    warmup_seconds: float = 0.5
    seed: int = 0
    keep: int = 0  # how many whole answers to hand back


@dataclass(slots=True)
class Seen:
    """What came back. Latencies count from the moment a request was due, not from its sending."""

    answered: int = 0
    seconds: float = 0.0
    server_cpu_seconds: float = 0.0
    client_cpu_seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    latencies_us: list[int] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)


def cpu_seconds(pid: int) -> float:
    """Read how long a process has computed so far, user and system, all its threads."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


class Connection:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self._buffer = b""

    def fileno(self) -> int:
        return self.socket.fileno()

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self.socket.sendall(request)

    def receive(self) -> tuple[bytes, bytes] | None:
        """Take what has arrived: status and body once the answer is whole, else None."""
        piece = self.socket.recv(262_144)
        if not piece:
            raise ConnectionError("the server closed a connection under load")
        self._buffer += piece
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return None
        head = self._buffer[:end].lower()
        at = head.find(_LENGTH)
        length = int(head[at + len(_LENGTH) :].split(b"\r", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + len(_HEAD_END) + length:
            return None
        body, self._buffer = self._buffer[end + len(_HEAD_END) :], b""
        return head[9:12], body


class Generator:
    """Drives the connections through one warm-up and one measured window."""

    def __init__(self, plan: Plan, requests: list[bytes]) -> None:
        self.plan = plan
        self.seen = Seen()
        self._random = random.Random(plan.seed)  # noqa: S311 - a schedule, not a secret
        self._requests = requests
        self._next = self._random.randrange(len(requests))
        self._connections = [Connection(plan.port) for _ in range(plan.connections)]
        self._statuses: Counter[str] = Counter()
        self._measuring = False

    def run(self) -> Seen:
        drive = self._closed if self.plan.rate is None else self._open
        drive(self.plan.warmup_seconds)
        self._measuring = True
        cpu, own, begun = cpu_seconds(self.plan.server_pid), time.process_time(), time.monotonic()
        drive(self.plan.seconds)
        self.seen.seconds = time.monotonic() - begun
        self.seen.server_cpu_seconds = cpu_seconds(self.plan.server_pid) - cpu
        self.seen.client_cpu_seconds = time.process_time() - own
        self.seen.statuses = dict(self._statuses)
        return self.seen

    def _closed(self, seconds: float) -> None:
        """Every connection asks again as soon as it has its answer."""
        now = time.monotonic()
        until = now + seconds
        for connection in self._connections:
            connection.send(self._request(), now)
        busy = set(self._connections)
        while busy:
            for connection in _readable(busy, _PATIENCE_SECONDS):
                if self._take(connection):
                    now = time.monotonic()
                    if now < until:
                        connection.send(self._request(), now)
                    else:
                        busy.discard(connection)

    def _open(self, seconds: float) -> None:
        """Requests are due by a Poisson clock, whether or not earlier ones were answered."""
        due = time.monotonic()
        until = due + seconds
        idle, busy, waiting = deque(self._connections), set[Connection](), deque[float]()
        due += self._gap()
        while due < until or waiting or busy:
            now = time.monotonic()
            while due <= now and due < until:
                waiting.append(due)
                due += self._gap()
            while waiting and idle:
                connection = idle.popleft()
                connection.send(self._request(), waiting.popleft())
                busy.add(connection)
            pause = max(0.0, due - time.monotonic()) if due < until else _PATIENCE_SECONDS
            for connection in _readable(busy, pause, strict=due >= until):
                if self._take(connection):
                    busy.discard(connection)
                    idle.append(connection)

    def _take(self, connection: Connection) -> bool:
        answer = connection.receive()
        if answer is None:
            return False
        if self._measuring:
            self.seen.answered += 1
            self.seen.latencies_us.append(round((time.monotonic() - connection.due) * 1e6))
            self._statuses[answer[0].decode("ascii")] += 1
            if len(self.seen.answers) < self.plan.keep:
                self.seen.answers.append(answer[1].decode("utf-8"))
        return True

    def _request(self) -> bytes:
        self._next = (self._next + 1) % len(self._requests)
        return self._requests[self._next]

    def _gap(self) -> float:
        return self._random.expovariate(self.plan.rate or 1.0)


def _readable(
    connections: set[Connection], seconds: float, *, strict: bool = True
) -> list[Connection]:
    ready, _, _ = select.select(connections, [], [], seconds)
    if strict and not ready:
        raise TimeoutError(f"no answer within {seconds:.0f} s")
    return ready


def main() -> None:
    """Read a plan, carry it out, write what was seen."""
    given = json.load(sys.stdin)
    plan = Plan(**{**given, "requests": Path(given["requests"])})
    lines = plan.requests.read_text(encoding="utf-8").splitlines()
    seen = Generator(plan, [json.loads(line).encode("utf-8") for line in lines]).run()
    json.dump(asdict(seen), sys.stdout)


if __name__ == "__main__":
    main()
