"""The API in process, with a shop of three ads and fakes around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import httpx
import pytest

from tests.unit.api.shop import Log, Profiles, make_app, make_state

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from service.api.state import State

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36"


@pytest.fixture
def state() -> State:
    return make_state()


@pytest.fixture
def log(state: State) -> Log:
    return cast("Log", state.log)


@pytest.fixture
def profiles(state: State) -> Profiles:
    return cast("Profiles", state.profiles)


@pytest.fixture
async def client(state: State) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with the first shop's secret key."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=make_app(state)),
        base_url="https://ads.example",
        headers={"authorization": "Bearer sk_a", "user-agent": BROWSER},
    ) as opened:
        yield opened
