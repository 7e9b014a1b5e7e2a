"""The floor of a request: each unavoidable piece done alone, by the plainest code that does it.

None of the service's code is timed here but the function that signs a token. CPU time is taken
(`process_time`), since that is what a request costs; a piece's figure is the median of many
batches. Pieces take turns over the bodies, shoppers and answers of many real requests.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import cycle, pairwise
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any, cast

import hiredis
import numpy as np
import onnxruntime as ort
import orjson
import uvloop
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

Feeds = dict[str, "np.ndarray[Any, Any]"]
_BATCHES = 30
_FEW, _SOME, _MANY = 5, 20, 200  # calls in a batch: about a millisecond or more of work each


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a request; `call` does it `times` over."""

    name: str
    call: Callable[[], object]
    times: int = 1
    batch: int = _MANY


def measure(piece: Piece, batches: int = _BATCHES) -> float:
    """Time a piece. Microseconds of CPU for one request's worth of it, median of batches."""
    taken = []
    for _ in range(batches):
        begun = time.process_time_ns()
        for _ in range(piece.batch):
            piece.call()
        taken.append((time.process_time_ns() - begun) / piece.batch)
    return median(taken) * piece.times / 1000


def measure_in_a_row(pieces: Sequence[Piece], requests: int = 300) -> float:
    """Time the pieces one after the other, once each, as a request must do them.

    Each finds the nearest caches full of what the one before needed. Microseconds of CPU.
    """
    begun = time.process_time_ns()
    for _ in range(requests):
        for piece in pieces:
            for _ in range(piece.times):
                piece.call()
    return (time.process_time_ns() - begun) / requests / 1000


class MinimalUser(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    id: Annotated[str, Field(max_length=128)] | None = None
    session: Annotated[str, Field(max_length=128)] | None = None
    consent: bool = False


class MinimalRequest(BaseModel):
    """What has to be checked of a request for ads."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    query: Annotated[str, Field(min_length=1, max_length=256)]
    placement: Annotated[str, Field(min_length=1, max_length=64)]
    slots: Annotated[int, Field(ge=1, le=50)]
    user: MinimalUser
    context: dict[str, str] = {}
    timeout_ms: Annotated[int, Field(ge=1, le=10_000)] = 100


def validation(bodies: Sequence[bytes]) -> Piece:
    """JSON text to a checked object."""
    adapter, turn = TypeAdapter(MinimalRequest), cycle(bodies)
    return Piece("validate_json of the body", lambda: adapter.validate_json(next(turn)))


def encoding(answers: Sequence[bytes]) -> Piece:
    """The answer's JSON."""
    turn = cycle([orjson.loads(answer) for answer in answers])
    return Piece("orjson of the answer", lambda: orjson.dumps(next(turn)))


def signing(sign: Callable[[], object], slots: int) -> Piece:
    """One token a slot: the one piece that is the service's own code."""
    return Piece(f"{slots} tokens", sign, times=slots)


def auction(ads: int, slots: int) -> Piece:
    """Generalised second price over rows that passed every filter."""
    rng = np.random.default_rng(5)
    bids = [int(bid) for bid in rng.integers(100_000, 2_000_000, ads)]
    qualities = [int(quality) for quality in rng.integers(5_000, 90_000, ads)]
    reserve = 50_000

    def sell() -> list[tuple[int, int]]:
        line = sorted(
            (
                (bid * quality, row)
                for row, (bid, quality) in enumerate(zip(bids, qualities, strict=True))
                if bid >= reserve
            ),
            reverse=True,
        )[: slots + 1]
        return [
            (row, max(reserve, -(-after[0] // qualities[row])))
            for (_, row), after in pairwise(line)
        ]

    return Piece(f"auction of {ads}", sell, batch=_SOME)


def session(graph: Path) -> ort.InferenceSession:
    """Open a graph for one thread that does not spin."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(
        str(graph), sess_options=options, providers=["CPUExecutionProvider"]
    )


def context_graph(
    folder: Path, name: str, contexts: Sequence[Mapping[str, Any]]
) -> tuple[Piece, list[Feeds]]:
    """The shopper-and-query side. Also returns what it gave, to feed the head."""
    graph = session(folder / "context.onnx")
    inputs = [given.name for given in graph.get_inputs()]
    names = [output.name for output in graph.get_outputs()]
    feeds = [
        {name: np.ascontiguousarray(tensors[name]) for name in inputs} for tensors in contexts
    ]
    gave = [dict(zip(names, graph.run(names, fed), strict=True)) for fed in feeds]
    turn = cycle(feeds)
    run = Piece(f"{name} context graph", lambda: graph.run(names, next(turn)), batch=_FEW)
    return run, cast("list[Feeds]", gave)


def head_graph(folder: Path, name: str, contexts: Sequence[Feeds], rows: int) -> Piece:
    """The head that joins one context with `rows` rows of made-up numbers."""
    graph = session(folder / "head.onnx")
    rng = np.random.default_rng(7)
    names = [output.name for output in graph.get_outputs()]
    feeds = [
        {
            given.name: context[given.name]
            if given.name in context
            else rng.random([rows, *_widths(given.shape)], dtype=np.float32)
            for given in graph.get_inputs()
        }
        for context in contexts
    ]
    turn = cycle(feeds)
    return Piece(f"{name} head on {rows} rows", lambda: graph.run(names, next(turn)), batch=_FEW)


def _widths(shape: list[int | str]) -> list[int]:
    return [int(width) for width in shape[1:]]


class _ProfileReader(asyncio.Protocol):
    """As little as can read values by GET: one write for all, one future each."""

    def __init__(self) -> None:
        self.reader = hiredis.Reader()
        self.waiting: list[asyncio.Future[bytes]] = []
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.reader.feed(data)
        while (value := self.reader.gets()) is not False:
            self.waiting.pop(0).set_result(value)

    async def get(self, commands: list[bytes]) -> list[bytes]:
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in commands]
        self.waiting.extend(futures)
        assert self.transport is not None
        self.transport.write(b"".join(commands))
        return [await future for future in futures]


def profile_read_us(socket_path: str, keys: list[bytes], database: int = 0) -> float:
    """Read profiles, `len(keys)` in flight. Microseconds of our CPU for one, median of batches."""
    commands = [b"*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n" % (len(key), key) for key in keys]

    async def run() -> float:
        loop = asyncio.get_running_loop()
        transport, reader = await loop.create_unix_connection(_ProfileReader, socket_path)
        await reader.get([b"SELECT %d\r\n" % database])
        if any(value is None for value in await reader.get(commands)):
            raise LookupError("the store holds no profile of a shopper of this run")
        taken = []
        for _ in range(_BATCHES):
            begun = time.process_time_ns()
            for _ in range(_SOME):
                await reader.get(commands)
            taken.append((time.process_time_ns() - begun) / (_SOME * len(commands)))
        transport.close()
        return median(taken) / 1000

    return uvloop.run(run())
