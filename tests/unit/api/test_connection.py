"""What is written in one turn of the loop leaves together."""

from __future__ import annotations

import asyncio
from typing import cast

from service.api.connection import KEPT_LIMIT, _Together


class Wire:
    """A transport that remembers what was sent, write by write."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.sent.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def together(wire: Wire) -> _Together:
    return _Together(cast("asyncio.Transport", wire), asyncio.get_running_loop())


async def test_head_and_body_leave_in_one_write_at_the_end_of_the_turn() -> None:
    wire = Wire()
    transport = together(wire)
    transport.write(b"head ")
    transport.write(b"body")
    assert wire.sent == []
    await asyncio.sleep(0)
    assert wire.sent == [b"head body"]
    transport.write(b"next")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert wire.sent == [b"head body", b"next"]


async def test_what_is_kept_is_sent_before_closing() -> None:
    wire = Wire()
    transport = together(wire)
    transport.write(b"last words")
    transport.close()
    assert (wire.sent, transport.is_closing()) == ([b"last words"], True)
    await asyncio.sleep(0)
    assert wire.sent == [b"last words"]


async def test_what_is_long_does_not_pile_up() -> None:
    wire = Wire()
    transport = together(wire)
    chunk = b"x" * (KEPT_LIMIT // 2)
    for _ in range(7):
        transport.write(chunk)
    assert [len(sent) for sent in wire.sent] == [3 * len(chunk)] * 2
    await asyncio.sleep(0)
    assert sum(map(len, wire.sent)) == 7 * len(chunk)
