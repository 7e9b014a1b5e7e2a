"""What runs beside requests ends with them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from service.main import _start


async def test_work_that_loses_a_cancellation_is_told_again() -> None:
    lost, ended = 0, False

    async def work() -> None:
        nonlocal lost, ended
        while not ended:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                ended = lost == 2
                lost += 1

    async with asyncio.timeout(5), AsyncExitStack() as stack:
        _start(work(), stack)
        await asyncio.sleep(0)
    assert (lost, ended) == (3, True)


async def test_work_that_failed_says_so() -> None:
    async def work() -> None:
        raise RuntimeError("broken")

    stack = AsyncExitStack()
    _start(work(), stack)
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="broken"):
        await stack.aclose()
